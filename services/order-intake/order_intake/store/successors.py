"""Orders that take the place of an earlier one with the same number."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from order_intake.domain import Order
from order_intake.store import entries, progress
from shared import postgres
from shared.contracts import OrderPlaced
from shared.postgres import Transaction


@dataclass(frozen=True)
class Successor:
    """An order that takes the place of `replaces`, which is not current any more.

    `asked` is what its document asks for. `placed_at` is when the retailer placed the first order of that number.
    """

    order: Order
    asked: OrderPlaced
    replaces: UUID
    posted: bytes
    document: bytes
    placed_at: datetime
    reopened: bool


async def insert_successor(tx: Transaction, successor: Successor) -> None:
    """Insert an order whose number has just been freed for it."""
    order, asked = successor.order, successor.asked
    await tx.execute(
        "INSERT INTO orders (id, retailer_id, external_id, replaces, posted, document, placed_at, reopened, status,"
        " history, held, order_date, document_type, reference_keys, catalogues, updated_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, clock_timestamp())",
        *(order.id, order.retailer_id, asked.external_id, successor.replaces, successor.posted, successor.document),
        *(successor.placed_at, successor.reopened, order.status, progress.kept_steps(order.history), order.held),
        *(asked.delivery.order_date, asked.delivery.document_type, entries.reference_keys(asked), order.catalogues),
    )


async def insert_rows_anew(tx: Transaction, order: Order) -> None:
    """Insert the rows of an order that takes the place of another, with what had become of them before."""
    await tx.execute(
        "INSERT INTO order_rows (order_id, external_id, retailer_id, position, quantity, delivered_before,"
        " cancelled_before, status, history)"
        " SELECT $1, external_id, $2, position, quantity, delivered_before, cancelled_before, status, history"
        " FROM unnest($3::text[], $4::int[], $5::numeric[], $6::numeric[], $7::numeric[], $8::text[], $9::jsonb[])"
        " AS new (external_id, position, quantity, delivered_before, cancelled_before, status, history)",
        order.id,
        order.retailer_id,
        *postgres.columns(
            (
                (
                    *(row.external_id, position, row.quantity, row.delivered_before, row.cancelled_before),
                    *(row.status, progress.kept_steps(row.history)),
                )
                for position, row in enumerate(order.rows.values())
            ),
            7,
        ),
    )
