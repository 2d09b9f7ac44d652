"""Going on with those who wait, where more of them waited for stock that came than one transaction serves."""

from inventory import holding, store
from shared import failpoints
from shared.postgres import Database


async def serve_next(database: Database) -> bool:
    """Go on where stock is kept for those who wait, for the longest first. Whether there was any."""
    async with database.transaction() as tx:
        kept = await store.kept_for_waiting(tx)
        if kept:
            await holding.end(tx, kept)
            failpoints.reach("serving.before-commit")
    return bool(kept)
