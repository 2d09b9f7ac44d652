"""The end of patience: orders that waited for news of a product are decided without it when their time has come."""

from collections.abc import Collection, Sequence
from uuid import UUID

from router import asking, store
from router.piecework import Piecework
from shared.postgres import Database, Transaction

AT_ONCE = 500


async def ask_overdue(database: Database) -> int:
    """Ask inventory for the orders that have waited long enough; returns how many there were."""
    return await _WORK.run(database)


async def look(database: Database) -> bool:
    """Ask for what is overdue; whether there is more."""
    return await ask_overdue(database) == AT_ONCE


async def _ask_overdue(tx: Transaction, limit: int, only: Sequence[UUID] | None) -> Collection[UUID]:
    overdue = await store.overdue_routes(tx, limit, only)
    await asking.ask_again(tx, overdue)
    return [route.order.order_id for route in overdue]


_WORK = Piecework("patience", store.overdue_ids, _ask_overdue, AT_ONCE)
