"""How long orders took, from the moment they were due: to the answer, to their shipments, to the order that shows them.

The last two are told by the database afterwards, on the same machine's clock: PostgreSQL notes the time of a commit
just before it is written to disk, so a stored order may be that one write older than it says here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench import market
from shared.postgres import Database


@dataclass(frozen=True)
class Stored:
    """When an order's shipments were stored and when the order showed them, as Unix times; None: not at all."""

    shipped: float | None
    shown: float | None


@dataclass(frozen=True, slots=True)
class Passage:
    """An order's way, as Unix times: when it was due, answered, shipped and shown; None: not, so far."""

    due: float
    answered: float
    shipped: float | None
    shown: float | None


@dataclass(frozen=True)
class Spread:
    """How times are spread, in milliseconds."""

    p50: float
    p95: float
    p99: float
    longest: float


async def stored(databases: Mapping[str, Database], run: str, since: float) -> dict[int, Stored]:
    """What became of the orders of a run that began then, by their place in it."""
    async with databases["order-intake"].transaction() as tx:
        shown = await tx.fetch(
            "SELECT external_id, CASE WHEN round > 0 THEN extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8"
            " END AS at FROM orders WHERE retailer_id = ANY($1) AND placed_at >= to_timestamp($2) AND current"
            " AND starts_with(external_id, $3)",
            *_of(run, since),
        )
    async with databases["router"].transaction() as tx:
        shipped = await tx.fetch(
            "SELECT order_external_id AS external_id, max(extract(epoch FROM pg_xact_commit_timestamp(xmin)))::float8"
            " AS at FROM shipments WHERE retailer_id = ANY($1) AND created_at >= to_timestamp($2)"
            " AND starts_with(order_external_id, $3) GROUP BY 1",
            *_of(run, since),
        )
    shipped_at = {row["external_id"]: row["at"] for row in shipped}
    return {
        int(row["external_id"].rpartition("-")[2]): Stored(shipped_at.get(row["external_id"]), row["at"])
        for row in shown
    }


async def count_shown(databases: Mapping[str, Database], run: str, since: float) -> int:
    """How many orders of a run that began then show where they went."""
    async with databases["order-intake"].transaction() as tx:
        count: int = await tx.fetch_value(
            "SELECT count(*) FROM orders WHERE retailer_id = ANY($1) AND placed_at >= to_timestamp($2) AND current"
            " AND starts_with(external_id, $3) AND round > 0",
            *_of(run, since),
        )
    return count


async def count_placed(databases: Mapping[str, Database], since: float) -> int:
    """How many orders were placed since then and told to the broker."""
    async with databases["order-intake"].transaction() as tx:
        count: int = await tx.fetch_value(
            "SELECT (SELECT count(*) FROM orders WHERE retailer_id = $1 AND placed_at >= to_timestamp($2))"
            " - (SELECT count(*) FROM outbox)",
            market.SHOP.business_id,
            since,
        )
    return count


def _of(run: str, since: float) -> tuple[list[str], float, str]:
    # A little earlier, for PostgreSQL's and our clock are read at different moments.
    return [market.SHOP.business_id, market.WIDE_SHOP.business_id], since - 1.0, f"{run}-"


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that so large a share of all is not above; NaN of none. `ordered` ascends."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def spread(seconds: Sequence[float]) -> Spread:
    """How times, given in seconds, are spread."""
    ordered = sorted(1_000 * one for one in seconds)
    return Spread(*(percentile(ordered, share) for share in (0.5, 0.95, 0.99, 1.0)))
