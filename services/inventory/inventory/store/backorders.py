"""Who waits, as a retailer is shown it."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from inventory.domain import Address
from shared import postgres
from shared.postgres import Record, Transaction


@dataclass(frozen=True)
class Backorders:
    """Which of a retailer's waiting rows a list shows; None means any."""

    retailer_id: str
    order_external_id: str | None = None
    product_id: str | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        """The parameters of `SHOWN`."""
        return astuple(self)


SHOWN = (
    "(SELECT w.*, row_number() OVER (PARTITION BY w.balance_id ORDER BY w.placed_at, w.order_id, w.place, w.lot)"
    " AS position FROM waiting w WHERE w.retailer_id = $1) AS w JOIN balance_names b ON b.id = w.balance_id"
    " WHERE ($2::text IS NULL OR w.external_id = $2) AND ($3::text IS NULL OR b.product_id = $3)"
)
"""The waiting rows that fit, each with its position among those that wait at the same balance."""


async def count_backorders(tx: Transaction, shown: Backorders) -> int:
    """How many waiting rows a list has in all."""
    count: int = await tx.fetch_value(f"SELECT count(*) FROM {SHOWN}", *shown.arguments)  # noqa: S608
    return count


async def backorders_page(tx: Transaction, shown: Backorders, *, limit: int, offset: int) -> Sequence[Record]:
    """One page of waiting rows, those that are served first first."""
    return await tx.fetch(
        "SELECT w.external_id, w.row_id, w.placed_at, trim_scale(w.open) AS open, w.position, b.catalogue_id,"  # noqa: S608
        f" b.product_id FROM {SHOWN} ORDER BY w.placed_at, w.order_id, w.place, w.lot LIMIT $4 OFFSET $5",
        *shown.arguments,
        limit,
        offset,
    )


async def lock_waited_for(tx: Transaction, addresses: Iterable[Address]) -> list[int]:
    """Lock what is published in catalogues and somebody waits for, in the one order of ids."""
    rows = await tx.fetch(
        "SELECT b.id FROM unnest($1::text[], $2::text[]) AS opened (retailer_id, catalogue_id)"
        " JOIN balances b USING (retailer_id, catalogue_id)"
        " WHERE b.published AND EXISTS (SELECT FROM waiting_places p WHERE p.balance_id = b.id)"
        " ORDER BY b.id FOR UPDATE OF b",
        *postgres.columns(addresses, 2),
    )
    return [row["id"] for row in rows]


async def spoken_for(tx: Transaction, balance_ids: Sequence[int]) -> set[int]:
    """The balances among these that somebody waits for, or holds something of."""
    rows = await tx.fetch(
        "SELECT balance_id FROM waiting_places WHERE balance_id = ANY($1::bigint[])"
        " UNION SELECT balance_id FROM hold_lines WHERE balance_id = ANY($1::bigint[]) AND expires_at > now()",
        balance_ids,
    )
    return {row["balance_id"] for row in rows}
