"""What the notifier does with what it hears: it keeps contacts, announces shipments to their suppliers, reminds them,
tells all parties in their feeds what happened, and forgets what is over.

Of a transaction the feed is the last: it stays locked until the commit.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

import structlog

from notifier import choosing, domain, planning, store, subjects
from notifier.domain import Kind
from notifier.feed import store as feed
from notifier.feed import telling
from notifier.feed.heard import OrderAltered, OrderTaken
from notifier.settings import Settings
from shared.contracts import (
    OrderForgotten,
    OrderRouted,
    OrganisationChanged,
    PromiseWithdrawn,
    ReturnChanged,
    ShipmentChanged,
    ShipmentCreated,
    ShipmentReminded,
)
from shared.postgres import Transaction
from shared.subscriptions import Subscriptions

log = structlog.get_logger()

subscriptions = Subscriptions()


@subscriptions.on(OrganisationChanged)
async def keep_contacts(changes: Sequence[OrganisationChanged], tx: Transaction) -> None:
    """Keep whom to write to. An e-mail address in an organisation's record asks for mail about new shipments."""
    newest: dict[str, OrganisationChanged] = {}
    for change in sorted(changes, key=lambda change: change.version):
        newest[change.business_id] = change.model_copy(
            update={"email": _deliverable(change), "language": domain.language_of(change.language)}
        )
    await store.save_contacts(tx, newest.values())
    contacts = await store.contacts_to_rely_on(tx, newest)
    await store.settle_waiting(tx, choosing.wishes(contacts))


@subscriptions.on(ShipmentCreated)
async def announce_shipments(shipments: Sequence[ShipmentCreated], tx: Transaction, settings: Settings) -> None:
    """One mail for each new shipment, to its supplier: at once, when the supplier is known, or never if not wanted."""
    await planning.tell(tx, _to_suppliers(domain.NEW_SHIPMENT, shipments), settings.message_ids)
    await feed.save_events(tx, chain.from_iterable(map(telling.shipment_created, shipments)))


@subscriptions.on(ShipmentReminded)
async def remind_suppliers(reminders: Sequence[ShipmentReminded], tx: Transaction, settings: Settings) -> None:
    """One mail more for each shipment that was not opened in half of its time, to those who want mail at all."""
    await planning.tell(tx, _to_suppliers(domain.REMINDER, reminders), settings.message_ids)
    await feed.save_events(tx, chain.from_iterable(map(telling.shipment_reminded, reminders)))


@subscriptions.on(OrderTaken)
async def tell_of_orders(orders: Sequence[OrderTaken], tx: Transaction) -> None:
    """Tell retailers that their orders are in the book."""
    await feed.save_events(tx, chain.from_iterable(map(telling.order_taken, orders)))


@subscriptions.on(OrderAltered)
async def tell_of_changes(changes: Sequence[OrderAltered], tx: Transaction) -> None:
    """Tell retailers that their orders were changed or cancelled."""
    await feed.save_events(tx, chain.from_iterable(map(telling.order_altered, changes)))


@subscriptions.on(OrderRouted)
async def tell_of_routes(routed: Sequence[OrderRouted], tx: Transaction, settings: Settings) -> None:
    """Tell retailers where the rows of their orders went; those who asked for it by mail of what went nowhere."""
    await planning.tell_who_asked(tx, subjects.unroutable(routed), settings.message_ids)
    await feed.save_events(tx, chain.from_iterable(map(telling.order_routed, routed)))


@subscriptions.on(ShipmentChanged)
async def tell_of_shipments(changes: Sequence[ShipmentChanged], tx: Transaction, settings: Settings) -> None:
    """Tell both sides how shipments went on; suppliers who want it by mail of what is cancelled, and of papers.

    What waits to be told of them by mail and is so no more is not told.
    """
    cancelled = list(subjects.cancelled(changes))
    await planning.tell_who_asked(tx, chain(cancelled, subjects.coded(changes)), settings.message_ids)
    await planning.announce_no_more(tx, cancelled, settings.message_ids)
    # Contacts are locked before mails that wait, here as by whoever changes them.
    await store.drop_overtaken(tx, list(subjects.overtaken(changes)))
    await feed.save_events(tx, chain.from_iterable(map(telling.shipment_changed, changes)))


@subscriptions.on(PromiseWithdrawn)
async def tell_of_corrections(withdrawn: Sequence[PromiseWithdrawn], tx: Transaction, settings: Settings) -> None:
    """Tell both sides that there is less than was promised, and those who asked for it by mail as well."""
    await planning.tell_who_asked(tx, subjects.stock_corrected(withdrawn), settings.message_ids)
    await feed.save_events(tx, chain.from_iterable(map(telling.stock_corrected, withdrawn)))


@subscriptions.on(ReturnChanged)
async def tell_of_returns(changes: Sequence[ReturnChanged], tx: Transaction, settings: Settings) -> None:
    """Tell both sides what comes back, and what came; those who asked for it by mail of what the other side did."""
    await planning.tell_who_asked(tx, subjects.returned(changes), settings.message_ids)
    await feed.save_events(tx, chain.from_iterable(map(telling.return_changed, changes)))


@subscriptions.on(OrderForgotten)
async def forget_mails(events: Sequence[OrderForgotten], tx: Transaction) -> None:
    """Delete the mails about orders that ended long ago."""
    await store.forget_mails(tx, [event.order_id for event in events])


def _to_suppliers(kind: Kind, news: Iterable[ShipmentCreated | ShipmentReminded]) -> Iterable[planning.News]:
    return (
        planning.News(
            kind=kind,
            about=shipment.shipment_id,
            recipient_id=shipment.supplier_id,
            content=shipment.model_dump_json(exclude_defaults=True).encode(),
            order_id=shipment.order_id,
            retailer_id=shipment.retailer_id,
            order_external_id=shipment.order_external_id,
        )
        for shipment in news
    )


def _deliverable(change: OrganisationChanged) -> str | None:
    if change.email is None or domain.is_address(change.email):
        return change.email
    log.warning("organisation has an address no mail can be sent to", organisation=change.business_id)
    return None
