"""Places in this process for what organisations ask of it and what takes its time: some for each of them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from shared import problems


class Places:
    """So many places for each organisation, and so many for all of them together; `what` says what they are for."""

    def __init__(self, what: str, each: int, whole: int | None = None, *, again_s: int) -> None:
        self._what = what
        self._each = each
        self._whole = whole
        self._again_s = again_s
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken_by(self, organisation: str) -> Iterator[None]:
        """Have a place. Raises problems.Refused with 429 when there is none, of its own or at all."""
        if self._taken[organisation] >= self._each or (self._whole and self._taken.total() >= self._whole):
            message = f"Too many {self._what} at this moment; an organisation may have {self._each}"
            raise problems.Refused(429, message, headers={"Retry-After": str(self._again_s)})
        self._taken[organisation] += 1
        try:
            yield
        finally:
            self._taken[organisation] -= 1
            if not self._taken[organisation]:
                del self._taken[organisation]
