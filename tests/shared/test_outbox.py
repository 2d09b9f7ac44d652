"""What is committed is published, in order, at least once, by one relay at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from shared import kafka, outbox, parked, retention
from shared.contracts import OrganisationChanged
from shared.inbox import Inbox
from shared.outbox import Relay
from shared.postgres import Database
from shared.settings import ServiceSettings
from tests import builders, servers
from tests.shared.echo import counted, echo, echoes, news

Records = Sequence[ConsumerRecord[bytes, bytes]]


@pytest.fixture(autouse=True)
async def partitions(house: Database) -> None:
    """Room for what is sent today."""
    await retention.prepare(house, 7)


@pytest.fixture
async def settings(kafka: servers.Broker, settings_on: Callable[[servers.Broker], ServiceSettings]) -> ServiceSettings:
    return settings_on(kafka)


class Topic:
    """What has arrived on a topic, from its beginning."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self.consumer = consumer
        self.records: list[ConsumerRecord[bytes, bytes]] = []

    async def read(self) -> Records:
        """All that has arrived until now."""
        for batch in (await self.consumer.getmany(timeout_ms=50)).values():
            self.records += batch
        return self.records

    async def until(self, count: int) -> Records:
        """All that has arrived once it is so many records."""
        return await builders.eventually(self.read, lambda records: len(records) >= count)


@pytest.fixture
async def topic(settings: ServiceSettings) -> AsyncIterator[Topic]:
    """The topic of `OrganisationChanged`."""
    await kafka.create_topics(settings, [OrganisationChanged.topic])
    name = kafka.topic_name(settings, OrganisationChanged.topic)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(name, number) for number in range(settings.kafka_partitions)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    yield Topic(consumer)
    await consumer.stop()


Producer = Callable[[], AIOKafkaProducer]


def relay_of(settings: ServiceSettings, producer: Producer | None = None) -> Relay:
    return Relay(
        settings.database,
        "router",
        producer or (lambda: kafka.new_producer(settings, "router")),
        lambda topic: kafka.topic_name(settings, topic),
    )


@asynccontextmanager
async def relaying(settings: ServiceSettings, producer: Producer | None = None) -> AsyncIterator[Relay]:
    relay = relay_of(settings, producer)
    relay.start()
    try:
        yield relay
    finally:
        await relay.stop()


async def put(house: Database, *names: str) -> None:
    async with house.transaction() as tx:
        await outbox.put(tx, *(news(name) for name in names))


async def put_and_fail(house: Database, name: str) -> None:
    async with house.transaction() as tx:
        await outbox.put(tx, news(name))
        await tx.execute("SELECT 1 / 0")


async def counts(house: Database) -> tuple[int, int]:
    """How many messages wait, and how many were sent."""
    async with house.transaction() as tx:
        row = await tx.fetch_one("SELECT (SELECT count(*) FROM outbox) AS waiting, (SELECT count(*) FROM sent) AS gone")
    assert row is not None
    return row["waiting"], row["gone"]


async def test_what_is_put_arrives_with_key_and_id_and_moves_to_sent(
    house: Database, settings: ServiceSettings, topic: Topic
) -> None:
    await put(house, "1234567-1")
    async with relaying(settings):
        (record,) = await topic.until(1)
        await builders.eventually(lambda: counts(house), lambda found: found == (0, 1))
    async with house.transaction() as tx:
        (row,) = await tx.fetch("SELECT message_id, value FROM sent")
    assert record.key == b"1234567-1"
    assert OrganisationChanged.model_validate_json(record.value or b"") == news("1234567-1")
    assert dict(record.headers)[outbox.MESSAGE_ID] == str(row["message_id"]).encode()


async def test_messages_of_one_key_keep_their_order(house: Database, settings: ServiceSettings, topic: Topic) -> None:
    async with relaying(settings):
        for batch in range(10):
            async with house.transaction() as tx:
                await outbox.put(
                    tx, *(news(str(key), version=batch * 100 + number) for number in range(30) for key in range(5))
                )
        records = await topic.until(1_500)
    for key in range(5):
        read = [OrganisationChanged.model_validate_json(record.value or b"") for record in records]
        versions = [one.version for one in read if one.business_id == str(key)]
        assert versions == [batch * 100 + number for batch in range(10) for number in range(30)]


async def test_what_was_rolled_back_is_never_published(
    house: Database, settings: ServiceSettings, topic: Topic
) -> None:
    async with relaying(settings):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await put_and_fail(house, "rolled back")
        await put(house, "committed")
        records = await topic.until(1)
    assert [record.key for record in records] == [b"committed"]


async def parked_in(house: Database) -> list[parked.ParkedMessage]:
    async with house.transaction() as tx:
        return await parked.parked(tx)


async def test_a_message_too_large_for_kafka_is_parked_and_its_neighbours_are_sent(
    house: Database, settings: ServiceSettings, topic: Topic
) -> None:
    before = counted("sluice_messages_unsendable_total", service="router")
    large = OrganisationChanged(business_id="large", name="x" * 8_000_000, roles=("supplier",), version=1)
    async with house.transaction() as tx:
        await outbox.put(tx, news("first"), large, news("large", version=2), news("last"))
        message_id = await tx.fetch_value("SELECT message_id FROM outbox WHERE length(value) > 8000000")
    async with relaying(settings):
        records = await topic.until(3)
        await builders.eventually(lambda: counts(house), lambda found: found == (0, 3))
    assert {record.key for record in records} == {b"first", b"large", b"last"}
    (found,) = await parked_in(house)
    assert (found.message_id, found.topic, found.key) == (str(message_id), OrganisationChanged.topic, "large")
    assert (found.partition, found.offset, found.headers) == (-1, -1, [[outbox.MESSAGE_ID, str(message_id)]])
    assert found.value == large.model_dump_json(exclude_defaults=True)
    assert "MessageSizeTooLargeError" in found.error
    assert counted("sluice_messages_unsendable_total", service="router") == before + 1


class Refusing(AIOKafkaProducer):  # type: ignore[misc]
    """A producer whose broker refuses a message, and what comes after it from the same producer."""

    refused = False

    async def send(self, topic: str, value: bytes, key: bytes, headers: Sequence[tuple[str, bytes]]) -> object:
        """Send, or fail as a broker's answer does: later."""
        self.refused = self.refused or key == b"bad"
        if not self.refused:
            return await super().send(topic, value, key=key, headers=headers)
        answer = asyncio.get_running_loop().create_future()
        answer.set_exception(MessageSizeTooLargeError())
        return answer


async def test_a_message_the_broker_refuses_is_parked_and_not_those_refused_with_it(
    house: Database, settings: ServiceSettings, topic: Topic
) -> None:
    await put(house, "first", "bad", "refused with it", "last")
    async with relaying(settings, lambda: Refusing(bootstrap_servers=settings.kafka)):
        records = await topic.until(3)
        await builders.eventually(lambda: counts(house), lambda found: found == (0, 3))
    assert {record.key for record in records} == {b"first", b"refused with it", b"last"}
    assert len(records) == 3
    (found,) = await parked_in(house)
    assert (found.key, found.error) == ("bad", "[Error 10] MessageSizeTooLargeError")


class Weighing(AIOKafkaProducer):  # type: ignore[misc]
    """A producer that knows how many bytes of messages it had in hand at most."""

    in_hand = most = 0

    async def send(self, topic: str, value: bytes, key: bytes, headers: Sequence[tuple[str, bytes]]) -> object:
        """Send, and weigh it until it is acknowledged."""
        Weighing.in_hand += len(value)
        Weighing.most = max(Weighing.most, Weighing.in_hand)
        answer = await super().send(topic, value, key=key, headers=headers)
        answer.add_done_callback(lambda _: self._put_down(len(value)))
        return answer

    def _put_down(self, weight: int) -> None:
        Weighing.in_hand -= weight


async def test_large_messages_are_read_few_at_a_time(house: Database, settings: ServiceSettings, topic: Topic) -> None:
    size = outbox.BATCH_BYTES // 4
    async with house.transaction() as tx:
        large = OrganisationChanged(business_id="large", name="x" * size, roles=("supplier",), version=1)
        await outbox.put(tx, *[large] * 11, news("small"))
    async with relaying(settings, lambda: Weighing(bootstrap_servers=settings.kafka, max_request_size=size * 2)):
        await builders.eventually(lambda: counts(house), lambda found: found == (0, 12))
    assert size < Weighing.most <= outbox.BATCH_BYTES + size
    assert len(await topic.until(12)) == 12


class Interrupted(AIOKafkaProducer):  # type: ignore[misc]
    """A producer that once cannot take a message."""

    interruptions = 1

    async def send(self, topic: str, value: bytes, key: bytes, headers: Sequence[tuple[str, bytes]]) -> object:
        """Send, or raise."""
        if key == b"second" and Interrupted.interruptions:
            Interrupted.interruptions -= 1
            raise KafkaTimeoutError
        return await super().send(topic, value, key=key, headers=headers)


async def test_what_was_sent_before_an_interruption_is_not_sent_again(
    house: Database, settings: ServiceSettings, topic: Topic
) -> None:
    await put(house, "first", "second")
    async with relaying(settings, lambda: Interrupted(bootstrap_servers=settings.kafka)):
        await builders.eventually(lambda: counts(house), lambda found: found == (0, 2))
        records = await topic.until(2)
    assert [record.key for record in records] == [b"first", b"second"]


async def test_a_transaction_that_commits_late_is_not_skipped(
    house: Database, settings: ServiceSettings, topic: Topic
) -> None:
    async with relaying(settings):
        async with house.transaction() as slow:
            await outbox.put(slow, news("late"))
            await put(house, "early")
            await topic.until(1)
            await builders.eventually(lambda: counts(house), lambda found: found[1] == 1)
        records = await topic.until(2)
    assert [record.key for record in records] == [b"early", b"late"]


async def test_a_crash_between_publishing_and_noting_it_repeats_a_message_that_is_taken_once(
    house: Database, settings: ServiceSettings, topic: Topic
) -> None:
    async with house.transaction() as tx:
        await tx.execute("CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'crash'; END $$")
        await tx.execute("CREATE TRIGGER crash BEFORE INSERT ON sent FOR EACH ROW EXECUTE FUNCTION crash()")
    await put(house, "again")
    async with relaying(settings):
        await topic.until(2)
        async with house.transaction() as tx:
            await tx.execute("DROP TRIGGER crash ON sent")
        await builders.eventually(lambda: counts(house), lambda found: found == (0, 1))
    records = await topic.read()
    assert len({dict(record.headers)[outbox.MESSAGE_ID] for record in records}) == 1
    await Inbox("router", house, OrganisationChanged, echo).take([as_record(record) for record in records])
    assert await echoes(house) == ["again"]


def as_record(record: ConsumerRecord[bytes, bytes]) -> builders.Record:
    return builders.Record(
        topic=record.topic,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=record.headers,
        partition=record.partition,
    )


async def test_one_relay_publishes_and_another_takes_over(
    house: Database, settings: ServiceSettings, topic: Topic
) -> None:
    first, second = relay_of(settings), relay_of(settings)
    first.start()
    await builders.eventually(lambda: asking(first), bool)
    second.start()
    await put(house, *map(str, range(100)))
    await topic.until(100)
    assert not await asking(second)
    await first.stop()
    await put(house, "after")
    records = await topic.until(101)
    assert await asking(second)
    await second.stop()
    assert len(records) == 101


async def asking(relay: Relay) -> bool:
    """Whether a relay is the one that publishes."""
    return relay.owner


async def test_a_stop_publishes_what_is_there(house: Database, settings: ServiceSettings, topic: Topic) -> None:
    async with relaying(settings) as relay:
        await builders.eventually(lambda: asking(relay), bool)
        await put(house, *map(str, range(50)))
    assert await counts(house) == (0, 50)
    assert len(await topic.until(50)) == 50


async def test_putting_nothing_writes_nothing(house: Database) -> None:
    async with house.transaction() as tx:
        await outbox.put(tx)
    assert await counts(house) == (0, 0)


async def test_the_api_may_write_messages_and_read_none(house: Database) -> None:
    async with house.transaction_of("1234567-1") as tx:
        await outbox.put(tx, news("from the api"))
    assert await counts(house) == (1, 0)
