"""What is wrong with the bundles of an order: rows that ship together, named by their parents.

Looks at plain JSON values, so that it finds its errors also in a document that has others.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from order_intake.document.contradictions import given
from shared.problems import FieldError
from shared.rules import plan

Rows = list[tuple[int, dict[str, Any]]]
"""Rows with their places in the document."""


def broken_bundles(document: Mapping[str, Any]) -> Iterator[FieldError]:
    """A parent is a row of goods of the same order, no row is a part of itself, and a bundle has one warehouse."""
    listed = document.get("rows")
    rows = (
        [(index, row) for index, row in enumerate(listed) if isinstance(row, dict)] if isinstance(listed, list) else []
    )
    parents: dict[str, str] = {}
    for _, row in rows:
        number, parent = _text(row, "externalId"), _text(row, "parentRowReference")
        if number is not None and parent is not None:
            parents.setdefault(number, parent)
    if any(_text(row, "parentRowReference") for _, row in rows):
        circles = _in_circles(parents)
        yield from _parents(rows, circles)
        if not circles:
            yield from _warehouses(rows, parents)


def _parents(rows: Rows, circles: set[str]) -> Iterator[FieldError]:
    known: dict[str, dict[str, Any]] = {}
    for _, row in rows:
        if (number := _text(row, "externalId")) is not None:
            known.setdefault(number, row)
    for index, row in rows:
        parent, field = _text(row, "parentRowReference"), f"rows[{index}].parentRowReference"
        if parent is None:
            continue
        if parent not in known:
            yield FieldError(field, "unknown", f"names row {parent!r}, which the order lacks")
        elif _text(row, "externalId") in circles:
            yield FieldError(field, "circular", "leads back to the row itself")
        elif _is_goods(row) and not _is_goods(known[parent]):
            yield FieldError(field, "no_goods", f"names row {parent!r}, which needs no stock and ships from nowhere")


def _warehouses(rows: Rows, parents: Mapping[str, str]) -> Iterator[FieldError]:
    """Everything that hangs together over parents, however far, goes to the warehouse that the first of it names."""
    pinned: dict[str, tuple[str, str]] = {}
    seen: set[str] = set()
    for index, row in rows:
        number, warehouse = _text(row, "externalId"), _text(row, "externalWarehouseId")
        if number is None or number in seen:
            continue
        seen.add(number)
        if warehouse is None:
            continue
        first, where = pinned.setdefault(_top(number, parents), (number, warehouse))
        if where != warehouse:
            yield FieldError(
                f"rows[{index}].externalWarehouseId",
                "other_warehouse",
                f"is not {where!r}, to which row {first!r} of the same bundle goes",
            )


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


def _is_goods(row: Mapping[str, Any]) -> bool:
    return (_text(row, "productType") or "").strip().casefold() not in plan.SERVICES


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) and given(value) else None
