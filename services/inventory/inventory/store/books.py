"""The books, read by the auditor: what does not add up, what was promised, and what was answered."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from shared.contracts import OrderAllocated
from shared.postgres import Record, Transaction

AnyEntry = TypeVar("AnyEntry")


@dataclass(frozen=True)
class Discrepancy:
    """A balance whose numbers are not those that its promises and holds give. The equations stand in the migrations."""

    balance_id: int
    retailer_id: str
    catalogue_id: str
    product_id: str
    quantity: Decimal
    expected_quantity: Decimal
    allocated: Decimal
    expected_allocated: Decimal
    held: Decimal
    expected_held: Decimal


@dataclass(frozen=True)
class Promised:
    """What a row of an order was promised in a lot from a product's balance in a catalogue, and what became of it."""

    order_id: UUID
    row_id: str
    retailer_id: str
    catalogue_id: str
    product_id: str
    quantity: Decimal
    delivered: Decimal
    returned: Decimal
    lot: int


@dataclass(frozen=True)
class WaitingRow:
    """What a row of an order still waits for, of one round of asking, and at which product's balance."""

    order_id: UUID
    row_id: str
    lot: int
    retailer_id: str
    catalogue_id: str
    product_id: str
    quantity: Decimal


def _read(kind: type[AnyEntry], row: Record) -> AnyEntry:
    values: dict[str, Any] = {column.name: row[column.name] for column in fields(kind)}  # type: ignore[arg-type]
    return kind(**values)


async def books(tx: Transaction) -> list[Discrepancy]:
    """Every balance that does not add up."""
    rows = await tx.fetch(
        "SELECT * FROM (SELECT id AS balance_id, retailer_id, catalogue_id, product_id, quantity, allocated,"
        " supplied - coalesce(promises.gone, 0) - coalesce(forgotten_takings.gone, 0) AS expected_quantity,"
        " coalesce(open, 0) AS expected_allocated,"
        " held, coalesce(kept, 0) AS expected_held FROM balances"
        " LEFT JOIN (SELECT balance_id, sum(quantity - returned) AS gone, sum(quantity - delivered - returned) AS open"
        " FROM allocations WHERE counted GROUP BY balance_id) AS promises ON promises.balance_id = balances.id"
        " LEFT JOIN forgotten_takings ON forgotten_takings.balance_id = balances.id"
        " LEFT JOIN (SELECT balance_id, sum(quantity) AS kept FROM hold_lines GROUP BY balance_id) AS lines"
        " ON lines.balance_id = balances.id) AS book"
        " WHERE quantity <> expected_quantity OR allocated <> expected_allocated OR held <> expected_held"
        " ORDER BY balance_id"
    )
    return [_read(Discrepancy, row) for row in rows]


async def ids_between(tx: Transaction, after: UUID, until: UUID) -> set[UUID]:
    """The ids of the orders after an id and up to another that were answered, or that hold stock."""
    rows = await tx.fetch(
        "SELECT order_id FROM settlements WHERE order_id > $1 AND order_id <= $2"
        " UNION SELECT order_id FROM allocations WHERE order_id > $1 AND order_id <= $2"
        " UNION SELECT order_id FROM waiting WHERE order_id > $1 AND order_id <= $2",
        after,
        until,
    )
    return {row["order_id"] for row in rows}


async def promised(tx: Transaction, order_ids: Collection[UUID] | None = None) -> list[Promised]:
    """Every promise to these orders, or to all."""
    rows = await tx.fetch(
        "SELECT a.order_id, a.row_id, b.retailer_id, b.catalogue_id, b.product_id, trim_scale(a.quantity) AS quantity,"
        " trim_scale(a.delivered) AS delivered, trim_scale(a.returned) AS returned, a.lot"
        " FROM allocations a JOIN balances b ON b.id = a.balance_id WHERE ($1::uuid[] IS NULL OR a.order_id = ANY($1))"
        " ORDER BY a.order_id, a.row_id, b.id, a.lot",
        None if order_ids is None else list(order_ids),
    )
    return [_read(Promised, row) for row in rows]


async def waiting_rows(tx: Transaction, order_ids: Collection[UUID] | None = None) -> list[WaitingRow]:
    """All that waits of these orders, or of all, in the order in which it is served."""
    rows = await tx.fetch(
        "SELECT w.order_id, w.row_id, w.lot, w.retailer_id, b.catalogue_id, b.product_id,"
        " trim_scale(w.open) AS quantity"
        " FROM waiting w JOIN balances b ON b.id = w.balance_id WHERE ($1::uuid[] IS NULL OR w.order_id = ANY($1))"
        " ORDER BY w.placed_at, w.order_id, w.place, w.lot",
        None if order_ids is None else list(order_ids),
    )
    return [_read(WaitingRow, row) for row in rows]


async def settled_orders(tx: Transaction, order_ids: Collection[UUID] | None = None) -> list[OrderAllocated]:
    """Every answer that was given to these orders, or to all."""
    rows = await tx.fetch(
        "SELECT answer FROM settlements WHERE ($1::uuid[] IS NULL OR order_id = ANY($1)) ORDER BY order_id, round",
        None if order_ids is None else list(order_ids),
    )
    return [OrderAllocated.model_validate_json(row["answer"]) for row in rows]
