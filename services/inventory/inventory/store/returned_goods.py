"""What came back of orders and was put back on the shelf. The balances are locked before."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from shared import postgres
from shared.postgres import Transaction


class Restocked(NamedTuple):
    """So much of an order's row went back on a shelf, with a return."""

    return_id: UUID
    row_id: str
    balance_id: int
    order_id: UUID
    quantity: Decimal


@dataclass(frozen=True)
class RestockedBook:
    """What inventory has taken back on a shelf, as the auditor compares it with what the router says."""

    order_id: UUID
    return_id: UUID
    row_id: str
    catalogue_id: str
    product_id: str
    quantity: Decimal


async def note_restocked(tx: Transaction, goods: Iterable[Restocked]) -> list[tuple[int, Decimal]]:
    """Note what went back on the shelf. Returns balance and quantity of what was not noted before."""
    rows = await tx.fetch(
        "INSERT INTO restocked_goods (return_id, row_id, balance_id, order_id, quantity)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::numeric[])"
        " ON CONFLICT DO NOTHING RETURNING balance_id, quantity",
        *postgres.columns(goods, 5),
    )
    return [(row["balance_id"], row["quantity"]) for row in rows]


async def restocked(tx: Transaction, order_ids: Collection[UUID] | None = None) -> list[RestockedBook]:
    """All that went back on the shelf of these orders, or of all."""
    rows = await tx.fetch(
        "SELECT g.order_id, g.return_id, g.row_id, b.catalogue_id, b.product_id, trim_scale(g.quantity) AS quantity"
        " FROM restocked_goods g JOIN balances b ON b.id = g.balance_id"
        " WHERE ($1::uuid[] IS NULL OR g.order_id = ANY($1)) ORDER BY g.order_id, g.return_id, g.row_id, b.id",
        None if order_ids is None else list(order_ids),
    )
    return [
        RestockedBook(
            row["order_id"],
            row["return_id"],
            row["row_id"],
            row["catalogue_id"],
            row["product_id"],
            row["quantity"],
        )
        for row in rows
    ]


async def forget_restocked(tx: Transaction, order_ids: Collection[UUID]) -> None:
    """Delete what is kept of the returns of orders; the balances have it."""
    await tx.execute("DELETE FROM restocked_goods WHERE order_id = ANY($1::uuid[])", list(order_ids))
