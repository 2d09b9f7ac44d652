"""Who waits for stock. Lines are locked after balances, before promises, and in the order in which they are served."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from inventory.domain import Waiting
from shared import postgres
from shared.postgres import Record, Transaction

Turn = tuple[datetime, UUID, int, int]
"""A line's place among all: when its order was placed, the order, the row's place in it, and the lot."""


class NewLine(NamedTuple):
    """What of a row is to wait: at `balance_id`; `places` are the balances it may be filled from, the first to be asked
    first."""

    order_id: UUID
    row_id: str
    lot: int
    retailer_id: str
    external_id: str | None
    placed_at: datetime
    place: int
    balance_id: int
    quantity: Decimal
    whole: bool
    places: tuple[int, ...]


class OpenLine(NamedTuple):
    """A line as it is stored: its id, whose order it is of, and what a decision must know of it."""

    id: int
    retailer_id: str
    waiting: Waiting

    @property
    def turn(self) -> Turn:
        """When it is served."""
        line = self.waiting
        return line.placed_at, line.order_id, line.position, line.lot


async def save_waiting(tx: Transaction, lines: Sequence[NewLine]) -> None:
    """Let rows wait. All balances they may be filled from are locked, so that nobody raises one without seeing them."""
    await tx.execute(
        "WITH places AS (SELECT named.*, b.supplier_id"
        " FROM unnest($11::uuid[], $12::text[], $13::int[], $14::bigint[], $15::int[])"
        " AS named (order_id, row_id, lot, balance_id, rank) JOIN balances b ON b.id = named.balance_id),"
        " suppliers AS (SELECT order_id, row_id, lot, array_agg(DISTINCT supplier_id) AS ids"
        " FROM places GROUP BY order_id, row_id, lot),"
        " lines AS (INSERT INTO waiting (order_id, row_id, lot, retailer_id, external_id, placed_at, place,"
        " balance_id, open, whole, supplier_ids)"
        " SELECT line.*, suppliers.ids FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[],"
        " $6::timestamptz[], $7::int[], $8::bigint[], $9::numeric[], $10::bool[]) AS line (order_id, row_id, lot,"
        " retailer_id, external_id, placed_at, place, balance_id, open, whole)"
        " JOIN suppliers USING (order_id, row_id, lot)"
        " RETURNING id, order_id, row_id, lot, placed_at, place, open, whole)"
        " INSERT INTO waiting_places (waiting_id, balance_id, supplier_id, rank, placed_at, order_id, place, lot,"
        " whole_of) SELECT lines.id, places.balance_id, places.supplier_id, places.rank, lines.placed_at, order_id,"
        " lines.place, lot, CASE WHEN lines.whole THEN lines.open END"
        " FROM places JOIN lines USING (order_id, row_id, lot)",
        *postgres.columns((line[:-1] for line in lines), 10),
        *postgres.columns(
            (
                (line.order_id, line.row_id, line.lot, balance_id, rank)
                for line in lines
                for rank, balance_id in enumerate(line.places)
            ),
            5,
        ),
    )


async def waited_for(tx: Transaction, balance_ids: Iterable[int]) -> list[int]:
    """The balances among these that somebody waits for."""
    rows = await tx.fetch(
        "SELECT raised.id FROM unnest($1::bigint[]) AS raised (id)"
        " WHERE EXISTS (SELECT FROM waiting_places p WHERE p.balance_id = raised.id)",
        list(balance_ids),
    )
    return [row["id"] for row in rows]


class Next(NamedTuple):
    """A line that may be served next: when, and its id."""

    turn: Turn
    id: int


async def next_to_serve(
    tx: Transaction, free: Mapping[int, Decimal], *, limit: int, after: Turn | None = None
) -> list[Next]:
    """The next lines that what is free in balances can serve, in their turn. One that must be whole fits into one.

    Nothing is locked: a line may be gone, or less of it open, by the time it is.
    """
    rows = await tx.fetch(
        "SELECT DISTINCT next.*"  # noqa: S608
        " FROM unnest($1::bigint[], $2::numeric[]) AS free (id, most) CROSS JOIN LATERAL ("
        f"(SELECT {PLACED}, p.waiting_id AS id FROM waiting_places p"
        f" WHERE p.balance_id = free.id AND p.whole_of IS NULL AND p.placed_at IS NOT NULL AND ({PLACED}) > {AFTER}"
        f" ORDER BY {PLACED} LIMIT $7)"
        f" UNION ALL (SELECT {PLACED}, p.waiting_id FROM waiting_places p"
        f" WHERE p.balance_id = free.id AND p.whole_of <= free.most AND ({PLACED}) > {AFTER}"
        f" ORDER BY {PLACED} LIMIT $7)"
        f" UNION ALL SELECT {TURN}, w.id FROM waiting_places p JOIN waiting w ON w.id = p.waiting_id"
        " WHERE p.balance_id = free.id AND p.placed_at IS NULL AND (NOT w.whole OR w.open <= free.most)"
        f" AND ({TURN}) > {AFTER}"
        ") AS next ORDER BY placed_at, order_id, place, lot LIMIT $7",
        list(free.keys()),
        list(free.values()),
        *(after or (None, None, None, None)),
        limit,
    )
    return [Next((row["placed_at"], row["order_id"], row["place"], row["lot"]), row["id"]) for row in rows]


async def lines_for_update(tx: Transaction, ids: Sequence[int]) -> list[OpenLine]:
    """Lock these lines, as far as they still wait, in their turn; with all the places they may be filled from."""
    rows = await tx.fetch(
        f"SELECT {LINE}, ARRAY(SELECT p.balance_id FROM waiting_places p"  # noqa: S608
        " WHERE p.waiting_id = w.id ORDER BY p.rank) AS places"
        f" FROM waiting w WHERE w.id = ANY($1::bigint[]) ORDER BY {TURN} FOR UPDATE OF w",
        ids,
    )
    return [_line(row, tuple(row["places"])) for row in rows]


async def still_to_serve(
    tx: Transaction, free: Mapping[int, Decimal], *, limit: int, after: Turn
) -> dict[int, Decimal | None]:
    """How much those may have who come after a turn, of what is free in balances. Not said where nobody is left.

    None where there are more of them than `limit`.
    """
    rows = await tx.fetch(
        "SELECT free.id, left_over.units, left_over.lines"  # noqa: S608
        " FROM unnest($1::bigint[], $2::numeric[]) AS free (id, most) CROSS JOIN LATERAL"
        " (SELECT count(*) AS lines, trim_scale(sum(open)) AS units FROM"
        " (SELECT w.open FROM waiting_places p JOIN waiting w ON w.id = p.waiting_id WHERE p.balance_id = free.id"
        " AND (p.whole_of IS NULL OR p.whole_of <= free.most) AND (NOT w.whole OR w.open <= free.most)"
        f" AND ({TURN}) > {AFTER} LIMIT $7 + 1) AS line"
        ") AS left_over WHERE left_over.lines > 0",
        list(free.keys()),
        list(free.values()),
        *after,
        limit,
    )
    return {row["id"]: None if row["lines"] > limit else row["units"] for row in rows}


async def waiting_of_orders(tx: Transaction, order_ids: Iterable[UUID]) -> list[OpenLine]:
    """Lock what orders wait for; where it may come from is left out."""
    rows = await tx.fetch(
        f"SELECT {LINE} FROM waiting w WHERE w.order_id = ANY($1::uuid[]) ORDER BY {TURN} FOR UPDATE",  # noqa: S608
        list(order_ids),
    )
    return [_line(row, ()) for row in rows]


async def end_waiting(tx: Transaction, order_ids: Iterable[UUID]) -> None:
    """Let orders wait for nothing any more."""
    await tx.execute(
        f"WITH ended AS MATERIALIZED (SELECT w.id FROM waiting w WHERE w.order_id = ANY($1::uuid[])"  # noqa: S608
        f" ORDER BY {TURN} FOR UPDATE)"
        " DELETE FROM waiting USING ended WHERE waiting.id = ended.id",
        list(order_ids),
    )


async def shrink_waiting(tx: Transaction, left: Mapping[int, Decimal]) -> None:
    """Note what is still open of lines that are locked. One of which nothing is open is gone.

    Of one that must come whole, `lower_whole` tells those who look for what can be served.
    """
    await tx.execute(
        "WITH news AS (SELECT * FROM unnest($1::bigint[], $2::numeric[]) AS news (id, open)),"
        " ended AS (DELETE FROM waiting USING news WHERE waiting.id = news.id AND news.open = 0)"
        " UPDATE waiting SET open = news.open FROM news WHERE waiting.id = news.id AND news.open > 0",
        list(left.keys()),
        list(left.values()),
    )


async def lower_whole(tx: Transaction, ids: Iterable[int]) -> list[int]:
    """Note beside balances what is open of lines that must come whole; which balances may serve them now."""
    rows = await tx.fetch(
        "WITH lowered AS (UPDATE waiting_places p SET whole_of = w.open FROM waiting w"
        " WHERE w.id = ANY($1::bigint[]) AND w.whole AND p.waiting_id = w.id RETURNING p.balance_id)"
        " SELECT DISTINCT balance_id FROM lowered",
        list(ids),
    )
    return [row["balance_id"] for row in rows]


async def next_lots(tx: Transaction, count: int) -> list[int]:
    """Numbers for what is filled, each of them given once."""
    rows = await tx.fetch("SELECT nextval('filled_lots')::int AS lot FROM generate_series(1, $1::int)", count)
    return [row["lot"] for row in rows]


TURN = "w.placed_at, w.order_id, w.place, w.lot"
PLACED = "p.placed_at, p.order_id, p.place, p.lot"
"""A turn, of `waiting w` and as it is kept beside balances in `waiting_places p`."""

AFTER = (
    "(coalesce($3::timestamptz, '-infinity'), coalesce($4::uuid, '00000000-0000-0000-0000-000000000000'),"
    " coalesce($5::int, -1), coalesce($6::int, -1))"
)
"""The turn to go on after, or before all turns."""

LINE = "w.id, w.order_id, w.row_id, w.lot, w.retailer_id, w.placed_at, w.place, trim_scale(w.open) AS open, w.whole"
"""What is read of `waiting w`."""


def _line(row: Record, places: tuple[int, ...]) -> OpenLine:
    return OpenLine(
        row["id"],
        row["retailer_id"],
        Waiting(
            row["order_id"],
            row["row_id"],
            row["lot"],
            row["placed_at"],
            row["place"],
            row["open"],
            places,
            row["whole"],
        ),
    )
