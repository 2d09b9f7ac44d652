"""Lists of a retailer's orders: those that are current, by whatever is asked for together.

They are found in a transaction of the service itself and then read in one of the retailer's: row-level security lets
no index on arrays be used, for the operators could tell of rows that must not be seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from order_intake.store.placed import Placed, placed_of
from shared.postgres import Transaction

_PARTIALLY_DELIVERED = (
    "orders.status NOT IN ('Delivered', 'Cancelled', 'Error') AND EXISTS"
    " (SELECT FROM order_rows r WHERE r.order_id = orders.id AND r.status = 'Delivered')"
)

_UNROUTABLE = (
    "orders.status = 'Unroutable' OR orders.status IN ('Accepted', 'Error') AND EXISTS"
    " (SELECT FROM order_rows r WHERE r.order_id = orders.id AND r.status = 'Unroutable')"
)
"""An order is as far as its earliest row: with one that is Unroutable it cannot have come any farther."""


@dataclass(frozen=True)
class Wanted:
    """Which orders of a retailer are wanted; None and false ask for nothing.

    `statuses` are those of orders of which nothing is delivered while something is to come; `partially_delivered` adds
    the others, `unroutable` those with a row that nobody can serve, whatever else is under way. `reference` is a name
    and a value. Moments are inclusive; `by_change` orders by the last change.
    """

    retailer_id: str
    external_ids: Sequence[str] | None = None
    statuses: Sequence[str] | None = None
    partially_delivered: bool = False
    unroutable: bool = False
    document_type: str | None = None
    reference: tuple[str, str] | None = None
    catalogue_id: str | None = None
    dated_from: datetime | None = None
    dated_to: datetime | None = None
    changed_from: datetime | None = None
    changed_to: datetime | None = None
    by_change: bool = False


async def count_orders(tx: Transaction, wanted: Wanted) -> int:
    """How many orders are wanted."""
    where, arguments = _where(wanted)
    count: int = await tx.fetch_value(f"SELECT count(*) FROM orders WHERE {where}", *arguments)  # noqa: S608 - ours
    return count


async def find_orders(tx: Transaction, wanted: Wanted, *, limit: int, offset: int) -> list[str]:
    """The numbers of a page of the wanted orders, the oldest first."""
    where, arguments = _where(wanted)
    rows = await tx.fetch(
        f"SELECT external_id FROM orders WHERE {where}"  # noqa: S608 - ours
        f" ORDER BY {'updated_at' if wanted.by_change else 'placed_at'}, id"
        f" LIMIT ${len(arguments) + 1} OFFSET ${len(arguments) + 2}",
        *arguments,
        limit,
        offset,
    )
    return [row["external_id"] for row in rows]


async def orders_numbered(tx: Transaction, retailer_id: str, numbers: Sequence[str]) -> list[Placed]:
    """A retailer's orders of these numbers without their rows, in the order of the numbers, as far as they exist."""
    rows = await tx.fetch(
        "SELECT external_id, id, retailer_id, round, status, history, cancelled, held, version, catalogues, posted,"
        " document, placed_at, updated_at FROM orders"
        " WHERE retailer_id = $1 AND external_id = ANY($2::text[]) AND current",
        retailer_id,
        numbers,
    )
    found = {row["external_id"]: placed_of(row) for row in rows}
    return [found[number] for number in numbers if number in found]


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    """Only what is asked for becomes a condition, so that each question finds its index."""
    conditions = ["current AND retailer_id = $1"]
    arguments: list[Any] = [wanted.retailer_id]

    def add(condition: str, value: Any) -> None:
        if value is not None:
            arguments.append(value)
            conditions.append(condition.format(f"${len(arguments)}"))

    add("external_id = ANY({}::text[])", wanted.external_ids)
    add("document_type = {}", wanted.document_type)
    add("reference_keys @> ARRAY[{}::text]", "\t".join(wanted.reference) if wanted.reference else None)
    add("catalogues @> ARRAY[{}::text]", wanted.catalogue_id)
    add("order_date >= {}", wanted.dated_from)
    add("order_date <= {}", wanted.dated_to)
    add("updated_at >= {}", wanted.changed_from)
    add("updated_at <= {}", wanted.changed_to)
    if wanted.statuses is not None:
        arguments.append(wanted.statuses)
        by_status = [f"status = ANY(${len(arguments)}::text[]) AND NOT ({_PARTIALLY_DELIVERED})"]
        by_status += [_PARTIALLY_DELIVERED] if wanted.partially_delivered else []
        by_status += [_UNROUTABLE] if wanted.unroutable else []
        conditions.append(f"({' OR '.join(by_status)})")
    return " AND ".join(conditions), arguments
