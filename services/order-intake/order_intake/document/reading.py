"""Reading a posted order: everything that is wrong with it is told at once."""

import re
from collections.abc import Iterator
from typing import Any

import orjson
from pydantic import ValidationError

from order_intake.document import contradictions
from order_intake.document.order import OrderDocument
from shared import problems
from shared.problems import FieldError

_PERHAPS_CONTROL = re.compile(rb"\\(?:u00[01]|u007[fF]|[bf])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

# The public document spells some names wrong, and clients follow it (glue-api.md A.15, 15).
MISSPELT = {"currecy": "currency", "documentTyepe": "documentType", "addtionalServices": "additionalServices"}


def read_order(body: bytes, max_rows: int) -> tuple[OrderDocument, dict[str, Any]]:
    """An order and the same as plain JSON values with misspelt names put right. 400 with every failing field."""
    errors: list[FieldError] = []
    document: OrderDocument | None = None
    try:
        document = OrderDocument.model_validate_json(body)
    except ValidationError as error:
        errors = problems.field_errors(error)
    try:
        posted = as_posted(body)
    except orjson.JSONDecodeError as error:
        raise problems.invalid(errors or [FieldError("body", "json_invalid", f"is not valid JSON: {error}")]) from None
    rows = posted.get("rows") if isinstance(posted, dict) else None
    if isinstance(rows, list) and len(rows) > max_rows:
        errors = [error for error in errors if not error.field.startswith("rows[")]
        errors.append(FieldError("rows", "too_long", f"has at most {max_rows} rows, not {len(rows)}"))
    else:
        errors += contradictions.contradictions(rows)
        if b"\x7f" in body or _PERHAPS_CONTROL.search(body):
            errors += _control_characters(posted)
    if errors or document is None:
        raise problems.invalid(errors)
    return document, posted


def as_posted(body: bytes) -> Any:
    """A posted order as plain JSON values, with misspelt names put right. Raises orjson.JSONDecodeError."""
    posted = orjson.loads(body)
    if isinstance(posted, dict):
        for part in (posted, posted.get("metadata"), *_listed(posted.get("rows"))):
            if isinstance(part, dict):
                for wrong in MISSPELT.keys() & part.keys():
                    part.setdefault(MISSPELT[wrong], part.pop(wrong))
    return posted


def _listed(rows: object) -> list[object]:
    return rows if isinstance(rows, list) else []


def _control_characters(value: object, path: str = "") -> Iterator[FieldError]:
    """The texts with characters that no label, mail or database takes."""
    if isinstance(value, str):
        if _CONTROL.search(value):
            yield FieldError(path, "control_character", "has a control character")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _control_characters(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _control_characters(item, f"{path}.{name}" if path else name)
