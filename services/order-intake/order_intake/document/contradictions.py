"""What is wrong between the fields of an order, each of which may be right by itself.

Looks at plain JSON values, so that it finds its errors also in a document that has others.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from order_intake.document.texts import MOST_FREE_TEXT
from shared.problems import FieldError

TAX_FIELDS = ("vatPercentage", "taxValue", "taxName")


def contradictions(document: Mapping[str, Any]) -> list[FieldError]:
    """Every contradiction in the rows of a document."""
    rows = document.get("rows")
    if not isinstance(rows, list):
        return []
    if not rows:
        return [FieldError("rows", "too_short", "has at least one row")]
    known = _known(rows)
    return [*_products(known), *_tax(known), *_numbers("rows", known)]


def numbers_of_comments(document: Mapping[str, Any]) -> Iterator[FieldError]:
    """Comments that have a number have each their own."""
    comments = document.get("comments")
    return _numbers("comments", _known(comments)) if isinstance(comments, list) else iter(())


def too_much_printed(document: Mapping[str, Any]) -> Iterator[FieldError]:
    """All free texts of an order together are no longer than somebody reads, and a delivery note has room for."""
    printed = document.get("print")
    parts = [part.get("freeText") for _, part in _known(printed)] if isinstance(printed, list) else []
    texts = [text.get("value") for part in parts if isinstance(part, list) for _, text in _known(part)]
    length = sum(len(text) for text in texts if isinstance(text, str))
    if length > MOST_FREE_TEXT:
        message = f"has at most {MOST_FREE_TEXT} characters of freeText in all, not {length}"
        yield FieldError("print", "too_long", message)


def _known(items: list[Any]) -> list[tuple[int, dict[str, Any]]]:
    return [(index, item) for index, item in enumerate(items) if isinstance(item, dict)]


def _products(rows: list[tuple[int, dict[str, Any]]]) -> Iterator[FieldError]:
    for index, row in rows:
        if not given(row.get("externalProductId")) and not given(row.get("productEANCode")):
            yield FieldError(f"rows[{index}].externalProductId", "missing", "this or productEANCode is required")


def _tax(rows: list[tuple[int, dict[str, Any]]]) -> Iterator[FieldError]:
    for index, row in rows:
        printed = row.get("print")
        if isinstance(printed, dict) and (given(printed.get("taxValue")) or given(printed.get("taxName"))):
            for name in TAX_FIELDS:
                if not given(printed.get(name)):
                    yield FieldError(f"rows[{index}].print.{name}", "missing", "is required with a tax")


def _numbers(of: str, items: list[tuple[int, dict[str, Any]]]) -> Iterator[FieldError]:
    first: dict[str, int] = {}
    for index, item in items:
        number = item.get("externalId")
        if isinstance(number, str) and given(number) and first.setdefault(number, index) != index:
            yield FieldError(
                f"{of}[{index}].externalId", "duplicate", f"is the number of {of}[{first[number]}] already"
            )


def given(value: object) -> bool:
    """Whether a value says anything: null and blanks do not (glue-api.md B.5)."""
    return value is not None and not (isinstance(value, str) and not value.strip())
