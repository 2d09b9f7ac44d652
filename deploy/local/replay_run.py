"""Past orders decided again, page by page, in as many processes as there is work for."""

import asyncio
import gc
import multiprocessing
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from router.replaying import past
from router.replaying.past import Difference, Page
from router.store import past_orders
from router.store.past_orders import PastOrder
from shared import ids
from shared.postgres import Database
from shared.rules.figures import Comparison
from shared.rules.replay import Rules

AT_ONCE = 500
"""Orders of one page."""

WORTH_PROCESSES = 5_000
"""Below so many orders starting a process takes longer than deciding them here."""

MOST_PROCESSES = 8
MOST_DIFFERENCES = 100
"""So many orders that were not reproduced are named; the others are counted."""


@dataclass(frozen=True)
class Span:
    """Which orders are decided again: those taken in from a moment on and before another, of one retailer or of all."""

    since: datetime
    until: datetime
    retailer_id: str | None = None

    @property
    def ids(self) -> tuple[UUID, UUID]:
        """The ids between which the orders are, the second not included."""
        return ids.first_id(self.since), ids.first_id(self.until)


@dataclass
class Replayed:
    """What came of all orders; the first of those that the same rules decided otherwise."""

    compared: Comparison = field(default_factory=Comparison)
    differences: list[Difference] = field(default_factory=list)

    def add(self, page: Page) -> None:
        """Add what came of a page."""
        self.compared.add(page.compared)
        self.differences += page.differences[: MOST_DIFFERENCES - len(self.differences)]


async def count(router: Database, span: Span) -> int:
    """How many orders there are to decide."""
    async with router.transaction() as tx:
        return await past_orders.count_past_orders(tx, *span.ids, span.retailer_id)


async def replay(
    router: Database,
    span: Span,
    rules: Rules,
    expected: int,
    progress: Callable[[int], object],
    *,
    processes: int | None = None,
) -> Replayed:
    """Decide the orders again, some `expected` of them; `progress` hears how many more are done.

    No more than a few pages are in memory, however many orders there are.
    """
    wanted = processes or min(MOST_PROCESSES, os.cpu_count() or 1)
    found = Replayed()
    with ExitStack() as stack:
        workers = _workers(stack, wanted) if wanted > 1 and (processes or expected >= WORTH_PROCESSES) else None
        under_way: set[asyncio.Future[Page]] = set()
        async for page in _pages(router, span):
            under_way.add(_work(workers, page, rules))
            if len(under_way) > 2 * wanted or workers is None:
                under_way = await _collect(under_way, found, progress, asyncio.FIRST_COMPLETED)
        while under_way:
            under_way = await _collect(under_way, found, progress, asyncio.ALL_COMPLETED)
    return found


def _workers(stack: ExitStack, count: int) -> Executor:
    # Not forked: the pool's connections and threads would be copied along.
    spawn = multiprocessing.get_context("spawn")
    return stack.enter_context(ProcessPoolExecutor(count, spawn, initializer=_spare_the_collector))


def _spare_the_collector() -> None:
    """Look for garbage seldom: a page is all thrown away at its end, and nothing in it goes round in circles."""
    gc.freeze()
    gc.set_threshold(100_000)


def _work(workers: Executor | None, page: list[PastOrder], rules: Rules) -> "asyncio.Future[Page]":
    loop = asyncio.get_running_loop()
    if workers is not None:
        return loop.run_in_executor(workers, past.replay_page, page, rules)
    done: asyncio.Future[Page] = loop.create_future()
    done.set_result(past.replay_page(page, rules))
    return done


async def _collect(
    under_way: "set[asyncio.Future[Page]]", found: Replayed, progress: Callable[[int], object], when: str
) -> "set[asyncio.Future[Page]]":
    done, rest = await asyncio.wait(under_way, return_when=when)
    for one in done:
        page = one.result()
        found.add(page)
        progress(page.compared.orders + page.compared.skipped)
    return rest


async def _pages(router: Database, span: Span) -> AsyncIterator[list[PastOrder]]:
    since, until = span.ids
    while True:
        async with router.transaction() as tx:
            page = await past_orders.past_orders(tx, since, until, span.retailer_id, AT_ONCE)
        if page:
            yield page
        if len(page) < AT_ONCE:
            return
        since = UUID(int=page[-1].order_id.int + 1)
