"""How much of requests' bodies a process keeps in memory at a time.

A count of requests would not bound it: a body may be a few bytes or as large as is allowed. What does not fit is sent
away to come again, so that whoever sends too much at once slows down, and nobody's request ends the process.
"""

from shared import problems

RETRY_AFTER_S = 1
SMALL = 16_384
"""A body of no more bytes always has room: whoever sends large ones slowly must not keep orders out."""


class Room:
    """So many bytes for the bodies of all requests in hand. One request alone always has room, as has a small one."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0

    def take(self, more: int, own: int) -> None:
        """Take room for more bytes of a request that has some already. Raises problems.Refused with 503: no room."""
        if self.taken + more > self.limit and self.taken > own and own + more > SMALL:
            raise problems.Refused(
                503, "Too much is being sent at once; send it again", headers={"Retry-After": str(RETRY_AFTER_S)}
            )
        self.taken += more

    def leave(self, own: int) -> None:
        """Give back what a request has taken."""
        self.taken -= own
