"""What a watch could not do, and leaves alone for a while: longer each time, an hour at most."""

from collections.abc import Collection
from typing import Literal
from uuid import UUID

from shared.postgres import Transaction

Work = Literal["patience", "retrying", "acceptance"]
"""A watch, by its name."""


def in_hand(work: Work, column: str) -> str:
    """The condition that the order or shipment in a column, named with its table, is not put off, in SQL."""
    return f"NOT EXISTS (SELECT FROM put_off p WHERE p.work = '{work}' AND p.id = {column} AND p.until > now())"


async def put_off(tx: Transaction, work: Work, id_: UUID, error: str) -> float:
    """Leave an order or a shipment alone, twice as long as the last time; how many seconds that is.

    What was put off and has not come up for a week is forgotten.
    """
    seconds: float = await tx.fetch_value(
        "WITH forgotten AS (DELETE FROM put_off WHERE until < now() - interval '7 days' AND id <> $2),"
        " again AS (INSERT INTO put_off (work, id, times, until, error)"
        " VALUES ($1, $2, 1, now() + interval '10 seconds', $3)"
        " ON CONFLICT (work, id) DO UPDATE SET times = put_off.times + 1, error = excluded.error,"
        " until = now() + interval '10 seconds' * least(2 ^ put_off.times, 360) RETURNING until)"
        " SELECT extract(epoch FROM until - now())::float FROM again",
        work,
        id_,
        error,
    )
    return seconds


async def take_up(tx: Transaction, work: Work, ids: Collection[UUID]) -> None:
    """Note that what was put off has been done."""
    await tx.execute("DELETE FROM put_off WHERE work = $1 AND id = ANY($2::uuid[])", work, list(ids))


async def count_put_off(tx: Transaction) -> int:
    """How many orders and shipments are put off."""
    count: int = await tx.fetch_value("SELECT count(*) FROM put_off")
    return count
