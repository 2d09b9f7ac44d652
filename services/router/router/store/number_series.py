"""Series of numbers for tracking codes: given by operators, taken by whoever confirms a shipment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from router.domain import number_series as domain_series
from router.domain.number_series import CheckDigit, Form, NumberSeries, Used
from shared.postgres import Record, Transaction

OVERLAPPING = "no_code_twice"
"""The constraint that no two series have a code in common."""


@dataclass(frozen=True)
class Taken:
    """Numbers that were taken of a series for parcels of a carrier: `count` of them from `first` on.

    `left_in_all` is what the series and its like have left, of which `low_at` or fewer are few.
    """

    carrier: str
    name: str
    form: Form
    prefix: str
    check_digit: CheckDigit
    first: int
    count: int
    left_in_all: int
    low_at: int


class Taking(NamedTuple):
    """Numbers that were taken, in the order of the series, and the carriers that have series at all."""

    taken: Sequence[Taken]
    carriers: frozenset[str]


async def take_numbers(
    tx: Transaction, retailer_id: str, contract_number: str | None, wanted: Mapping[str, int]
) -> Taking:
    """Take so many numbers for each carrier (`key_of` it), of the series that fit a retailer's contract best.

    They are fewer where the series end. The series are locked in the order of their ids until the transaction ends, so
    that no number is taken twice; a transaction that is rolled back gives its numbers back.
    """
    rows = await tx.fetch(
        "WITH wanted AS (SELECT * FROM unnest($3::text[], $4::bigint[]) AS w (carrier, count)),"
        " fitting AS (SELECT s.id, w.carrier, w.count, rank() OVER ("
        "  PARTITION BY w.carrier ORDER BY s.contract_number IS NULL, s.retailer_id IS NULL) AS choice"
        "  FROM wanted w JOIN number_series s ON s.carrier_key = w.carrier WHERE s.retired_at IS NULL"
        "  AND (s.contract_number IS NULL OR s.contract_number = $2)"
        "  AND (s.retailer_id IS NULL OR s.retailer_id = $1)),"
        " held AS (SELECT s.id, s.next, s.last - s.next + 1 AS room, f.carrier, f.count"
        "  FROM number_series s JOIN fitting f ON f.id = s.id"
        "  WHERE f.choice = 1 AND s.carrier_key = f.carrier AND s.next <= s.last AND s.retired_at IS NULL"
        "  ORDER BY s.id FOR UPDATE OF s),"
        " shares AS (SELECT id, carrier, next, room, sum(room) OVER of_carrier AS room_in_all, least(room, greatest("
        "  count - coalesce(sum(room) OVER (of_carrier ORDER BY id ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0),"
        "  0))::bigint AS share FROM held WINDOW of_carrier AS (PARTITION BY carrier)),"
        " taken AS (UPDATE number_series s SET next = s.next + x.share FROM shares x WHERE s.id = x.id AND x.share > 0"
        "  RETURNING s.id, s.name, s.form, s.prefix, s.check_digit, s.low_at, x.carrier, x.next AS first, x.share,"
        "  x.room_in_all)"
        " SELECT w.carrier, t.name, t.form, t.prefix, t.check_digit, t.first, t.share AS count,"
        "  (t.room_in_all - sum(t.share) OVER (PARTITION BY w.carrier))::bigint AS left_in_all, t.low_at"
        " FROM wanted w LEFT JOIN taken t ON t.carrier = w.carrier"
        " WHERE EXISTS (SELECT FROM fitting f WHERE f.carrier = w.carrier) ORDER BY w.carrier, t.id",
        retailer_id,
        contract_number,
        list(wanted.keys()),
        list(wanted.values()),
    )
    taken = [
        Taken(
            row["carrier"],
            row["name"],
            row["form"],
            row["prefix"],
            row["check_digit"],
            row["first"],
            row["count"],
            row["left_in_all"],
            row["low_at"],
        )
        for row in rows
        if row["name"] is not None
    ]
    return Taking(taken, frozenset(row["carrier"] for row in rows))


COLUMNS = (
    "name, carrier, form, prefix, check_digit, first, last, low_at, contract_number, retailer_id, next,"
    " (sum(last - next + 1) OVER (PARTITION BY carrier_key, contract_number, retailer_id))::bigint AS left_in_all"
)


async def all_series(tx: Transaction) -> Sequence[Used]:
    """All series that numbers are taken of, by name."""
    rows = await tx.fetch(f"SELECT {COLUMNS} FROM number_series WHERE retired_at IS NULL ORDER BY name")  # noqa: S608
    return [_used(row) for row in rows]


async def lock_series(tx: Transaction, name: str) -> Used | None:
    """The series of this name, which nobody takes numbers of or changes until the transaction ends; None if none is."""
    row = await tx.fetch_one(
        "SELECT name, carrier, form, prefix, check_digit, first, last, low_at, contract_number, retailer_id, next,"
        " last - next + 1 AS left_in_all FROM number_series WHERE name = $1 AND retired_at IS NULL FOR UPDATE",
        name,
    )
    return None if row is None else _used(row)


async def save_series(tx: Transaction, series: NumberSeries) -> None:
    """Write a series over the one of its name, or as a new one, of which nothing is used.

    Of one that is there the first number may only change as long as none is used. Raises asyncpg's
    ExclusionViolationError, by the constraint `OVERLAPPING`, when it has a code in common with another.
    """
    await tx.execute(
        "INSERT INTO number_series AS s (name, carrier, form, prefix, check_digit, first, last, low_at,"
        " contract_number, retailer_id, next, carrier_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $6, $11)"
        " ON CONFLICT (name) WHERE retired_at IS NULL DO UPDATE SET carrier = excluded.carrier,"
        " carrier_key = excluded.carrier_key, form = excluded.form,"
        " prefix = excluded.prefix, check_digit = excluded.check_digit, first = excluded.first, last = excluded.last,"
        " low_at = excluded.low_at, contract_number = excluded.contract_number, retailer_id = excluded.retailer_id,"
        " next = CASE WHEN s.next = s.first THEN excluded.first ELSE s.next END, changed_at = now()",
        series.name,
        series.carrier,
        series.form,
        series.prefix,
        series.check_digit,
        series.first,
        series.last,
        series.low_at,
        series.contract_number,
        series.retailer_id,
        domain_series.key_of(series.carrier),
    )


async def overlapping_series(tx: Transaction, series: NumberSeries) -> str | None:
    """The name of another series that has a code in common with one, also of one given up; None if none has."""
    first, last = domain_series.span(series)
    name: str | None = await tx.fetch_value(
        "SELECT name FROM number_series WHERE codes && int8range($1, $2, '[]')"
        " AND (name <> $3 OR retired_at IS NOT NULL) ORDER BY id LIMIT 1",
        first,
        last,
        series.name,
    )
    return name


async def retire_series(tx: Transaction, name: str) -> bool:
    """Give a series up: what it has left is free, what it has used stays used. False if there is none."""
    unused = "DELETE FROM number_series WHERE name = $1 AND retired_at IS NULL AND next = first"
    used = (
        "UPDATE number_series SET last = next - 1, retired_at = now(), changed_at = now()"
        " WHERE name = $1 AND retired_at IS NULL"
    )
    return await tx.execute(unused, name) > 0 or await tx.execute(used, name) > 0


def _used(row: Record) -> Used:
    return Used(
        NumberSeries(
            name=row["name"],
            carrier=row["carrier"],
            form=row["form"],
            prefix=row["prefix"],
            check_digit=row["check_digit"],
            first=row["first"],
            last=row["last"],
            low_at=row["low_at"],
            contract_number=row["contract_number"],
            retailer_id=row["retailer_id"],
        ),
        row["next"],
        row["left_in_all"],
    )
