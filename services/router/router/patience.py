"""The end of patience: orders that waited for news of a product are decided without it when their time has come."""

from router import asking, store
from shared.postgres import Database

AT_ONCE = 500


async def ask_overdue(database: Database) -> int:
    """Ask inventory for the orders that have waited long enough; returns how many there were."""
    async with database.transaction() as tx:
        overdue = await store.overdue_routes(tx, AT_ONCE)
        await asking.ask_again(tx, overdue)
    return len(overdue)


async def look(database: Database) -> bool:
    """Ask for what is overdue; whether there is more."""
    return await ask_overdue(database) == AT_ONCE
