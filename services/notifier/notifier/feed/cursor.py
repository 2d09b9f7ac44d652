"""Cursors: where in its feed a reader is. Opaque to clients; the position of the last event that was read."""

from notifier.feed.store import Standing
from shared import problems

END = "end"
"""Said in place of a cursor: from now on."""


def read(given: str | None, standing: Standing) -> int:
    """The position that a client goes on from; without a cursor from before the oldest event that is kept.

    Raises problems.Refused: 400 for what was never a cursor of this feed, 410 for one behind which events are gone.
    """
    if given is None:
        return standing.pruned
    if given == END:
        return standing.position
    # Behind the newest event nothing can have been read. A longer number than any is not read, but refused.
    if not (given.isascii() and given.isdigit()) or len(given) > 18 or int(given) > standing.position:
        raise problems.invalid([problems.FieldError("cursor", "cursor", "is not a cursor that this feed has given")])
    if int(given) < standing.pruned:
        raise too_old(standing.pruned)
    return int(given)


def too_old(pruned: int) -> problems.Refused:
    """410: events behind the cursor are not kept any more; it says from where to go on."""
    message = f"is too old: some of the events after it are not kept any more; the oldest come after cursor {pruned}"
    return problems.Refused(410, f"cursor: {message}", [problems.FieldError("cursor", "gone", message)])
