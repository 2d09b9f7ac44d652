"""Work on many orders or shipments at once, which one of them cannot stop."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from prometheus_client import Counter

from router import store
from router.store import Work
from shared import failpoints, failures, postgres
from shared.postgres import Database, Transaction

PUT_OFF = Counter("sluice_work_put_off", "Orders and shipments that a watch could not deal with and put off", ["work"])

log = structlog.get_logger()


@dataclass(frozen=True)
class Piecework:
    """What a watch does with all that is due, in one transaction as long as nothing goes wrong.

    `due` answers the ids of what is due, at most so many. `do` deals with what is due, of these ids alone if any are
    given, and answers the ids of what it has dealt with.
    """

    work: Work
    due: Callable[[Transaction, int], Awaitable[Sequence[UUID]]]
    do: Callable[[Transaction, int, Sequence[UUID] | None], Awaitable[Collection[UUID]]]
    at_once: int

    async def run(self, database: Database) -> int:
        """Deal with what is due; returns how much there was.

        If that raises, what is due is taken apart, until only that is left which raises by itself: it is put off, and
        for longer each time. Raises when the database is away, for then nothing can be noted.
        """
        try:
            return await self._do(database, None)
        except Exception as error:
            if postgres.is_away(error):
                raise
            async with database.transaction() as tx:
                ids = await self.due(tx, self.at_once)
            if not ids:
                raise
            log.warning("work taken apart", work=self.work, pieces=len(ids), error=failures.describe(error))
        return await self._apart(database, ids)

    async def _apart(self, database: Database, ids: Sequence[UUID]) -> int:
        try:
            return await self._do(database, ids)
        except Exception as error:
            if postgres.is_away(error):
                raise
            if len(ids) == 1:
                await self._put_off(database, ids[0], error)
                return 1
        middle = len(ids) // 2
        return await self._apart(database, ids[:middle]) + await self._apart(database, ids[middle:])

    async def _do(self, database: Database, ids: Sequence[UUID] | None) -> int:
        async with database.transaction() as tx:
            done = await self.do(tx, self.at_once, ids)
            if done:
                await store.take_up(tx, self.work, done)
                failpoints.reach(f"{self.work}.before-commit")
        return len(done)

    async def _put_off(self, database: Database, id_: UUID, error: Exception) -> None:
        async with database.transaction() as tx:
            seconds = await store.put_off(tx, self.work, id_, failures.describe(error))
        PUT_OFF.labels(self.work).inc()
        log.error(
            "piece of work put off",
            work=self.work,
            id=str(id_),
            seconds=round(seconds),
            error=failures.describe(error),
            trace=failures.trace(error),
        )
