"""Redrive sends again what a receiver lacks, and does not bury one that is down under copies."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from deploy.local import databases, redrive, services
from shared.contracts import OrderPlaced
from shared.postgres import Database

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def opened(database: str) -> AsyncIterator[dict[str, Database]]:
    """The databases of all services, with a partition for what was sent today and yesterday."""
    async with databases.opened({"database": database, "kafka": "-"}) as found:
        async with found["order-intake"].transaction() as tx:
            await tx.execute("CREATE TABLE sent_all PARTITION OF sent DEFAULT")
        yield found


async def sent(opened: dict[str, Database], *, created_ago: timedelta, sent_ago: timedelta) -> UUID:
    """Note an OrderPlaced as sent by order-intake."""
    message_id = uuid4()
    async with opened["order-intake"].transaction() as tx:
        await tx.execute(
            "INSERT INTO sent (id, message_id, topic, key, value, created_at, sent_at)"
            " VALUES (1, $1, $2, 'k', '', now() - $3::interval, now() - $4::interval)",
            message_id,
            OrderPlaced.topic,
            created_ago,
            sent_ago,
        )
    return message_id


async def taken(opened: dict[str, Database], message_id: UUID) -> None:
    """Let every receiver have taken an OrderPlaced."""
    for receiver in services.receivers()[OrderPlaced.topic]:
        async with opened[receiver.name].transaction() as tx:
            await tx.execute("INSERT INTO inbox (message_id) VALUES ($1)", message_id)


async def test_what_no_receiver_has_taken_goes_back_into_the_outbox_under_its_own_id(
    opened: dict[str, Database],
) -> None:
    lost = await sent(opened, created_ago=2 * MINUTE, sent_ago=2 * MINUTE)
    assert await redrive.unaccounted(opened) == 1
    assert await redrive.redrive(opened) == {OrderPlaced.topic: 1}
    async with opened["order-intake"].transaction() as tx:
        assert await tx.fetch_value("SELECT array_agg(message_id) FROM outbox") == [lost]
        assert await tx.fetch_value("SELECT count(*) FROM sent") == 0


async def test_what_its_receiver_has_taken_is_left_alone(opened: dict[str, Database]) -> None:
    await taken(opened, await sent(opened, created_ago=2 * MINUTE, sent_ago=2 * MINUTE))
    assert await redrive.redrive(opened) == {}
    assert await redrive.unaccounted(opened) == 0


async def test_a_message_sent_again_is_left_alone_for_twice_as_long(opened: dict[str, Database]) -> None:
    await sent(opened, created_ago=5 * MINUTE, sent_ago=2 * MINUTE)
    assert await redrive.redrive(opened, older_than=MINUTE, patiently=True) == {}
    await sent(opened, created_ago=5 * MINUTE, sent_ago=3 * MINUTE)
    assert await redrive.redrive(opened, older_than=MINUTE, patiently=True) == {OrderPlaced.topic: 1}


async def test_what_was_accounted_for_is_not_looked_at_again(opened: dict[str, Database]) -> None:
    accounted: dict[str, datetime] = {}
    await taken(opened, await sent(opened, created_ago=9 * MINUTE, sent_ago=9 * MINUTE))
    assert await redrive.redrive(opened, older_than=MINUTE, accounted=accounted) == {}
    assert accounted.keys() == {"order-intake"}
    async with opened["router"].transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await sent(opened, created_ago=10 * MINUTE, sent_ago=10 * MINUTE)
    assert await redrive.redrive(opened, older_than=MINUTE, accounted=accounted) == {OrderPlaced.topic: 1}
    # The moment itself is looked at again: several messages may have been sent in it.
    await sent(opened, created_ago=5 * MINUTE, sent_ago=5 * MINUTE)
    assert await redrive.redrive(opened, older_than=MINUTE, accounted=accounted) == {OrderPlaced.topic: 1}


async def test_what_is_lost_and_waited_for_patiently_keeps_what_follows_from_being_accounted_for(
    opened: dict[str, Database],
) -> None:
    accounted: dict[str, datetime] = {}
    await sent(opened, created_ago=9 * MINUTE, sent_ago=3 * MINUTE)
    assert await redrive.redrive(opened, older_than=MINUTE, patiently=True, accounted=accounted) == {}
    assert accounted == {}
    assert await redrive.redrive(opened, older_than=MINUTE, accounted=accounted) == {OrderPlaced.topic: 1}


async def test_whoever_asks_for_it_gets_it_at_once(opened: dict[str, Database]) -> None:
    await sent(opened, created_ago=5 * MINUTE, sent_ago=2 * MINUTE)
    assert await redrive.redrive(opened, older_than=MINUTE) == {OrderPlaced.topic: 1}
