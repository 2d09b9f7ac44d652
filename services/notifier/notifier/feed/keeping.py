"""The running part behind the feed: it sees what other replicas have written, and lets old events, the log entries
of webhooks about them, and mails about no order go."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from notifier import faults
from notifier import store as mails
from notifier.feed import news, store
from notifier.webhooks import store as webhooks
from shared.postgres import Database
from shared.service import Service

log = structlog.get_logger()

PRUNE_EVERY_S = 3600.0
BITE = 5_000


class Keeping:
    """Looks every `poll_seconds` at the feeds that somebody waits for, and prunes all of them once an hour."""

    def __init__(self, poll_seconds: float, days: int) -> None:
        self._poll_seconds = poll_seconds
        self._days = days
        self._tasks: list[asyncio.Task[None]] = []
        self._seen: dict[str, int] = {}

    async def start(self, service: Service) -> None:
        """Begin, as a part of the service."""
        self._tasks = [
            asyncio.create_task(self._again_and_again(self._look, self._poll_seconds, service.database), name="news"),
            asyncio.create_task(self._again_and_again(self._prune, PRUNE_EVERY_S, service.database), name="pruning"),
        ]

    async def stop(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    async def _again_and_again(
        self, act: Callable[[Database], Awaitable[None]], seconds: float, database: Database
    ) -> None:
        while True:
            try:
                await act(database)
            except Exception as error:
                # Whatever it was: without this part nobody would ever hear of what other replicas write.
                log.warning("feeds not looked at", **faults.of(error))
            await asyncio.sleep(seconds)

    async def _look(self, database: Database) -> None:
        wanted = news.waited_for()
        if not wanted:
            self._seen = {}
            return
        async with database.transaction() as tx:
            now = await store.positions(tx, wanted)
        news.tell([organisation for organisation, position in now.items() if position != self._seen.get(organisation)])
        self._seen = now

    async def _prune(self, database: Database) -> None:
        gone = await prune(database, self._days)
        if gone:
            log.info("old events forgotten", events=gone, days=self._days)


async def prune(database: Database, days: int, bite: int = BITE) -> int:
    """Delete the events that are older than so many days; how many there were."""
    gone = 0
    async with database.transaction() as tx:
        organisations = await store.feeds(tx)
    for organisation in organisations:
        bitten = bite
        while bitten == bite:
            async with database.transaction() as tx:
                bitten = await store.prune(tx, organisation, days, bite)
            gone += bitten
    bitten = bite
    while bitten == bite:
        async with database.transaction() as tx:
            bitten = await webhooks.forget_deliveries(tx, days, bite)
    bitten = bite
    while bitten == bite:
        async with database.transaction() as tx:
            bitten = await mails.forget_old_mails(tx, days, bite)
    return gone
