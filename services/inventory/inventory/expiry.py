"""The end of holds that nobody named in time: what they kept is free again, and goes to those who wait first."""

import asyncio
from contextlib import suppress

import structlog

from inventory import holding, store
from shared import failures, postgres
from shared.postgres import Database
from shared.service import Service

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
AT_ONCE = 200


class Expiry:
    """Looks every second; any number of replicas may."""

    def __init__(self) -> None:
        self._looking: asyncio.Task[None] | None = None

    async def start(self, service: Service) -> None:
        """Start looking."""
        self._looking = asyncio.create_task(_look(service.database), name="inventory-expiry")

    async def stop(self) -> None:
        """Stop looking; what is in hand is rolled back and looked at again by whoever comes next."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
            self._looking = None


async def end_expired(database: Database) -> int:
    """End the holds whose time is over; returns how many were found."""
    async with database.transaction() as tx:
        expired = await store.expired_holds(tx, AT_ONCE)
        if expired:
            await holding.end(tx, expired)
    return len(expired)


async def _look(database: Database) -> None:
    while True:
        try:
            while await end_expired(database) == AT_ONCE:
                pass
        except postgres.TROUBLE as error:
            log.warning("expired holds not looked at", error=failures.describe(error))
        await asyncio.sleep(LOOK_EVERY_S)
