"""What a look at one thing found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Check:
    """One thing and its state: `ok`, `missing` when it is needed, `note` when Sluice can do without."""

    what: str
    state: Literal["ok", "missing", "note"]
    detail: str
    what_to_do: str = ""


def ok(what: str, detail: str) -> Check:
    """It is as it should be."""
    return Check(what, "ok", detail)


def missing(what: str, detail: str, what_to_do: str) -> Check:
    """It is needed and not there."""
    return Check(what, "missing", detail, what_to_do)


def note(what: str, detail: str, what_to_do: str = "") -> Check:
    """It is not there, and need not be."""
    return Check(what, "note", detail, what_to_do)
