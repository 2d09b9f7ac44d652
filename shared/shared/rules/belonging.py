"""What may not be said of rows that belong together: which of them hang on which, and where they go."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from shared.rules import plan


class BundledRow(NamedTuple):
    """A row as somebody asks for it. `place` is where it stands in what was sent; what it does not say is None."""

    place: int
    number: str | None
    parent: str | None = None
    warehouse: str | None = None
    product_type: str | None = None


class Broken(NamedTuple):
    """A row's field that cannot be, by the name it has in an order, with a code and a sentence."""

    place: int
    field: str
    code: str
    message: str


def broken_bundles(rows: Sequence[BundledRow]) -> Iterator[Broken]:
    """A parent is a row of goods of the same order, no row is a part of itself, and a bundle has one warehouse."""
    if all(row.parent is None for row in rows):
        return
    parents: dict[str, str] = {}
    for row in rows:
        if row.number is not None and row.parent is not None:
            parents.setdefault(row.number, row.parent)
    circles = _in_circles(parents)
    yield from _parents(rows, circles)
    if not circles:
        yield from _warehouses(rows, parents)


def _parents(rows: Sequence[BundledRow], circles: set[str]) -> Iterator[Broken]:
    known: dict[str, BundledRow] = {}
    for row in rows:
        if row.number is not None:
            known.setdefault(row.number, row)
    for row in rows:
        if row.parent is None:
            continue
        if row.parent not in known:
            message = f"names row {row.parent!r}, which the order lacks"
            yield Broken(row.place, "parentRowReference", "unknown", message)
        elif row.number in circles:
            yield Broken(row.place, "parentRowReference", "circular", "leads back to the row itself")
        elif _is_goods(row) and not _is_goods(known[row.parent]):
            message = f"names row {row.parent!r}, which needs no stock and ships from nowhere"
            yield Broken(row.place, "parentRowReference", "no_goods", message)


def _warehouses(rows: Sequence[BundledRow], parents: Mapping[str, str]) -> Iterator[Broken]:
    """Everything that hangs together over parents, however far, goes to the warehouse that the first of it names."""
    pinned: dict[str, tuple[str, str]] = {}
    seen: set[str] = set()
    for row in rows:
        if row.number is None or row.number in seen:
            continue
        seen.add(row.number)
        if row.warehouse is None:
            continue
        first, where = pinned.setdefault(_top(row.number, parents), (row.number, row.warehouse))
        if where != row.warehouse:
            message = f"is not {where!r}, to which row {first!r} of the same bundle goes"
            yield Broken(row.place, "externalWarehouseId", "other_warehouse", message)


def _top(number: str, parents: Mapping[str, str]) -> str:
    while (parent := parents.get(number)) is not None:
        number = parent
    return number


def _in_circles(parents: Mapping[str, str]) -> set[str]:
    """The rows that are, over their parents, parts of themselves."""
    circles: set[str] = set()
    seen: set[str] = set()
    for start in parents:
        way: list[str] = []
        row: str | None = start
        while row is not None and row not in seen:
            seen.add(row)
            way.append(row)
            row = parents.get(row)
        if row in way:
            circles.update(way[way.index(row) :])
    return circles


def _is_goods(row: BundledRow) -> bool:
    return (row.product_type or "").strip().casefold() not in plan.SERVICES
