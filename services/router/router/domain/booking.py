"""What becomes of a parcel's booking at a carrier, and how long it is tried."""

from dataclasses import dataclass
from typing import Literal

State = Literal["pending", "booked", "refused", "cancelling", "cancelled", "not wanted"]

FIRST_S, LONGEST_S, WHOLE_S = 15.0, 1_800.0, 2 * 86_400.0
"""Seconds to wait after the first try, at most between two tries, and from the first try to the last."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a booking after a try: its state, what to tell, seconds to the next try.

    `unsure`: some try may have succeeded without our hearing of it, also when no more are made. `label_wanted`: it is
    booked, and its label is yet to be fetched.
    """

    state: State
    answer: str | None = None
    pause_s: float = 0.0
    unsure: bool = False
    label_wanted: bool = False


def put_off(
    state: State, answer: str, attempts: int, tried_s: float, *, unsure: bool, label_wanted: bool = False
) -> Verdict:
    """A booking, its cancellation or the fetching of its label that did not succeed is tried again, later each time;
    after two days no more.

    What could not be cancelled stays booked, as does what has no label. What may be booked may be so ever after: giving
    up is no answer to that.
    """
    if tried_s >= WHOLE_S:
        return Verdict(
            "refused" if state == "pending" else "booked",
            f"{answer}; given up after two days",
            unsure=unsure,
            label_wanted=label_wanted and state == "cancelling",
        )
    # The exponent is bounded, so that no number of tries is too large to double.
    pause_s = min(FIRST_S * 2.0 ** min(attempts - 1, 20), LONGEST_S)
    return Verdict(state, answer, pause_s, unsure, label_wanted)
