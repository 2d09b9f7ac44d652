"""Orders as they were posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from order_intake.domain import Order
from order_intake.store import progress
from shared import postgres
from shared.contracts import OrderPlaced
from shared.postgres import Transaction


@dataclass(frozen=True)
class Placed:
    """An order as posted, with where it stands; its `rows` are not loaded."""

    order: Order
    posted: bytes
    placed_at: datetime
    updated_at: datetime


async def insert_orders(tx: Transaction, orders: Sequence[tuple[OrderPlaced, bytes]]) -> set[UUID]:
    """Insert orders with their documents in one fixed order; return the ids of those whose external id was free."""
    in_order = sorted(orders, key=lambda order: (order[0].retailer_id, order[0].external_id))
    rows = await tx.fetch(
        "INSERT INTO orders (id, retailer_id, external_id, posted, placed_at, updated_at)"
        " SELECT id, retailer_id, external_id, posted, placed_at, placed_at"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[])"
        " AS new (id, retailer_id, external_id, posted, placed_at)"
        " ON CONFLICT (retailer_id, external_id) DO NOTHING RETURNING id",
        *postgres.columns(
            (
                (placed.order_id, placed.retailer_id, placed.external_id, posted, placed.placed_at)
                for placed, posted in in_order
            ),
            5,
        ),
    )
    return {row["id"] for row in rows}


async def insert_rows(tx: Transaction, orders: Sequence[OrderPlaced]) -> None:
    """Insert the rows of orders."""
    await tx.execute(
        "INSERT INTO order_rows (order_id, external_id, retailer_id, position, quantity)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::numeric[])",
        *postgres.columns(
            (
                (order.order_id, row.external_id, order.retailer_id, position, row.quantity)
                for order in orders
                for position, row in enumerate(order.rows)
            ),
            5,
        ),
    )


async def documents_at(tx: Transaction, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """The documents stored under (retailer, external id)."""
    rows = await tx.fetch(
        "SELECT retailer_id, external_id, posted FROM orders JOIN unnest($1::text[], $2::text[])"
        " AS wanted (retailer_id, external_id) USING (retailer_id, external_id)",
        *postgres.columns(keys, 2),
    )
    return {(row["retailer_id"], row["external_id"]): row["posted"] for row in rows}


async def placed_order(tx: Transaction, retailer_id: str, external_id: str) -> Placed | None:
    """A retailer's order, or None."""
    row = await tx.fetch_one(
        "SELECT id, retailer_id, round, status, history, posted, placed_at, updated_at FROM orders"
        " WHERE retailer_id = $1 AND external_id = $2",
        retailer_id,
        external_id,
    )
    if row is None:
        return None
    return Placed(progress.order_of(row, {}), row["posted"], row["placed_at"], row["updated_at"])
