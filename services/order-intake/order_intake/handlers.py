"""What the order book hears of its orders: where they were routed, and how their shipments go on."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from order_intake import domain, store
from order_intake.domain import Order
from shared.contracts import OrderRouted, ShipmentChanged
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
    await _save(tx, before.values(), after)


@subscriptions.on(ShipmentChanged)
async def follow_shipments(changes: Sequence[ShipmentChanged], tx: Transaction) -> None:
    """Move the rows of orders on with their shipments."""
    before = await _load(tx, {told.order_id for told in changes})
    after = dict(before)
    for told in changes:
        after[told.order_id] = domain.with_shipment(after[told.order_id], told)
    await _save(tx, before.values(), after)


async def _load(tx: Transaction, ids: set[UUID]) -> dict[UUID, Order]:
    """The orders, locked, with rows and parts. An order is in the book before anyone hears of it, so none may lack."""
    orders = await store.orders_for_update(tx, ids)
    if lacking := ids - orders.keys():
        raise Unprocessable(f"the order book has no order {min(lacking)}")
    rows = await store.rows_of(tx, ids, await store.parts_of(tx, ids))
    return {order_id: replace(order, rows=rows[order_id]) for order_id, order in orders.items()}


async def _save(tx: Transaction, before: Iterable[Order], after: dict[UUID, Order]) -> None:
    """Save what differs."""
    changed = [(was, after[was.id]) for was in before if after[was.id] != was]
    rows = [
        (now, row, was.rows[row.external_id])
        for was, now in changed
        for row in now.rows.values()
        if row != was.rows[row.external_id]
    ]
    parts = [
        (order, row, part)
        for order, row, was in rows
        for part in row.parts.values()
        if part != was.parts.get(part.shipment_id)
    ]
    if parts:
        await store.save_parts(tx, parts)
    if rows:
        await store.save_rows(tx, [(order, row) for order, row, _ in rows])
    if changed:
        await store.save_orders(tx, [order for _, order in changed])
