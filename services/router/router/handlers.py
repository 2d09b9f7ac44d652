"""What the router does when something is said: keep copies, ask inventory, make shipments, and take them back."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import structlog

from router import asking, changing, deciding, domain, forgetting, rerouting, retrying, store
from router.domain import Route
from router.settings import Settings
from shared import outbox
from shared.contracts import (
    BalanceChanged,
    CatalogueChanged,
    OrderAllocated,
    OrderAmended,
    OrderFilled,
    OrderForgotten,
    OrderPlaced,
    OrganisationChanged,
    PromiseWithdrawn,
    ShipmentChanged,
)
from shared.inbox import Unprocessable
from shared.postgres import Transaction
from shared.subscriptions import Subscriptions

log = structlog.get_logger()

subscriptions = Subscriptions()

Snapshot = TypeVar("Snapshot", OrganisationChanged, CatalogueChanged, BalanceChanged)


@subscriptions.on(OrganisationChanged)
async def keep_organisations(events: Sequence[OrganisationChanged], tx: Transaction) -> None:
    """Keep organisations as they are now; an order may name its supplier by name."""
    await store.save_organisations(tx, _newest(events))


@subscriptions.on(CatalogueChanged)
async def keep_catalogues(events: Sequence[CatalogueChanged], tx: Transaction) -> None:
    """Keep catalogues as they are now; orders may have waited for one."""
    await store.save_catalogues(tx, _newest(events))
    await retrying.note_catalogues(tx, events)
    await asking.ask_again(tx, await store.postponed_routes(tx, {event.retailer_id for event in events}))


@subscriptions.on(BalanceChanged)
async def keep_balances(events: Sequence[BalanceChanged], tx: Transaction) -> None:
    """Keep which products are in which catalogues now; orders may have waited for one."""
    await store.save_balances(tx, _newest(events))
    await retrying.note_balances(tx, events)
    await asking.ask_again(tx, await store.postponed_routes(tx, {event.retailer_id for event in events}))


@subscriptions.on(OrderPlaced)
async def route_orders(orders: Sequence[OrderPlaced], tx: Transaction, settings: Settings) -> None:
    """Rank the candidates of new orders and ask inventory; of orders known already, ask or tell again the same.

    An order for a product nobody was heard to have is postponed a little: topics overtake one another. What an order
    takes the place of is closed first. What was said of it before it came counts from the beginning.
    """
    placed = {order.order_id: order for order in orders}
    replaced = {order.replaces: order.order_id for order in orders if order.replaces is not None}
    await (store.have_placing_alone(tx) if replaced else store.share_placing(tx))
    known = await store.routes_of(tx, placed.keys())
    new = [order for order_id, order in placed.items() if order_id not in known]
    now = await tx.now()
    replacements = domain.merged(domain.replacement(order_id, by, now) for order_id, by in replaced.items())
    amended = domain.merged(
        [
            *(await store.take_amendments(tx, [order.order_id for order in new])).values(),
            *(replacements[order.order_id] for order in new if order.order_id in replacements),
        ]
    )
    grace = now + timedelta(seconds=settings.grace_seconds) if settings.grace_seconds else None
    routes = []
    for order, plan in await asking.plans(tx, new):
        said = amended.get(order.order_id)
        route = Route(order, plan, round=1, held=order.held)
        route = route if said is None else domain.amend(route, said)
        waits = route.cancelled is None and domain.lacks_news(plan)
        routes.append(replace(route, postponed_until=grace if waits else None))
    saved = await store.save_routes(tx, routes, now)
    fresh = [route for route in routes if route.order.order_id in saved]
    asked = [
        *(route for route in fresh if _needs_inventory(route)),
        *(route for route in known.values() if route.record is None),
    ]
    decided = [order_id for order_id, route in known.items() if route.record is not None]
    pending = await store.asks_of(tx, decided) if decided else []
    await changing.lock(tx, replaced.keys())
    # Said before anything is closed: what the old order held goes to the new one rather than back to the shelf.
    await outbox.put(
        tx,
        *await asking.requests(tx, [route for route in asked if route.postponed_until is None]),
        *(ask.request for ask in pending),
        *(domain.order_routed(route) for route in known.values() if route.record is not None),
    )
    others = {order_id: said for order_id, said in replacements.items() if order_id not in amended}
    await changing.keep_unknown(tx, await changing.amend_known(tx, settings, others))
    await deciding.decide_unasked(tx, settings, [route for route in fresh if not _needs_inventory(route)])


@subscriptions.on(OrderAmended)
async def amend_orders(events: Sequence[OrderAmended], tx: Transaction, settings: Settings) -> None:
    """Cancel, release or redirect orders; what is said of an order that has not come yet is kept until it comes."""
    amendments = domain.merged(domain.amendment(event) for event in events)
    known = await store.routes_of(tx, amendments.keys())
    if known.keys() != amendments.keys():
        await store.have_placing_alone(tx)
    await changing.keep_unknown(tx, await changing.amend_known(tx, settings, amendments))


@subscriptions.on(OrderAllocated)
async def ship_orders(allocated: Sequence[OrderAllocated], tx: Transaction, settings: Settings) -> None:
    """Make one shipment for each catalogue that serves an order, and keep why. An answer not awaited is dropped."""
    routes = await store.routes_for_update(tx, {answer.order_id for answer in allocated})
    answers = {}
    later = []
    for answer in allocated:
        route = routes.get(answer.order_id)
        if route is not None and route.record is not None and route.record.round < answer.round:
            later.append(answer)
        elif route is None or route.record is not None or route.round != answer.round:
            log.info("allocation not awaited", order_id=str(answer.order_id), round=answer.round)
        else:
            misfit = domain.misfit(route, answer)
            if misfit is not None:
                raise Unprocessable(misfit)
            answers[answer.order_id] = (route, answer)
    await deciding.decide(tx, settings, list(answers.values()))
    if later:
        await rerouting.answer(tx, settings, routes, later)
    early = {answer.order_id for answer in allocated if answer.order_id in routes and routes[answer.order_id].early}
    if early:
        await rerouting.catch_up(tx, settings, early)
    await asking.freshen_stock(tx, list(answers.values()))


@subscriptions.on(OrderFilled)
async def ship_filled(filled: Sequence[OrderFilled], tx: Transaction, settings: Settings) -> None:
    """Make shipments of what has come for rows that waited; what does not wait any more is let go of."""
    early = await rerouting.fill(tx, settings, filled)
    if early:
        await rerouting.catch_up(tx, settings, early)


@subscriptions.on(PromiseWithdrawn)
async def move_promises(withdrawn: Sequence[PromiseWithdrawn], tx: Transaction, settings: Settings) -> None:
    """Shrink the shipments of catalogues that have less than they promised, and ask others for it."""
    await rerouting.withdraw(tx, settings, withdrawn)


@subscriptions.on(ShipmentChanged)
async def reroute_shipments(changed: Sequence[ShipmentChanged], tx: Transaction, settings: Settings) -> None:
    """Ask others for what suppliers have declined, or left unopened, or not delivered. Most shipments lack nothing."""
    lacking = {one.order_id for one in changed if _lacks(one)}
    if lacking:
        await rerouting.reconcile(tx, settings, lacking)


@subscriptions.on(OrderForgotten)
async def forget_orders(events: Sequence[OrderForgotten], tx: Transaction) -> None:
    """Delete what is kept of orders that ended long ago."""
    await forgetting.forget(tx, events)


def _lacks(shipment: ShipmentChanged) -> bool:
    """Whether less comes from a shipment than was to."""
    return shipment.shrunk or (shipment.closed and any(row.delivered < row.quantity for row in shipment.rows))


def _needs_inventory(route: Route) -> bool:
    """Whether an order asks for goods, and is wanted still."""
    return bool(route.plan.rows) and route.cancelled is None


def _newest(events: Iterable[Snapshot]) -> Iterable[Snapshot]:
    """The newest snapshot of each thing in a batch."""
    newest: dict[str, Snapshot] = {}
    for event in events:
        if event.key not in newest or newest[event.key].version < event.version:
            newest[event.key] = event
    return newest.values()
