"""The kinds of text an order document is made of. A blank one counts as not given (glue-api.md B.5)."""

import re
from datetime import date
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared import wire

Part = TypeVar("Part")

LONGEST_KEY = 100
LONGEST_LINE = 300
LONGEST_PROSE = 2_000
"""Characters in ids, which become keys of tables; in names and addresses; in notes. An order travels in one message."""

MOST_FREE_TEXT = 20_000
"""Characters in all free texts of an order together: some six pages of a delivery note, which every parcel has."""

LARGEST_NUMBER = 10**12
"""Of prices and measures; a short text can stand for a number that fills the memory."""

MOST_PARTS = 50
"""Elements in a list of an order, its rows aside."""

_OTHER_ADDRESS = re.compile(r"./(?:routing|preferences|comments)$|./comments/.|./rows/.+/cancellations$")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_LANGUAGE = re.compile(r"[A-Za-z]{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class DocumentPart(wire.WireModel):
    """An object of the document: fields by their public names only."""

    model_config = ConfigDict(populate_by_name=False)


def _lines(text: str, most: int) -> str:
    """One function for each kind of text, called once for each field: orders are read often."""
    if text.isprintable() and text and not text.isspace():
        return text
    if not text.strip():
        raise PydanticCustomError("missing", "is required")
    if len(text.splitlines()) > most:
        raise ValueError("is one line" if most == 1 else f"has at most {most} lines")
    return text


def _one_line(text: str) -> str:
    return _lines(text, 1)


def _two_lines(text: str) -> str:
    return _lines(text, 2)


def _three_lines(text: str) -> str:
    return _lines(text, 3)


def _prose(text: str) -> str:
    return _lines(text, len(text))


def _optional_line(text: str | None) -> str | None:
    return _lines(text, 1) if text and not text.isspace() else None


def _optional_prose(text: str | None) -> str | None:
    return text if text and not text.isspace() else None


def _order_number(text: str) -> str:
    """Printed as a barcode of Code 128 (glue-api.md A.15, 1)."""
    if not text.strip():
        raise PydanticCustomError("missing", "is required")
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise ValueError("has printable ASCII characters only, and no blank at either end")
    if text.endswith("/"):
        # In the order's address a slash at the end does not count: it could be placed, and never be found.
        raise ValueError("does not end in a slash")
    if _OTHER_ADDRESS.search(text):
        # In the order's address this would be something that belongs to the order A instead.
        raise ValueError("is not like A/routing, A/preferences, A/comments, A/comments/1 or A/rows/1/cancellations")
    return text


def _optional_order_number(text: str) -> str:
    return _order_number(text) if text and not text.isspace() else ""


def _country(text: str) -> str:
    """A country may carry a state after a colon, as some shops write it (glue-api.md B.15)."""
    country = text.partition(":")[0].strip()
    if not country:
        raise PydanticCustomError("missing", "is required")
    if not _COUNTRY.fullmatch(country):
        raise ValueError("is a country of two letters as in ISO 3166-1 alpha-2, such as FI")
    return country.upper()


def _currency(text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise ValueError("is a currency of three letters as in ISO 4217, such as EUR")
    return text.upper()


def _optional_country(text: str | None) -> str | None:
    return _country(text) if text and not text.isspace() else None


def _optional_three_lines(text: str | None) -> str | None:
    return _lines(text, 3) if text and not text.isspace() else None


def _language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise ValueError("is a language of two letters as in ISO 639-1, such as fi")
    return text.lower()


def _day(text: object) -> object:
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        raise ValueError("is a date such as 2026-01-31")
    return text


def _given(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Blank = BeforeValidator(_given)

OrderNumber = Annotated[str, Field(max_length=100), AfterValidator(_order_number)]
OptionalOrderNumber = Annotated[
    str,
    Field(max_length=100),
    BeforeValidator(lambda value: "" if value is None else value),
    AfterValidator(_optional_order_number),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 100}, {"type": "null"}]}),
]
"""Read as `""` when it is not given."""

Few = Annotated[list[Part], Field(max_length=MOST_PARTS, fail_fast=True)]
"""A short list. Its first wrong element is told: reading a list of nothing but errors would cost more than an order."""

Line = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(_one_line)]
TwoLines = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(_two_lines)]
ThreeLines = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(_three_lines)]
Key = Annotated[str, Field(max_length=LONGEST_KEY), AfterValidator(_one_line)]
Line24 = Annotated[str, Field(max_length=24), AfterValidator(_one_line)]
Line100 = Annotated[str, Field(max_length=100), AfterValidator(_one_line)]
Prose = Annotated[str, Field(max_length=LONGEST_PROSE), AfterValidator(_prose)]
Country = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(_country)]
Code = Annotated[str, Field(coerce_numbers_to_str=True, max_length=LONGEST_KEY), AfterValidator(_one_line)]
"""A text of digits for the most part, such as the code of a service; a number is taken as well."""

OptionalLine = Annotated[Annotated[str, Field(max_length=LONGEST_LINE)] | None, AfterValidator(_optional_line)]
OptionalKey = Annotated[Annotated[str, Field(max_length=LONGEST_KEY)] | None, AfterValidator(_optional_line)]
OptionalProse = Annotated[Annotated[str, Field(max_length=LONGEST_PROSE)] | None, AfterValidator(_optional_prose)]
OptionalCode = Annotated[
    Annotated[str, Field(coerce_numbers_to_str=True, max_length=LONGEST_KEY)] | None, AfterValidator(_optional_line)
]
OptionalThreeLines = Annotated[
    Annotated[str, Field(max_length=LONGEST_LINE)] | None, AfterValidator(_optional_three_lines)
]
OptionalCountry = Annotated[Annotated[str, Field(max_length=LONGEST_LINE)] | None, AfterValidator(_optional_country)]
OptionalLine10 = Annotated[Annotated[str, Field(max_length=10)] | None, AfterValidator(_optional_line)]
OptionalLine40 = Annotated[Annotated[str, Field(max_length=40)] | None, AfterValidator(_optional_line)]
OptionalLine100 = Annotated[Annotated[str, Field(max_length=100)] | None, AfterValidator(_optional_line)]
OptionalCurrency = Annotated[Annotated[str, AfterValidator(_currency)] | None, Blank]
OptionalLanguage = Annotated[Annotated[str, AfterValidator(_language)] | None, Blank]
OptionalMoment = Annotated[wire.Moment | None, Blank]
OptionalFlag = Annotated[bool | None, Blank]
OptionalNumber = Annotated[Annotated[wire.Number, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)] | None, Blank]
OptionalMeasure = Annotated[Annotated[wire.Number, Field(ge=0, le=LARGEST_NUMBER)] | None, Blank]

Day = Annotated[date, BeforeValidator(_day)]
Figure = Annotated[str, Field(coerce_numbers_to_str=True, max_length=LONGEST_LINE), AfterValidator(_one_line)]
"""A text that stands for a number, such as a price to be printed; a number is taken as well."""
OptionalFigure = Annotated[
    Annotated[str, Field(coerce_numbers_to_str=True, max_length=LONGEST_LINE)] | None, AfterValidator(_optional_line)
]
