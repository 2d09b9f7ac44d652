"""Turns: of each supplier one request at a time changes something, and the others wait without a connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared import problems


@dataclass
class _Queue:
    """Those of one supplier who are here: one has the turn, the others wait for it."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    here: int = 0


class Turns:
    """The turns of this process. Between processes an advisory lock of the database keeps order.

    At most `waiting` requests of a supplier wait, each at most so many seconds.
    """

    def __init__(self, waiting: int, patience_s: float) -> None:
        self._most = 1 + waiting
        self._patience_s = patience_s
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def of(self, supplier_id: str) -> AsyncIterator[None]:
        """Have the supplier's turn. Refused with 429 when too many wait already, or the wait was too long."""
        queue = self._queues.setdefault(supplier_id, _Queue())
        if queue.here >= self._most:
            raise _come_back()
        queue.here += 1
        try:
            try:
                async with asyncio.timeout(self._patience_s):
                    await queue.turn.acquire()
            except TimeoutError:
                raise _come_back() from None
            try:
                yield
            finally:
                queue.turn.release()
        finally:
            queue.here -= 1
            if not queue.here:
                del self._queues[supplier_id]


def _come_back() -> problems.Refused:
    return problems.Refused(
        429, "Earlier changes of yours are still being applied; send it again", headers={"Retry-After": "1"}
    )
