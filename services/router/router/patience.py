"""The end of patience: orders that waited for news of a product are decided without it when their time has come."""

import asyncio
from contextlib import suppress

import structlog

from router import asking, store
from shared import failures, postgres
from shared.postgres import Database
from shared.service import Service

log = structlog.get_logger()

LOOK_EVERY_S = 0.5
AT_ONCE = 500


class Patience:
    """Looks every half second; any number of replicas share the work."""

    def __init__(self) -> None:
        self._looking: asyncio.Task[None] | None = None

    async def start(self, service: Service) -> None:
        """Start looking."""
        self._looking = asyncio.create_task(_look(service.database), name="router-patience")

    async def stop(self) -> None:
        """Stop looking; what is in hand is rolled back and looked at again by whoever comes next."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
            self._looking = None


async def ask_overdue(database: Database) -> int:
    """Ask inventory for the orders that have waited long enough; returns how many there were."""
    async with database.transaction() as tx:
        overdue = await store.overdue_routes(tx, AT_ONCE)
        await asking.ask_again(tx, overdue)
    return len(overdue)


async def _look(database: Database) -> None:
    while True:
        try:
            while await ask_overdue(database) == AT_ONCE:
                pass
        except postgres.TROUBLE as error:
            log.warning("postponed orders not looked at", error=failures.describe(error))
        await asyncio.sleep(LOOK_EVERY_S)
