"""What the portal does by itself: it announces its signing keys, replaces them in time, and forgets old bad tries."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog

from portal import signing, store
from portal.settings import Settings
from shared import failures, postgres
from shared.postgres import Database
from shared.service import Service

log = structlog.get_logger()

EVERY_S = 60.0
FORGOTTEN_AFTER = timedelta(hours=2)


class Upkeep:
    """Runs as long as the service does. Any number of replicas may run it: the database lets one at a time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._task: asyncio.Task[None] | None = None

    async def start(self, service: Service) -> None:
        """See that there is a signing key, and announce the keys again in case somebody lost them."""
        async with service.database.transaction() as tx:
            await signing.keep_keys(tx, self.settings, announce=True)
        self._task = asyncio.create_task(self._keep(service.database), name="portal-upkeep")

    async def stop(self) -> None:
        """Stop; what is not done is done at the next start."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _keep(self, database: Database) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await keep(database, self.settings)
            except postgres.TROUBLE as error:
                log.warning("upkeep interrupted", error=failures.describe(error))


async def keep(database: Database, settings: Settings) -> None:
    """One round."""
    async with database.transaction() as tx:
        await signing.keep_keys(tx, settings)
    async with database.transaction() as tx:
        await store.forget_bad_tries(tx, FORGOTTEN_AFTER)
