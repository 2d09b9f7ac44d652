"""Options that many commands have, each said once."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_DATA = Path(".sluice")
NAMES = "order-intake, router, inventory, notifier or portal"

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def address(text: str) -> str:
    """A `host:port` as given. Raises BadParameter when it is none."""
    host, _, port = text.rpartition(":")
    if not re.fullmatch(r"[^\s/@]+", host) or not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65_536:
        raise typer.BadParameter(f"{text!r} is not a host:port, such as localhost:9092")
    return text


def addresses(text: str) -> str:
    """One `host:port`, or several with commas between, as given. Raises BadParameter."""
    return ",".join(address(one) for one in text.split(","))


def duration(text: str) -> timedelta:
    """A time span such as `30s`, `5m`, `2h` or `7d`. Raises BadParameter when it is none."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a time span, such as 30s, 5m, 2h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


Data = Annotated[
    Path,
    typer.Option(
        "--data", envvar="SLUICE_DATA", metavar="PATH", help="The folder of the running system, as given to sluice up."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
