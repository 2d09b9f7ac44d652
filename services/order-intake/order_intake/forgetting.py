"""The end of orders that ended long ago: the order book deletes them, and says so to all who keep something of them.

The order book decides alone, because it alone knows that nothing of an order can come any more; see the decision on
what is kept for how long.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import structlog

from order_intake import store
from order_intake.settings import Settings
from shared import failures, ids, outbox, postgres
from shared.contracts import OrderForgotten
from shared.postgres import Database
from shared.service import Service

log = structlog.get_logger()

EVERY_S = 3600.0
BITE = 200
PAUSE_S = 0.05
"""Between two bites: those who follow are not to fall behind by more than they take in at once."""
FIRST = UUID(int=0)


class Forgetting:
    """Looks once an hour for orders to forget; any number of replicas may."""

    def __init__(self, settings: Settings) -> None:
        self.days = settings.order_days
        self._looking: asyncio.Task[None] | None = None

    async def start(self, service: Service) -> None:
        """Start looking, unless orders are kept for ever."""
        if self.days:
            self._looking = asyncio.create_task(self._look(service.database), name="order-intake-forgetting")

    async def stop(self) -> None:
        """Stop looking; a bite in hand is rolled back."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
            self._looking = None

    async def _look(self, database: Database) -> None:
        while True:
            try:
                forgotten = await forget(database, self.days)
            except Exception as error:
                # Whatever it was: what ended would never look again.
                known = isinstance(error, postgres.TROUBLE)
                trace = None if known else failures.trace(error)
                log.warning("old orders not looked at", error=failures.describe(error), trace=trace)
            else:
                if forgotten:
                    log.info("old orders forgotten", orders=forgotten, days=self.days)
            await asyncio.sleep(EVERY_S)


async def forget(database: Database, days: int, bite: int = BITE) -> int:
    """Forget the orders that ended, and were not touched since, more than so many days ago; how many there were."""
    forgotten, after = 0, FIRST
    while True:
        async with database.transaction() as tx:
            until = ids.first_id(await tx.now() - timedelta(days=days))
            gone = await store.forget_ended(tx, after, until, days, bite)
            if gone:
                await store.forget_rows(tx, gone)
                await store.forget_parts(tx, gone)
                await outbox.put(tx, *(OrderForgotten(order_id=order_id) for order_id in gone))
        forgotten += len(gone)
        if len(gone) < bite:
            return forgotten
        after = gone[-1]
        await asyncio.sleep(PAUSE_S)
