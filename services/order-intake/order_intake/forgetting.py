"""The end of orders that ended long ago: the order book deletes them, and says so to all who keep something of them.

The order book decides alone, because it alone knows that nothing of an order can come any more; see the decision on
what is kept for how long.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import structlog

from order_intake import store
from shared import ids, outbox
from shared.contracts import OrderForgotten
from shared.postgres import Database

log = structlog.get_logger()

EVERY_S = 3600.0
BITE = 200
PAUSE_S = 0.05
"""Between two bites: those who follow are not to fall behind by more than they take in at once."""
FIRST = UUID(int=0)


def look(days: int) -> Callable[[Database], Awaitable[bool]]:
    """The work of looking for orders to forget. It never has more to do at once."""

    async def look_once(database: Database) -> bool:
        forgotten = await forget(database, days)
        if forgotten:
            log.info("old orders forgotten", orders=forgotten, days=days)
        return False

    return look_once


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
                await store.forget_returns(tx, gone)
                await outbox.put(tx, *(OrderForgotten(order_id=order_id) for order_id in gone))
        forgotten += len(gone)
        if len(gone) < bite:
            return forgotten
        after = gone[-1]
        await asyncio.sleep(PAUSE_S)
