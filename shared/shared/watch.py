"""A piece of work that is done again and again as long as a service runs."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from shared import failures, postgres
from shared.postgres import Database
from shared.service import Service

log = structlog.get_logger()


class Watch:
    """Does its work every so many seconds, in a transaction of the work's own; any number of replicas share it.

    `work` answers whether there is more to do at once.
    """

    def __init__(self, name: str, work: Callable[[Database], Awaitable[bool]], every_s: float) -> None:
        self.name = name
        self.work = work
        self.every_s = every_s
        self._going: asyncio.Task[None] | None = None

    async def start(self, service: Service) -> None:
        """Start looking."""
        self._going = asyncio.create_task(self._go(service.database), name=f"{service.name}-{self.name}")

    async def stop(self) -> None:
        """Stop looking; what is in hand is rolled back and looked at again by whoever comes next."""
        if self._going is not None:
            self._going.cancel()
            with suppress(asyncio.CancelledError):
                await self._going
            self._going = None

    async def _go(self, database: Database) -> None:
        while True:
            try:
                while await self.work(database):
                    pass
            except Exception as error:
                # Whatever it was: a watch that ended would never look again.
                known = isinstance(error, postgres.TROUBLE)
                log.warning(
                    "work put off",
                    work=self.name,
                    error=failures.describe(error),
                    trace=None if known else failures.trace(error),
                )
            await asyncio.sleep(self.every_s)
