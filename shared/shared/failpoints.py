"""Places in the code where a test may do harm: end the process, freeze it, raise, or sleep.

`failpoints.reach("inbox.before-commit")` does nothing, and looks at nothing, in a process that was not told of a plan
when this was imported. With `SLUICE_FAILPOINTS` naming a file, and `SLUICE_FAILPOINTS_ARE_MEANT=yes` beside it so that
no stray variable is ever enough, a plan may be written into that file at any time: `POINT ACTION COUNT`, such as
`inbox.before-commit kill 3`. At the third passing the file is removed, so that the plan is struck once and whoever
wrote it sees that it was, and then it happens.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

VARIABLE, MEANT = "SLUICE_FAILPOINTS", "SLUICE_FAILPOINTS_ARE_MEANT"


class Struck(Exception):
    """What the action `raise` raises: an error that nothing in the code expects."""


def _pass_by(_: str) -> None:
    """Nobody waits at this place."""


reach: Callable[[str], None] = _pass_by
"""Say that a place in the code was reached, by its name."""


class Plan:
    """What is to happen in this process, as a file says it now; see the module."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._passed: dict[str, int] = {}

    def reach(self, point: str) -> None:
        """Count a passing of a place, and do what is planned for it. Raises Struck when that is the plan."""
        try:
            text = self.file.read_text()
        except FileNotFoundError:
            return
        wanted, action, count = text.split()
        if wanted != point:
            return
        self._passed[text] = self._passed.get(text, 0) + 1
        if self._passed[text] < int(count):
            return
        self.file.unlink(missing_ok=True)
        self._passed.clear()
        _act(action, point)


def arm(file: Path) -> None:
    """Follow the plan of a file from now on."""
    global reach
    reach = Plan(file).reach


def _act(action: str, point: str) -> None:
    name, _, seconds = action.partition(":")
    match name:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "raise":
            raise Struck(point)
        case "sleep":
            time.sleep(float(seconds))
        case _:
            raise ValueError(f"no action {action} at {point}")


if VARIABLE in os.environ:
    if os.environ.get(MEANT) != "yes":
        sys.exit(f"{VARIABLE} is for tests only: it ends processes. Unset it, or set {MEANT}=yes as well.")
    arm(Path(os.environ[VARIABLE]))
