"""The end of holds that nobody named in time: what they kept is free again, and goes to those who wait first."""

from inventory import holding, store
from shared import failpoints
from shared.postgres import Database

AT_ONCE = 200


async def end_expired(database: Database) -> int:
    """End the holds whose time is over; returns how many were found."""
    async with database.transaction() as tx:
        expired = await store.expired_holds(tx, AT_ONCE)
        if expired:
            await holding.end(tx, expired)
            failpoints.reach("expiry.before-commit")
    return len(expired)


async def look(database: Database) -> bool:
    """End the holds whose time is over. Whether there may be more of them."""
    return await end_expired(database) == AT_ONCE
