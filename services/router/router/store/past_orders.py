"""Orders that were decided, with what they were decided with, page by page: read to decide them again."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from shared.postgres import Transaction


class PastOrder(NamedTuple):
    """An order as it is stored: as it was placed, its candidates and its record, all in JSON and not read yet."""

    order_id: UUID
    placed: bytes
    plan: bytes
    record: str


async def past_orders(
    tx: Transaction, since: UUID, until: UUID, retailer_id: str | None, limit: int, *, newest: bool = False
) -> list[PastOrder]:
    """The first decided orders from an id on and before another, in the order of ids, or the newest of them first."""
    rows = await tx.fetch(
        "SELECT order_id, placed, plan, record::text AS record FROM routes"  # noqa: S608
        " WHERE order_id >= $1 AND order_id < $2 AND state = 'routed' AND ($3::text IS NULL OR retailer_id = $3)"
        f" ORDER BY order_id {'DESC' if newest else ''} LIMIT $4",
        since,
        until,
        retailer_id,
        limit,
    )
    return [PastOrder(row["order_id"], row["placed"], row["plan"], row["record"]) for row in rows]


async def count_past_orders(tx: Transaction, since: UUID, until: UUID, retailer_id: str | None) -> int:
    """How many decided orders there are from an id on and before another."""
    count: int = await tx.fetch_value(
        "SELECT count(*) FROM routes"
        " WHERE order_id >= $1 AND order_id < $2 AND state = 'routed' AND ($3::text IS NULL OR retailer_id = $3)",
        since,
        until,
        retailer_id,
    )
    return count


async def is_known(tx: Transaction, organisation: str) -> bool:
    """Whether an organisation was ever heard of, or has ordered anything."""
    known: bool = await tx.fetch_value(
        "SELECT EXISTS (SELECT FROM organisations WHERE business_id = $1)"
        " OR EXISTS (SELECT FROM routes WHERE retailer_id = $1)",
        organisation,
    )
    return known


async def unknown_catalogues(tx: Transaction, names: Collection[str], retailer_id: str | None) -> Sequence[str]:
    """Those of the names that no catalogue has, of the retailer or, without one, of any."""
    rows = await tx.fetch(
        "SELECT name FROM unnest($1::text[]) AS wanted (name) WHERE NOT EXISTS"
        " (SELECT FROM catalogues WHERE catalogue_id = wanted.name AND ($2::text IS NULL OR retailer_id = $2))"
        " ORDER BY 1",
        list(names),
        retailer_id,
    )
    return [row["name"] for row in rows]


async def unknown_products(tx: Transaction, names: Collection[str], retailer_id: str | None) -> Sequence[str]:
    """Those of the names that no product has which was ever in a catalogue, of the retailer or, without one, of any."""
    rows = await tx.fetch(
        "SELECT name FROM unnest($1::text[]) AS wanted (name) WHERE NOT EXISTS"
        " (SELECT FROM balances WHERE product_id = wanted.name AND ($2::text IS NULL OR retailer_id = $2))"
        " ORDER BY 1",
        list(names),
        retailer_id,
    )
    return [row["name"] for row in rows]
