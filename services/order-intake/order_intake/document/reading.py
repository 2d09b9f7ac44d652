"""Reading a posted order: everything that is wrong with it is told at once, within reason."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import orjson
from pydantic import ValidationError
from pydantic_core import from_json

from order_intake.document import bundles, contacts, contradictions, mending
from order_intake.document.order import OrderDocument
from order_intake.document.order_v2 import OrderV2
from order_intake.document.order_v3 import OrderOfAny, OrderV3
from order_intake.document.row import RowDocument
from shared import problems
from shared.problems import FieldError

MOST_ERRORS = 100
"""So many errors of one order are told; the others are counted."""

MOST_BRACKETS = 50_000
"""A thousand rows with everything need a fifth of it. An empty object of two bytes takes a hundred times that here."""

_PERHAPS_CONTROL = re.compile(rb"\\(?:u00[01]|u007[fF]|[bf])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


Document = TypeVar("Document", bound=OrderDocument)


@dataclass(frozen=True)
class Form(Generic[Document]):
    """How orders of a version are read: their fields, and what must hold between them."""

    model: type[Document]
    contradictions: tuple[Callable[[Mapping[str, Any]], Iterable[FieldError]], ...]


_ALWAYS = (contradictions.contradictions, bundles.broken_bundles, contradictions.too_much_printed)

V2 = Form(OrderV2, _ALWAYS)
V3 = Form(OrderV3, (*_ALWAYS, contradictions.numbers_of_comments, contacts.contacts_missing))
ANY = Form(OrderOfAny, (*_ALWAYS, contradictions.numbers_of_comments))
"""An order that version 2 took and version 3 would not have taken, as version 3 changes it."""


@dataclass(frozen=True)
class Read(Generic[Document]):
    """An order that was read: its document, the same as plain JSON values, and these as text if they were mended."""

    document: Document
    values: dict[str, Any]
    mended: bytes | None


def read_order(body: bytes, max_rows: int, form: Form[Document]) -> Read[Document]:
    """An order. 400 with up to 100 failing fields."""
    posted, mended = read_values(body)
    rows = posted.get("rows") if isinstance(posted, dict) else None
    # Counted before anything is read: what is wrong with a row takes far more room than a row.
    if isinstance(rows, list) and len(rows) > max_rows:
        raise problems.invalid([FieldError("rows", "too_long", f"has at most {max_rows} rows, not {len(rows)}")])
    wrong = Wrong()
    document: Document | None = None
    try:
        document = form.model.model_validate_json(body)
    except ValidationError as error:
        if error.errors(include_input=False)[0]["type"] == "json_invalid":
            # Such as too deep: then nothing else can be said of it.
            raise problems.invalid(problems.field_errors(error)) from None
        _tell(wrong, error, rows)
    if isinstance(posted, dict):
        for contradictions_of in form.contradictions:
            wrong.add(contradictions_of(posted))
    if b"\x7f" in body or _PERHAPS_CONTROL.search(body):
        wrong.add(_control_characters(posted))
    if wrong.errors or document is None:
        raise wrong.refusal()
    return Read(document, posted, orjson.dumps(posted) if mended else None)


def read_values(body: bytes) -> tuple[Any, bool]:
    """A body as plain JSON values, those of an object mended, and whether they were.

    400 when it is no JSON, or made to be costly.
    """
    if body.count(b"{") + body.count(b"[") > MOST_BRACKETS:
        raise problems.invalid([FieldError("body", "too_long", f"has more than {MOST_BRACKETS} objects and lists")])
    try:
        posted = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise problems.invalid(
            [FieldError("body", "json_invalid", f"is not valid JSON: {_where(body, error)}")]
        ) from None
    return posted, mending.mend(posted) if isinstance(posted, dict) else False


def read_object(body: bytes) -> dict[str, Any]:
    """A small body that must be an object, as plain JSON values. 400 when it is none, or nested too deep."""
    values, _ = read_values(body)
    try:
        from_json(body)
    except ValueError as too_deep:
        raise problems.invalid([FieldError("body", "json_invalid", f"is not valid JSON: {too_deep}")]) from None
    if not isinstance(values, dict):
        raise problems.invalid([FieldError("body", "model_type", "is an object")])
    return values


def _where(body: bytes, error: ValueError) -> str:
    """What is no JSON and where, by line and column as an editor shows them if pydantic minds it as well."""
    try:
        from_json(body)
    except ValueError as by_line:
        return str(by_line)
    return str(error)


@dataclass
class Wrong:
    """What is wrong with an order: the first hundred errors, and how many there are beyond."""

    errors: list[FieldError] = field(default_factory=list)
    more: int = 0

    def add(self, errors: Iterable[FieldError]) -> None:
        """Take errors up as long as there is room, and count the others."""
        for error in errors:
            if len(self.errors) < MOST_ERRORS:
                self.errors.append(error)
            else:
                self.more += 1

    def refusal(self) -> problems.Refused:
        """400 with all of it."""
        beyond = FieldError("body", "more_errors", f"has {self.more} more errors")
        return problems.invalid([*self.errors, beyond] if self.more else self.errors)


def _tell(wrong: Wrong, error: ValidationError, rows: object) -> None:
    """All that is wrong with the fields. The document was read up to its first wrong row: the rows are read again."""
    found = problems.field_errors(error)
    of_rows = [one for one in found if one.field.startswith("rows[")]
    wrong.add(one for one in found if one not in of_rows)
    known = len(wrong.errors) + wrong.more
    for index, row in enumerate(_listed(rows) if of_rows else ()):
        try:
            RowDocument.model_validate_json(orjson.dumps(row))
        except ValidationError as in_row:
            if len(wrong.errors) < MOST_ERRORS:
                wrong.add(problems.field_errors(in_row, under=f"rows[{index}]"))
            else:
                wrong.more += in_row.error_count()
    if known == len(wrong.errors) + wrong.more:
        wrong.add(of_rows)


def as_posted(body: bytes) -> Any:
    """A posted order as plain JSON values, mended. Raises orjson.JSONDecodeError."""
    posted = orjson.loads(body)
    if isinstance(posted, dict):
        mending.mend(posted)
    return posted


def stored_order(values: Mapping[str, Any]) -> OrderOfAny:
    """An order that was taken, of any version, as plain JSON values.

    What nobody looked at when it was taken may hold anything, and means nothing if it makes no sense.
    """
    sensible = dict(values)
    while True:
        try:
            return OrderOfAny.model_validate_json(orjson.dumps(sensible))
        except ValidationError as error:
            sensible = deepcopy(sensible)
            dropped = [_drop(sensible, wrong["loc"]) for wrong in error.errors(include_input=False)]
            if not any(dropped):
                raise


def _drop(values: dict[str, Any], location: tuple[int | str, ...]) -> bool:
    """Take a field out, and tell whether it was there."""
    *way, name = location
    part: Any = values
    for step in way:
        part = part[step]
    return isinstance(part, dict) and part.pop(str(name), None) is not None


def without_waiting(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The rows of an order, as plain JSON values, that are not to wait for stock any more."""
    return tuple(row["externalId"] for row in values["rows"] if row.get("backOrderCancelled") is True)


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
