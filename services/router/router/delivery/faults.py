"""What is wrong with a file that was to be loaded: everything, each thing with its place."""

from collections.abc import Sequence
from dataclasses import dataclass

_PLAIN = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_pattern_mismatch": "has a character that may not be in it, or none",
    "float_parsing": "is not a number with a point, such as 61.4978",
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where in the file (`line 17`, `[3].id`), and what."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class NotLoadable(Exception):
    """A file has faults, so that nothing of it was loaded."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults[:5]))
        self.faults = faults


def worded(kind: str, message: str) -> str:
    """pydantic's message of an error, in our words where its own are about Python rather than about a file."""
    return _PLAIN.get(kind, message.removeprefix("Value error, "))
