"""What the order book hears: where its orders were routed, how their shipments go on, what comes back, what
catalogues have."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from order_intake import domain, standing, store
from order_intake.domain import Order
from shared.contracts import BalanceChanged, OrderRouted, ReturnChanged, ShipmentChanged
from shared.inbox import Unprocessable
from shared.postgres import Transaction
from shared.subscriptions import Subscriptions

subscriptions = Subscriptions()


@subscriptions.on(OrderRouted)
async def show_routes(routed: Sequence[OrderRouted], tx: Transaction) -> None:
    """Show where the rows of orders went."""
    before = await _load(tx, {told.order_id for told in routed})
    after = dict(before)
    for told in routed:
        after[told.order_id] = domain.with_routing(after[told.order_id], told)
    await standing.save(tx, before.values(), after)


@subscriptions.on(ShipmentChanged)
async def follow_shipments(changes: Sequence[ShipmentChanged], tx: Transaction) -> None:
    """Move the rows of orders on with their shipments."""
    before = await _load(tx, {told.order_id for told in changes})
    after = dict(before)
    for told in changes:
        after[told.order_id] = domain.with_shipment(after[told.order_id], told)
    await standing.save(tx, before.values(), after)


@subscriptions.on(ReturnChanged)
async def show_returns(changes: Sequence[ReturnChanged], tx: Transaction) -> None:
    """Show what comes back of orders, also of those in whose place another one is."""
    newest = {told.return_id: told for told in sorted(changes, key=lambda told: told.version)}
    ids = {told.order_id for told in newest.values()}
    current = await store.current_orders(tx, ids)
    orders = await store.orders_for_update(tx, {*ids, *current})
    _all_in_the_book(ids, orders)
    changed = await store.save_returns(tx, list(newest.values()))
    if changed:
        await store.touch_orders(tx, {*changed, *await store.current_orders(tx, changed)})


@subscriptions.on(BalanceChanged)
async def keep_products(events: Sequence[BalanceChanged], tx: Transaction) -> None:
    """Keep what retailers' catalogues have, for looking over the orders to come."""
    newest: dict[tuple[str, str, str], BalanceChanged] = {}
    for event in sorted(events, key=lambda event: event.version):
        newest[event.retailer_id, event.catalogue_id, event.product_id] = event
    await store.save_products(tx, list(newest.values()))


async def _load(tx: Transaction, ids: set[UUID]) -> dict[UUID, Order]:
    """The orders, locked, with rows and parts. An order is in the book before anyone hears of it, so none may lack."""
    orders = await store.orders_for_update(tx, ids)
    _all_in_the_book(ids, orders)
    return await standing.with_rows(tx, orders)


def _all_in_the_book(ids: Collection[UUID], orders: Mapping[UUID, Order]) -> None:
    if lacking := set(ids) - orders.keys():
        raise Unprocessable(f"the order book has no order {min(lacking)}")
