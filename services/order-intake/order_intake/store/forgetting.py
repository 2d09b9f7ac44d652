"""Deleting orders that ended long ago. Nothing but these functions ever deletes an order."""

from collections.abc import Sequence
from uuid import UUID

from shared.postgres import Transaction


async def forget_ended(tx: Transaction, after: UUID, until: UUID, days: int, limit: int) -> list[UUID]:
    """Delete the first orders between two ids that have ended and were not touched for so many days; their ids.

    Ended is an order that was cancelled or shows as delivered, once all its shipments are closed and nothing of it is
    promised, waits or is being routed again. What nobody could serve of a delivered order keeps it no longer. An
    order that somebody has in hand is left for another time.
    """
    rows = await tx.fetch(
        "WITH gone AS (DELETE FROM orders WHERE id = ANY(ARRAY("
        "SELECT o.id FROM orders o WHERE o.id > $1 AND o.id < $2 AND o.updated_at < now() - make_interval(days => $3)"
        " AND (o.cancelled OR o.status IN ('Delivered', 'Cancelled'))"
        " AND NOT EXISTS (SELECT FROM row_parts p WHERE p.order_id = o.id AND NOT p.closed)"
        " AND (o.cancelled OR NOT EXISTS (SELECT FROM order_rows r WHERE r.order_id = o.id"
        " AND r.reserved + r.waiting + r.rerouting > 0))"
        " ORDER BY o.id LIMIT $4 FOR UPDATE SKIP LOCKED)) RETURNING id)"
        " SELECT id FROM gone ORDER BY id",
        after,
        until,
        days,
        limit,
    )
    return [row["id"] for row in rows]


async def forget_rows(tx: Transaction, order_ids: Sequence[UUID]) -> None:
    """Delete the rows of deleted orders."""
    await tx.execute("DELETE FROM order_rows WHERE order_id = ANY($1::uuid[])", list(order_ids))


async def forget_parts(tx: Transaction, order_ids: Sequence[UUID]) -> None:
    """Delete what of the rows of deleted orders was in which shipment."""
    await tx.execute("DELETE FROM row_parts WHERE order_id = ANY($1::uuid[])", list(order_ids))
