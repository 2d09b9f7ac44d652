"""How a command says what is wrong with a file: every fault in a line of its own."""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from deploy.local.cli import show

if TYPE_CHECKING:
    from router.delivery.faults import NotLoadable


def give_up(file: Path, wrong: "NotLoadable") -> NoReturn:
    """Say on standard error all that is wrong with a file, and end with 1."""
    for fault in wrong.faults:
        typer.echo(str(fault), err=True)
    count = len(wrong.faults)
    show.give_up(f"Nothing was loaded: {file} has {count} {'fault' if count == 1 else 'faults'}.", show.FOUND_WRONG)
