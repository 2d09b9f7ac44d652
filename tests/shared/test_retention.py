"""What grows without end is kept within bounds."""

from datetime import timedelta
from uuid import uuid4

from shared import retention
from shared.postgres import Database


async def partitions(house: Database) -> list[str]:
    async with house.transaction() as tx:
        rows = await tx.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'sent'::regclass ORDER BY name"
        )
    return [row["name"] for row in rows]


async def days(house: Database, *offsets: int) -> list[str]:
    """The names of the partitions of days around today."""
    async with house.transaction() as tx:
        today = (await tx.now()).date()
    return [f"sent_{today + timedelta(days=offset):%Y%m%d}" for offset in offsets]


async def make_partition(house: Database, offset: int) -> None:
    async with house.transaction() as tx:
        day = (await tx.now()).date() + timedelta(days=offset)
        await tx.execute(
            f"CREATE TABLE sent_{day:%Y%m%d} PARTITION OF sent"
            f" FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
        )


async def test_the_days_to_come_have_room_before_they_come(house: Database) -> None:
    await retention.prepare(house, 7)
    await retention.prepare(house, 7)
    assert await partitions(house) == await days(house, 0, 1, 2, 3)


async def test_days_past_the_bound_are_dropped_and_younger_ones_kept(house: Database) -> None:
    for offset in (-30, -8, -7, -1):
        await make_partition(house, offset)
    await retention.prepare(house, 7)
    assert await partitions(house) == await days(house, -7, -1, 0, 1, 2, 3)


async def test_message_ids_are_forgotten_when_they_are_old_enough(house: Database) -> None:
    old, young = uuid4(), uuid4()
    async with house.transaction() as tx:
        await tx.execute(
            "INSERT INTO inbox (message_id, taken_at) VALUES ($1, now() - interval '15 days'), ($2, now())", old, young
        )
    await retention.forget_ids(house, 14)
    async with house.transaction() as tx:
        assert [row["message_id"] for row in await tx.fetch("SELECT message_id FROM inbox")] == [young]


async def test_parked_messages_are_counted(house: Database) -> None:
    assert await retention.count_parked(house) == 0
    async with house.transaction() as tx:
        await tx.execute(
            "INSERT INTO parked (topic, partition, record_offset, headers, error, attempts)"
            " VALUES ('t', 0, 0, '[]', 'e', 1), ('t', 0, 1, '[]', 'e', 1)"
        )
    assert await retention.count_parked(house) == 2
