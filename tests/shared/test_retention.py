"""What grows without end is kept within bounds."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import uuid_utils.compat as uuid_utils

from shared import ids, retention
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


async def test_message_ids_are_forgotten_when_they_are_old_enough_whatever_they_look_like(house: Database) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=20)
    old_ids = [UUID(int=ids.first_id(long_ago).int + number) for number in range(5)]
    taken_late = UUID(int=ids.first_id(long_ago).int + 2 * 10**6)
    old_of_another_kind, young = uuid4(), uuid_utils.uuid7()
    async with house.transaction() as tx:
        await tx.execute(
            "INSERT INTO inbox (message_id, taken_at)"
            " SELECT id, now() - interval '15 days' FROM unnest($1::uuid[]) AS id"
            " UNION ALL SELECT id, now() FROM unnest($2::uuid[]) AS id",
            [*old_ids, old_of_another_kind],
            [taken_late, young],
        )
    await retention.forget_ids(house, 14)
    async with house.transaction() as tx:
        left = [row["message_id"] for row in await tx.fetch("SELECT message_id FROM inbox ORDER BY 1")]
    assert left == [taken_late, young]


async def test_parked_messages_are_counted(house: Database) -> None:
    assert await retention.count_parked(house) == 0
    async with house.transaction() as tx:
        await tx.execute(
            "INSERT INTO parked (topic, partition, record_offset, headers, error, attempts)"
            " VALUES ('t', 0, 0, '[]', 'e', 1), ('t', 0, 1, '[]', 'e', 1)"
        )
    assert await retention.count_parked(house) == 2
