"""How a command answers: tables for people, JSON for programs, one line for what went wrong."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

FOUND_WRONG, USAGE, UNREACHABLE = 1, 2, 3
"""The exit codes beside 0: something is wrong with what was looked at, with the command line, or with the way there."""

_WIDE = 240


def console() -> Console:
    """Standard output. A file or a pipe has no width of its own, and nothing is to be broken for it."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDE)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their columns, exactly as they are: what is in square brackets is no markup."""
    shown = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        shown.add_row(*(Text("" if cell is None else str(cell), overflow="fold") for cell in row))
    console().print(shown)


def as_json(value: Any) -> None:
    """Print a value as JSON; what JSON does not know is written as text."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def give_up(line: str, code: int) -> NoReturn:
    """Say in one line on standard error what is wrong, and end with an exit code."""
    typer.echo(line, err=True)
    raise typer.Exit(code)
