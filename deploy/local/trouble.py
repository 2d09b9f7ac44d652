"""What is said when a server cannot be started: one line with the thing, the reason and the way out."""

import errno
import re
from pathlib import Path

# What PostgreSQL, initdb, the JVM and the broker put before the sentence that matters.
_CAUSE = re.compile(r"(?:\bFATAL|\bPANIC|\bERROR|\berror|\bException)\b[^:]*:\s*(?P<cause>\S.*)")
_FULL = ("No space left on device", "Disk quota exceeded")


class CannotStart(Exception):
    """A server that cannot be started. `str()` is one line, fit to be shown to a person as it is."""

    def __init__(self, what: str, why: str, what_to_do: str) -> None:
        super().__init__(what, why, what_to_do)
        self.what = what
        self.why = why
        self.what_to_do = what_to_do

    def __str__(self) -> str:
        return f"{self.what} cannot start: {self.why}. {self.what_to_do}."


def from_output(what: str, output: str, folder: Path, log: Path) -> CannotStart:
    """The trouble in what a server printed before it ended: the last line that names a cause, else the last line."""
    if any(text in output for text in _FULL):
        return disk_full(what, folder)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    causes = [found["cause"] for line in lines if (found := _CAUSE.search(line))]
    why = (causes or lines or ["it ended without a word"])[-1]
    what_to_do = f"Read {log}; if {folder} is beyond repair, name another folder with --data"
    return CannotStart(what, why.rstrip(". "), what_to_do)


def from_os_error(what: str, error: OSError, folder: Path) -> CannotStart:
    """The trouble told by the operating system while our own files below `folder` were written or read."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(what, folder)
    why = f"{error.filename or folder} cannot be used ({error.strerror or error})"
    return CannotStart(what, why, "Make it a folder this user may write, or name another with --data")


def disk_full(what: str, folder: Path) -> CannotStart:
    """The trouble that `folder` is on a full disk."""
    why = f"the disk that holds {folder} is full"
    return CannotStart(what, why, "Free some space, or name another folder with --data")
