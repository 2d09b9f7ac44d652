"""What comes back of orders, as the router says it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from order_intake.domain import Returned
from shared import postgres
from shared.contracts import ReturnChanged
from shared.postgres import Transaction


@dataclass(frozen=True)
class ReturnBook:
    """What of a row comes back with a return, as the auditor compares it with what the router says."""

    order_id: UUID
    row_external_id: str
    return_id: UUID
    shipment_id: UUID
    status: str
    quantity: Decimal
    received: Decimal


async def current_orders(tx: Transaction, ids: Collection[UUID]) -> list[UUID]:
    """The orders that have the numbers of these orders now: these themselves, or what took their places."""
    rows = await tx.fetch(
        "SELECT DISTINCT now.id FROM orders told JOIN orders now"
        " ON now.retailer_id = told.retailer_id AND now.external_id = told.external_id AND now.current"
        " WHERE told.id = ANY($1::uuid[])",
        list(ids),
    )
    return [row["id"] for row in rows]


async def save_returns(tx: Transaction, told: Sequence[ReturnChanged]) -> set[UUID]:
    """Save what is told of returns, as far as nothing newer is known; the orders of which something was news.

    A row that is served with several products is one here.
    """
    sums: dict[tuple[UUID, str], tuple[ReturnChanged, Decimal, Decimal]] = {}
    for one in told:
        for row in one.rows:
            key = (one.return_id, row.external_id)
            _, quantity, received = sums.get(key, (one, Decimal(0), Decimal(0)))
            sums[key] = (one, quantity + row.quantity, received + row.received)
    changed = await tx.fetch(
        "INSERT INTO row_returns (order_id, row_external_id, return_id, retailer_id, shipment_id, status, version,"
        " quantity, received) SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::uuid[],"
        " $6::text[], $7::int[], $8::numeric[], $9::numeric[])"
        " ON CONFLICT (order_id, row_external_id, return_id) DO UPDATE SET status = excluded.status,"
        " version = excluded.version, quantity = excluded.quantity, received = excluded.received"
        " WHERE row_returns.version < excluded.version RETURNING order_id",
        *postgres.columns(
            (
                (
                    *(one.order_id, row_id, one.return_id, one.retailer_id, one.shipment_id, one.status, one.version),
                    *(quantity, received),
                )
                for (_, row_id), (one, quantity, received) in sums.items()
            ),
            9,
        ),
    )
    return {row["order_id"] for row in changed}


async def touch_orders(tx: Transaction, ids: Collection[UUID]) -> None:
    """Note that something about orders is otherwise now. They are locked."""
    await tx.execute("UPDATE orders SET updated_at = clock_timestamp() WHERE id = ANY($1::uuid[])", list(ids))


async def returns_of(tx: Transaction, ids: Collection[UUID]) -> dict[tuple[UUID, str], tuple[Returned, ...]]:
    """What comes back of orders, by order and row, the oldest first; also of those whose places they took."""
    rows = await tx.fetch(
        "WITH RECURSIVE line AS (SELECT id AS shown, id, replaces FROM orders WHERE id = ANY($1::uuid[])"
        " UNION ALL SELECT line.shown, o.id, o.replaces FROM line JOIN orders o ON o.id = line.replaces)"
        " SELECT line.shown, r.row_external_id, r.return_id, r.status, r.quantity, r.received"
        " FROM line JOIN row_returns r ON r.order_id = line.id ORDER BY r.return_id",
        list(ids),
    )
    found: dict[tuple[UUID, str], tuple[Returned, ...]] = {}
    for row in rows:
        key = (row["shown"], row["row_external_id"])
        returned = Returned(row["return_id"], row["status"], row["quantity"], row["received"])
        found[key] = (*found.get(key, ()), returned)
    return found


async def return_books(tx: Transaction, order_ids: Collection[UUID] | None = None) -> list[ReturnBook]:
    """What comes back of these orders, or of all."""
    rows = await tx.fetch(
        "SELECT order_id, row_external_id, return_id, shipment_id, status, quantity, received FROM row_returns"
        " WHERE ($1::uuid[] IS NULL OR order_id = ANY($1)) ORDER BY order_id, return_id, row_external_id",
        None if order_ids is None else list(order_ids),
    )
    return [
        ReturnBook(
            row["order_id"],
            row["row_external_id"],
            row["return_id"],
            row["shipment_id"],
            row["status"],
            row["quantity"],
            row["received"],
        )
        for row in rows
    ]


async def forget_returns(tx: Transaction, order_ids: Sequence[UUID]) -> None:
    """Delete what came back of deleted orders."""
    await tx.execute("DELETE FROM row_returns WHERE order_id = ANY($1::uuid[])", list(order_ids))
