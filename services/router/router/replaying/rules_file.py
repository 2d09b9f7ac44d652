"""A file of changed rules: TOML with the names of the HTTP interface. What does not fit is named with its line."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from router.delivery.faults import Fault, NotLoadable, worded
from router.replaying.rules_given import RulesGiven
from shared import problems
from shared.problems import Location
from shared.rules.replay import Rules


def read(content: bytes) -> Rules:
    """The rules in a file. Raises NotLoadable with everything that is wrong."""
    try:
        text = content.decode("utf-8-sig")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise NotLoadable([Fault(f"line {line}", "is not UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise NotLoadable([Fault("the file", f"is not TOML: {error}")]) from None
    try:
        return RulesGiven.model_validate_json(json.dumps(document, default=str)).rules()
    except ValidationError as error:
        lines = dict(_lines(text))
        raise NotLoadable(
            [
                Fault(_place(found["loc"], lines), worded(found["type"], found["msg"]))
                for found in error.errors(include_input=False, include_url=False)
            ]
        ) from None


def place(location: Sequence[str], content: bytes) -> str:
    """Where in a file that can be read something stands."""
    return _place(location, dict(_lines(content.decode("utf-8-sig"))))


def _place(location: Location, lines: Mapping[Location, int]) -> str:
    named = problems.path_of(location) or "the file"
    for end in range(len(location), 0, -1):
        if (line := lines.get(tuple(location[:end]))) is not None:
            return f"line {line}, {named}"
    return named


def _lines(text: str) -> Iterator[tuple[Location, int]]:
    """The line of each table and key. The last that says something of a place goes before the others."""
    table: Location = ()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            statement = tomllib.loads(line)
        except tomllib.TOMLDecodeError:
            # One of the lines of a longer value.
            continue
        paths = list(_paths(statement))
        if line.lstrip().startswith("["):
            table = paths[-1] if paths else ()
            yield table, number
        else:
            yield from (((*table, *path), number) for path in paths)


def _paths(statement: Mapping[str, Any], under: Location = ()) -> Iterator[Location]:
    for name, value in statement.items():
        yield (*under, name)
        if isinstance(value, dict):
            yield from _paths(value, (*under, name))
