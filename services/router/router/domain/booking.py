"""What becomes of a parcel's booking at a carrier, and how long it is tried."""

from dataclasses import dataclass
from typing import Literal

State = Literal["pending", "booked", "refused", "cancelling", "cancelled", "not wanted"]

FIRST_S, LONGEST_S, WHOLE_S = 15.0, 1_800.0, 2 * 86_400.0
"""Seconds to wait after the first try, at most between two tries, and from the first try to the last."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a booking after a try: its state, what to tell, seconds to the next try.

    `unsure`: the try may have succeeded without our hearing of it.
    """

    state: State
    answer: str | None = None
    pause_s: float = 0.0
    unsure: bool = False


def put_off(state: State, answer: str, attempts: int, tried_s: float, *, unsure: bool) -> Verdict:
    """A booking, or a cancellation, that did not succeed is tried again, later each time; after two days no more.

    What could not be cancelled stays booked.
    """
    if tried_s >= WHOLE_S:
        return Verdict("refused" if state == "pending" else "booked", f"{answer}; given up after two days")
    # The exponent is bounded, so that no number of tries is too large to double.
    return Verdict(state, answer, min(FIRST_S * 2.0 ** min(attempts - 1, 20), LONGEST_S), unsure)
