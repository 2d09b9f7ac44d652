"""A file of tracking codes that a supplier got elsewhere: CSV with a header, one code on a line.

A shipment is named by Sluice's id, by the supplier's own reference or by the order's number; the parcel by its id,
which may be left out of a shipment that has one parcel only.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from shared import problems
from shared.problems import FieldError

MOST_LINES = 2_000
LONGEST = 100
"""The most lines of one file, and characters of a code or an id, as where they are sent one by one."""

Name = Literal["shipmentId", "externalId", "reference"]
NAMES: tuple[Name, ...] = ("shipmentId", "externalId", "reference")
"""What a shipment may be named by, the surest first."""

COLUMNS = {name.lower(): name for name in (*NAMES, "parcelId", "trackingCode")}

SHORTENED = re.compile(r"^\d([.,]\d+)?[Ee]\+?\d+$")
FORMULA = re.compile(r'^="(.*)"$')
"""A number as a spreadsheet shortens it, and a cell as some write it to keep spreadsheets from doing so."""


@dataclass(frozen=True)
class CodeLine:
    """A line: which shipment, by which of its names, which parcel, None for the only one, and a code of it.

    `code` is None of a line that is wrong, as far as it says what it is about: its parcel has a code that is not known.
    `beside` are the shipment's other names, which the line has too.
    """

    line: int
    named_by: Name
    name: str
    parcel_id: str | None
    code: str | None
    beside: tuple[tuple[Name, str], ...] = ()

    @property
    def shipment_id(self) -> UUID | None:
        """The shipment's id, if it is named by that."""
        return UUID(self.name) if self.named_by == "shipmentId" else None


@dataclass(frozen=True)
class LineFault:
    """What is wrong with a line. Line 1 is the header."""

    line: int
    field: str
    code: str
    message: str

    def as_error(self) -> FieldError:
        """As the errors of a request are told."""
        return FieldError(f"line {self.line}: {self.field}", self.code, self.message)


def read(data: bytes) -> tuple[list[CodeLine], list[LineFault]]:
    """The lines of a file that say what they are about, and what is wrong with some of them and with all others.

    Raises problems.Refused with 400 for what is no such file, or has more than `MOST_LINES` lines.
    """
    text = _text(data)
    if not text.strip():
        raise _no_file("is required: a CSV file with a header", "no_lines")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    cells = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[CodeLine] = []
    wrong: list[LineFault] = []
    count = 0
    try:
        columns = _columns(next(cells, []))
        for row in cells:
            given = [_cell(cell) for cell in row]
            if not any(given):
                continue
            count += 1
            if count > MOST_LINES:
                raise _no_file(f"has more than {MOST_LINES} lines; send the rest separately", "too_many_lines")
            line, faults = _line(cells.line_num, columns, given)
            wrong += faults
            if line is not None:
                lines.append(line)
    except csv.Error as error:
        raise _no_file(f"line {cells.line_num} is not valid CSV: {error}", "csv") from None
    if not count:
        raise _no_file("has no lines below its header", "no_lines")
    return lines, wrong


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _no_file(f"line {line} is not UTF-8; save the file as CSV UTF-8", "encoding") from None


def _columns(header: Sequence[str]) -> list[str]:
    """The columns in the file's order. A header may have capitals, blanks and underscores as it likes."""
    plain = [re.sub(r"[\W_]", "", cell).lower() for cell in header]
    wrong = [
        *(
            f"the column {cell[:50]!r} is not known; there are {', '.join(COLUMNS.values())}"
            for cell, name in zip(header, plain, strict=True)
            if name not in COLUMNS
        ),
        *(f"the column {COLUMNS[name]} is there twice" for name in COLUMNS if plain.count(name) > 1),
    ]
    if "trackingcode" not in plain:
        wrong.append("the column trackingCode is missing")
    if not {name.lower() for name in NAMES}.intersection(plain):
        wrong.append(f"none of the columns {', '.join(NAMES)} is there, which say what shipment a line is about")
    if wrong:
        raise problems.invalid(FieldError("line 1", "column", message) for message in wrong[:20])
    return [COLUMNS[name] for name in plain]


def _cell(cell: str) -> str:
    found = FORMULA.match(stripped := cell.strip())
    return found[1].strip() if found else stripped


def _line(line: int, columns: Sequence[str], given: Sequence[str]) -> tuple[CodeLine | None, list[LineFault]]:
    """A line, None when it does not say what it is about, and what is wrong with it."""
    values = {column: value for column, value in zip(columns, given, strict=False) if value}
    if len(given) != len(columns):
        wrong = [LineFault(line, "line", "cells", f"has {len(given)} cells under {len(columns)} columns")]
        return _about(line, values), wrong
    wrong = [fault for column, value in values.items() if (fault := _fault(line, column, value))]
    if not any(name in values for name in NAMES):
        wrong.append(LineFault(line, NAMES[0], "not_given", f"is required, or {' or '.join(NAMES[1:])}"))
    if "trackingCode" not in values:
        wrong.append(LineFault(line, "trackingCode", "not_given", "is required"))
    about = _about(line, values)
    return (about, wrong) if wrong or about is None else (replace(about, code=values["trackingCode"]), wrong)


def _about(line: int, values: Mapping[str, str]) -> CodeLine | None:
    """What a line is about, without its code."""
    right = {column: value for column, value in values.items() if _fault(line, column, value) is None}
    named = tuple((name, right[name]) for name in NAMES if name in right)
    if not named:
        return None
    (named_by, name), *beside = named
    return CodeLine(line, named_by, name, right.get("parcelId"), None, tuple(beside))


def _fault(line: int, column: str, value: str) -> LineFault | None:
    if len(value) > LONGEST:
        return LineFault(line, column, "longer", f"has at most {LONGEST} characters")
    if not value.isprintable():
        return LineFault(line, column, "characters", "has a character that cannot be printed")
    if column != "parcelId" and SHORTENED.match(value):
        message = f"{value} is what a spreadsheet makes of a long number; format the column as text and fill it anew"
        return LineFault(line, column, "shortened", message)
    if column == "shipmentId" and not _is_id(value):
        return LineFault(line, column, "unknown_shipment", f"{value} is not the id of a shipment")
    return None


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def _no_file(message: str, code: str) -> problems.Refused:
    return problems.invalid([FieldError("body", code, message)])
