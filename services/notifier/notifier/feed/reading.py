"""Reading a feed: what comes behind a cursor, at once or as soon as there is something."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from notifier.feed import cursor, news, store
from notifier.feed.store import Told
from notifier.places import Places
from shared.postgres import Database
from shared.service import Service

MOST_READING = 20
"""So many requests of one organisation may wait for news in a process at once, or follow it as a stream."""
MOST_BYTES = 2_000_000
"""A page ends with the event that makes it so large."""
LOOK_UP_S = 1.0
"""So often one that waits looks whether anybody still wants an answer, and whether the service is about to stop."""


readers = Places("requests wait for news of this feed", MOST_READING, again_s=1)


@dataclass(frozen=True)
class Page:
    """Events in their order, and the position behind the last of them."""

    events: Sequence[Told]
    position: int
    more: bool


async def begin(database: Database, organisation: str, given: str | None) -> int:
    """The position that a reader goes on from. Raises problems.Refused as `cursor.read` does."""
    async with database.transaction_of(organisation) as tx:
        return cursor.read(given, await store.standing(tx, organisation))


async def page(database: Database, organisation: str, position: int, limit: int) -> Page:
    """The next events behind a position. Raises problems.Refused with 410 when some of them are gone meanwhile."""
    async with database.transaction_of(organisation) as tx:
        events = await store.events_after(tx, organisation, position, limit, MOST_BYTES)
        if events and events[0].position != position + 1:
            raise cursor.too_old(events[0].position - 1)
    full = len(events) == limit or sum(len(event.content) for event in events) >= MOST_BYTES
    return Page(events, events[-1].position if events else position, full)


async def _nobody() -> bool:
    return False


async def wait(
    service: Service,
    database: Database,
    organisation: str,
    position: int,
    limit: int,
    seconds: float,
    has_gone: Callable[[], Awaitable[bool]] = _nobody,
) -> Page:
    """The next events behind a position once there are some; none after so many seconds, or when the service stops.

    Whoever calls has a place among the `readers`. None as well for one that `has_gone`: its place is for others.
    """
    clock = asyncio.get_running_loop().time
    until, was_ready = clock() + seconds, service.ready
    with news.listening(organisation) as heard:
        while True:
            heard.clear()
            # Read out also for who has hung up: what cuts off a stream would cut off the end of its transaction, too.
            found = await asyncio.shield(page(database, organisation, position, limit))
            while not found.events and not heard.is_set():
                left = until - clock()
                if left <= 0 or (was_ready and not service.ready) or await has_gone():
                    return found
                try:
                    await asyncio.wait_for(heard.wait(), min(left, LOOK_UP_S))
                except TimeoutError:
                    continue
            if found.events:
                return found
