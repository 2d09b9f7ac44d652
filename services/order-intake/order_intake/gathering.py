"""Concurrent requests share one transaction.

What has arrived while the last transaction was written goes into the next: an idle service writes at once, a busy one
in large batches. Nothing waits for company.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import asyncpg
import structlog

from shared import failures, postgres, problems

Item = TypeVar("Item")
Answer = TypeVar("Answer")

log = structlog.get_logger()

LARGEST_BATCH = 500
RETRY_AFTER_S = 1


@dataclass(frozen=True)
class Waiting(Generic[Item, Answer]):
    """An item that a request wants written, in the context (log lines, trace) of that request."""

    item: Item
    answer: "asyncio.Future[Answer]"
    context: contextvars.Context


class Gathering(Generic[Item, Answer]):
    """Writes the items of concurrent requests in shared transactions, one transaction after the other.

    `write` writes a batch in one transaction and returns an answer for each item, in their order.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]], max_waiting: int) -> None:
        self.write = write
        self.max_waiting = max_waiting
        self._waiting: deque[Waiting[Item, Answer]] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def join(self, item: Item) -> Answer:
        """The answer for an item, once its transaction has committed.

        Raises problems.Refused with 503 when too many wait or the database fails; then nothing of the item is stored,
        unless the connection broke during the commit itself: to try again is always safe.
        """
        if len(self._waiting) >= self.max_waiting:
            raise _busy("Too many orders are being written")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(item, answer, contextvars.copy_context()))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), context=contextvars.Context())
        return await answer

    async def _write_all(self) -> None:
        while self._waiting:
            taken = [self._waiting.popleft() for _ in range(min(LARGEST_BATCH, len(self._waiting)))]
            # A request that has gone away was promised nothing.
            if batch := [waiting for waiting in taken if not waiting.answer.cancelled()]:
                await asyncio.create_task(self._write(batch), context=batch[0].context)

    async def _write(self, batch: Sequence[Waiting[Item, Answer]]) -> None:
        try:
            answers = await self.write([waiting.item for waiting in batch])
        except Exception as error:
            if len(batch) > 1 and not _concerns_all(error):
                for waiting in batch:
                    await self._write([waiting])
                return
            log.warning(
                "orders not written",
                orders=len(batch),
                error=failures.describe(error),
                exc_info=not _concerns_all(error),
            )
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(_busy("The database is away") if _concerns_all(error) else error)
            return
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)


def _concerns_all(error: Exception) -> bool:
    """Whether the database itself failed, rather than one of the items."""
    if isinstance(error, asyncpg.DataError | asyncpg.IntegrityConstraintViolationError):
        return False
    return postgres.is_away(error) or isinstance(error, TimeoutError | asyncpg.PostgresError)


def _busy(message: str) -> problems.Refused:
    return problems.Refused(503, f"{message}; send it again", headers={"Retry-After": str(RETRY_AFTER_S)})
