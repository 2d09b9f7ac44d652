"""How much is on its way, as one statement: in one snapshot of all services' tables nothing can slip through."""

from datetime import datetime
from functools import cache

import asyncpg

from deploy.local import services


async def now(connection: asyncpg.Connection) -> datetime:
    """The database's time."""
    moment: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return moment


async def count(connection: asyncpg.Connection, since: datetime) -> int:
    """Messages not sent, or sent since then and not taken; orders not decided; mails neither sent nor given up."""
    number: int = await connection.fetchval(_statement(), since)
    return number


@cache
def _statement() -> str:
    owners = [service.package for service in services.SERVICES]
    said = " UNION ALL ".join(f"SELECT topic, message_id FROM {owner}.sent WHERE sent_at >= $1" for owner in owners)
    taken = [
        f"(SELECT count(*) FROM said WHERE topic = '{topic}'"
        f" AND NOT EXISTS (SELECT FROM {receiver.package}.inbox i WHERE i.message_id = said.message_id))"
        for topic, receivers in services.receivers().items()
        for receiver in receivers
    ]
    counts = [
        *(f"(SELECT count(*) FROM {owner}.outbox)" for owner in owners),
        *taken,
        "(SELECT count(*) FROM router.routes WHERE state = 'asked')",
        "(SELECT count(*) FROM notifier.mails WHERE state IN ('waiting', 'pending', 'sending'))",
    ]
    return f"WITH said AS MATERIALIZED ({said}) SELECT {' + '.join(counts)}"
