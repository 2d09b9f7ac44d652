"""Where orders stand: loaded with their rows and parts, and saved as far as it has changed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from order_intake import store
from order_intake.domain import Order, Row
from shared.postgres import Transaction


async def with_rows(tx: Transaction, orders: Mapping[UUID, Order]) -> dict[UUID, Order]:
    """The orders with their rows and parts. They must be locked if they are to be saved."""
    rows = await store.rows_of(tx, orders.keys(), await store.parts_of(tx, orders.keys()))
    return {order_id: replace(order, rows=rows[order_id]) for order_id, order in orders.items()}


async def shown_rows(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, dict[str, Row]]:
    """The rows of orders as they are shown: with their parts, what was sent of them before, and what comes back."""
    rows = await store.rows_of(tx, ids, await store.parts_of(tx, ids))
    for (order_id, row_id), shipments in (await store.sent_before(tx, ids)).items():
        if row_id in rows[order_id]:
            rows[order_id][row_id] = replace(rows[order_id][row_id], sent_before=shipments)
    for (order_id, row_id), returns in (await store.returns_of(tx, ids)).items():
        if row_id in rows[order_id]:
            rows[order_id][row_id] = replace(rows[order_id][row_id], returns=returns)
    return rows


async def save(tx: Transaction, before: Iterable[Order], after: Mapping[UUID, Order]) -> None:
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
