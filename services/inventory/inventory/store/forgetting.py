"""Deleting what is kept of orders that the order book has forgotten, so that the books add up without it."""

from collections.abc import Sequence
from uuid import UUID

from shared.contracts import AllocateOrder
from shared.postgres import Transaction


async def open_orders(tx: Transaction, order_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the orders that still hold stock or wait for some."""
    rows = await tx.fetch(
        "SELECT asked FROM unnest($1::uuid[]) AS asked WHERE EXISTS"
        " (SELECT FROM allocations WHERE order_id = asked AND delivered + returned < quantity)"
        " OR EXISTS (SELECT FROM waiting WHERE order_id = asked) ORDER BY asked",
        list(order_ids),
    )
    return [row["asked"] for row in rows]


async def forget_promises(tx: Transaction, order_ids: Sequence[UUID]) -> None:
    """Delete the promises of orders, all of them settled, and note by balance what they took away."""
    await tx.execute(
        "WITH forgotten AS (DELETE FROM allocations WHERE order_id = ANY($1::uuid[])"
        " RETURNING balance_id, quantity - returned AS gone, counted)"
        " INSERT INTO forgotten_takings AS f (balance_id, gone)"
        " SELECT balance_id, sum(gone) FROM forgotten WHERE counted GROUP BY balance_id ORDER BY balance_id"
        " ON CONFLICT (balance_id) DO UPDATE SET gone = f.gone + excluded.gone",
        list(order_ids),
    )


async def forget_settlements(tx: Transaction, order_ids: Sequence[UUID]) -> None:
    """Delete what was answered to orders."""
    await tx.execute("DELETE FROM settlements WHERE order_id = ANY($1::uuid[])", list(order_ids))


async def discard_requests(tx: Transaction, order_ids: Sequence[UUID]) -> int:
    """Discard the requests for stock that are parked for orders; how many there were."""
    return await tx.execute(
        "DELETE FROM parked WHERE topic = $1 AND key = ANY($2::bytea[])",
        AllocateOrder.topic,
        [str(order_id).encode() for order_id in order_ids],
    )
