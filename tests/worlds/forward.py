"""Invariant 6 of trust.md: a row's state only moves forward, except by a named transition."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

ENDED = frozenset({"Delivered", "Cancelled"})


class RowSeen(NamedTuple):
    """A row of an order as the order book shows it."""

    order_id: UUID
    row_id: str
    status: str
    cancelled: bool


Seen = RowSeen


def moved_on(before: Mapping[str, RowSeen], now: Iterable[RowSeen]) -> dict[str, RowSeen]:
    """What is seen now, by order and row; AssertionError when a row that had ended lives again.

    An order that is opened again is another one under the old number, and what a supplier delivered after all is more
    than cancelled: nothing else leads out of an end.
    """
    seen = {f"{row.order_id}/{row.row_id}": row for row in now}
    assert before.keys() <= seen.keys(), "an order has left the book"
    for key, was in before.items():
        row = seen[key]
        assert was.cancelled <= row.cancelled, f"row {key} was cancelled by its retailer and is not any more"
        if was.status in ENDED and row.status != was.status:
            assert (was.status, row.status) == ("Cancelled", "Delivered"), f"row {key}: {was.status}, then {row.status}"
    return seen
