"""Keeping what grows without end within bounds: a day's partition of `sent` at a time, message ids in small bites."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import structlog

from shared import failures, ids, observability, postgres
from shared.postgres import Database, Transaction

log = structlog.get_logger()

DAYS_AHEAD = 3
EVERY_S = 3600.0
BITE = 10_000
FIRST = UUID(int=0)


async def prepare(database: Database, sent_days: int) -> None:
    """Make the partitions of the days to come, drop those past `sent_days`. Must have run before anything is sent."""
    async with database.transaction() as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(hashtext('sluice.retention.' || $1))", database.schema)
        today: date = (await tx.now()).date()
        for ahead in range(DAYS_AHEAD + 1):
            day = today + timedelta(days=ahead)
            await tx.execute(
                f"CREATE TABLE IF NOT EXISTS sent_{day:%Y%m%d} PARTITION OF sent"
                f" FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
            )
            # A partition does not have the privileges of its parent, but those of any new table.
            await tx.execute(f"REVOKE ALL ON sent_{day:%Y%m%d} FROM sluice_{database.schema}_api")
        oldest = f"sent_{today - timedelta(days=sent_days):%Y%m%d}"
        for name in await _partitions(tx):
            if name < oldest:
                await tx.execute(f"DROP TABLE {name}")


async def _partitions(tx: Transaction) -> list[str]:
    rows = await tx.fetch(
        "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'sent'::regclass ORDER BY name"
    )
    return [row["name"] for row in rows]


async def forget_ids(database: Database, inbox_days: int) -> None:
    """Forget the ids of messages that were taken more than `inbox_days` ago.

    Ids begin with the moment at which their messages were put, so the old ones come first: each bite goes on behind the
    one before, rather than over what that has left dead. Ids of another kind are looked for by time.
    """
    after: UUID | None = FIRST
    while after is not None:
        async with database.transaction() as tx:
            after = await tx.fetch_value(
                "WITH gone AS (DELETE FROM inbox WHERE message_id = ANY(ARRAY(SELECT message_id FROM inbox"
                " WHERE message_id > $1 AND message_id < $2 AND taken_at < now() - make_interval(days => $3)"
                " ORDER BY message_id LIMIT $4)) RETURNING message_id)"
                " SELECT message_id FROM gone ORDER BY message_id DESC LIMIT 1",
                after,
                ids.first_id(await tx.now() - timedelta(days=inbox_days)),
                inbox_days,
                BITE,
            )
    gone = BITE
    while gone == BITE:
        async with database.transaction() as tx:
            gone = await tx.execute(
                "DELETE FROM inbox WHERE message_id IN"
                " (SELECT message_id FROM inbox WHERE taken_at < now() - make_interval(days => $1) LIMIT $2)",
                inbox_days,
                BITE,
            )


async def count_parked(database: Database) -> int:
    """How many messages wait for a person."""
    async with database.transaction() as tx:
        parked: int = await tx.fetch_value("SELECT count(*) FROM parked")
    observability.PARKED.labels(database.schema).set(parked)
    return parked


async def keep(database: Database, sent_days: int, inbox_days: int) -> None:
    """Do all of it, every hour, until cancelled; parked messages are counted every minute."""
    rounds = 0
    while True:
        try:
            if rounds % 60 == 0:
                await prepare(database, sent_days)
                await forget_ids(database, inbox_days)
            await count_parked(database)
        except postgres.TROUBLE as error:
            log.warning("retention interrupted", schema=database.schema, error=failures.describe(error))
        rounds += 1
        await asyncio.sleep(EVERY_S / 60)
