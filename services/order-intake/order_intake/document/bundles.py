"""What is wrong with the bundles of an order: rows that ship together, named by their parents.

Looks at plain JSON values, so that it finds its errors also in a document that has others.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from order_intake.document.contradictions import given
from shared.problems import FieldError
from shared.rules import belonging
from shared.rules.belonging import BundledRow


def broken_bundles(document: Mapping[str, Any]) -> Iterator[FieldError]:
    """A parent is a row of goods of the same order, no row is a part of itself, and a bundle has one warehouse."""
    listed = document.get("rows")
    rows = [
        BundledRow(
            index,
            _text(row, "externalId"),
            _text(row, "parentRowReference"),
            _text(row, "externalWarehouseId"),
            _text(row, "productType"),
        )
        for index, row in enumerate(listed if isinstance(listed, list) else ())
        if isinstance(row, dict)
    ]
    for wrong in belonging.broken_bundles(rows):
        yield FieldError(f"rows[{wrong.place}].{wrong.field}", wrong.code, wrong.message)


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) and given(value) else None
