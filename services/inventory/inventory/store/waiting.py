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
        " JOIN suppliers USING (order_id, row_id, lot) RETURNING id, order_id, row_id, lot)"
        " INSERT INTO waiting_places (waiting_id, balance_id, supplier_id, rank)"
        " SELECT lines.id, places.balance_id, places.supplier_id, places.rank"
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


async def waiting_for(
    tx: Transaction, balance_ids: Sequence[int], *, limit: int, after: Turn | None = None
) -> list[OpenLine]:
    """Lock the next lines that may be filled from these balances, in their turn; of their places they name these."""
    rows = await tx.fetch(
        f"SELECT {LINE}, ARRAY(SELECT p.balance_id FROM waiting_places p"  # noqa: S608
        " WHERE p.waiting_id = w.id AND p.balance_id = ANY($1::bigint[]) ORDER BY p.rank) AS places"
        " FROM waiting w WHERE w.id IN (SELECT waiting_id FROM waiting_places WHERE balance_id = ANY($1::bigint[]))"
        " AND ($2::timestamptz IS NULL OR (w.placed_at, w.order_id, w.place, w.lot) > ($2, $3::uuid, $4::int, $5::int))"
        f" ORDER BY {TURN} LIMIT $6 FOR UPDATE OF w",
        list(balance_ids),
        *(after or (None, None, None, None)),
        limit,
    )
    return [_line(row, tuple(row["places"])) for row in rows]


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
    """Note what is still open of lines that are locked. One of which nothing is open is gone."""
    await tx.execute(
        "WITH news AS (SELECT * FROM unnest($1::bigint[], $2::numeric[]) AS news (id, open)),"
        " ended AS (DELETE FROM waiting USING news WHERE waiting.id = news.id AND news.open = 0)"
        " UPDATE waiting SET open = news.open FROM news WHERE waiting.id = news.id AND news.open > 0",
        list(left.keys()),
        list(left.values()),
    )


async def next_lots(tx: Transaction, count: int) -> list[int]:
    """Numbers for what is filled, each of them given once."""
    rows = await tx.fetch("SELECT nextval('filled_lots')::int AS lot FROM generate_series(1, $1::int)", count)
    return [row["lot"] for row in rows]


TURN = "w.placed_at, w.order_id, w.place, w.lot"
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
