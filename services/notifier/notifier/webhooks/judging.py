"""What a receiver's answer means, and how long to wait for a better one."""

from dataclasses import dataclass
from typing import Literal

from notifier import domain
from notifier.domain import Patience

GONE = 410
LONGEST_WISH_S = 86_400.0
"""A receiver may ask for a day's pause, not for more."""
SPREAD = 0.2
"""Pauses are up to so much longer or shorter, so that receivers that fell over together are not met together."""


@dataclass(frozen=True)
class Reply:
    """What came of a request: a status and the beginning of the answer, or no status and why there is no answer.

    `retry_after_s` is the pause that the receiver asks for, in seconds.
    """

    status: int | None
    text: str
    milliseconds: int
    retry_after_s: float = 0.0

    @property
    def taken(self) -> bool:
        """Whether the receiver has taken what it was sent; where it points elsewhere, it has not."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Verdict:
    """What becomes of an event that was sent: it was taken, comes again in some seconds, or everything pauses."""

    state: Literal["taken", "again", "paused"]
    pause_s: float = 0.0
    why: str | None = None


def judge(reply: Reply, attempts: int, failing_s: float, patience: Patience, chance: float) -> Verdict:
    """An event that is refused comes again, later each time, until patience ends; who says it is gone is left alone.

    `attempts` counts this one, `failing_s` is the time since the first in which the event was refused, and `chance`, 0
    to 1, is where in its bounds the pause lies.
    """
    if reply.taken:
        return Verdict("taken")
    if reply.status == GONE:
        return Verdict("paused", why="the receiver says that it is gone (410)")
    if failing_s >= patience.whole_s:
        said = f"{reply.status} {reply.text}".strip() if reply.status else reply.text
        return Verdict("paused", why=domain.one_line(f"refused {attempts} times, last: {said}", domain.MAX_ANSWER))
    pause = domain.pause_after(attempts, patience) * (1 + SPREAD * (2 * chance - 1))
    return Verdict("again", max(pause, min(reply.retry_after_s, LONGEST_WISH_S)))
