"""Answers that are kept for requests sent twice are forgotten after a day."""

from router.store import kept_answers
from shared.postgres import Database

AT_ONCE = 5_000


async def look(database: Database) -> bool:
    """Forget what is old; whether there may be more."""
    async with database.transaction() as tx:
        return await kept_answers.forget_answers(tx, AT_ONCE) == AT_ONCE
