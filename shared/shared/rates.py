"""How many requests a key may send: a bucket for each that fills steadily and is emptied by requests.

Counted by each process alone, so that it costs no look into a database: behind three replicas a key gets up to three
times as much. It keeps one key's broken loop from taking the service from all others; it does not sell capacity.
"""

from collections.abc import Callable
from time import monotonic

KEPT = 10_000
"""From so many keys on, those with a full bucket are forgotten: they would be taken for new, which is the same."""


class Rates:
    """Buckets of `burst` requests by key, filled with `per_second`. 0 a second is no bound at all."""

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float] = monotonic) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._depth = self._interval * max(burst, 1.0)
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def wait(self, key: str) -> float:
        """Take a request out of the key's bucket. 0 when there was one, else the seconds until there is."""
        if not self._interval:
            return 0.0
        now = self._clock()
        full_at = max(self._full_at.get(key, now), now) + self._interval
        missing = full_at - now - self._depth
        # What a clock's fractions add up to is not a request.
        if missing > self._interval / 1_000:
            return missing
        if len(self._full_at) >= KEPT:
            self._full_at = {known: at for known, at in self._full_at.items() if at > now}
        self._full_at[key] = full_at
        return 0.0
