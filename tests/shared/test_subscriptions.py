"""What Kafka brings reaches its handler once, whatever is wrong with it and whoever joins or leaves meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared import kafka, outbox, parked, retention, service
from shared.contracts import CatalogueChanged, OrganisationChanged
from shared.postgres import Database, Transaction
from shared.service import Service
from shared.settings import ServiceSettings
from shared.subscriptions import Subscriptions
from tests import builders, servers
from tests.builders import Record
from tests.shared.echo import counted, echo, echoes, news


@pytest.fixture
async def settings(
    embedded_broker: servers.Broker, settings_on: Callable[[servers.Broker], ServiceSettings], house: Database
) -> ServiceSettings:
    chosen = settings_on(embedded_broker)
    await retention.prepare(house, 7)
    await kafka.create_topics(chosen, [OrganisationChanged.topic, CatalogueChanged.topic])
    return chosen


def replica(settings: ServiceSettings) -> Service:
    """A service that echoes what it hears; another one is a replica of it."""
    taken = Subscriptions()
    taken.on(OrganisationChanged)(echo)
    return service.build("router", settings, taken)


async def publish(settings: ServiceSettings, *records: Record) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all") as producer:
        for record in records:
            name = kafka.topic_name(settings, record.topic)
            await producer.send_and_wait(name, record.value, key=record.key, headers=list(record.headers))


def batch(count: int, prefix: str = "") -> list[Record]:
    return [builders.record(news(f"{prefix}{number}")) for number in range(count)]


async def until_echoed(house: Database, count: int) -> list[str]:
    return await builders.eventually(lambda: echoes(house), lambda said: len(said) >= count)


async def parked_in(house: Database) -> list[parked.ParkedMessage]:
    async with house.transaction() as tx:
        return await parked.parked(tx)


async def test_records_nobody_can_read_are_parked_and_hold_up_no_other(
    settings: ServiceSettings, house: Database
) -> None:
    first, last = batch(2)
    topic, identity = OrganisationChanged.topic, (outbox.MESSAGE_ID, str(uuid4()).encode())
    odd = builders.record(news("odd"))
    odd.headers = [*odd.headers, ("traceparent", b"\xff\xfe"), ("alien", b"\x00\xff")]
    unreadable_id = Record(topic, 0, b"k", b"{}", [(outbox.MESSAGE_ID, b"\xff\xfe")])
    await publish(
        settings,
        first,
        Record(topic, 0, b"no id", b"{}", []),
        unreadable_id,
        odd,
        Record(topic, 0, b"tombstone", None, [identity]),
        last,
    )
    running = replica(settings)
    await running.start()
    try:
        await builders.eventually(lambda: parked_in(house), lambda found: len(found) == 3)
        assert sorted(await until_echoed(house, 3)) == ["0", "1", "odd"]
    finally:
        await running.stop()
    errors = {one.key: one.error for one in await parked_in(house)}
    assert errors["no id"] == errors["k"] == "no readable 'message-id' header"
    assert errors["tombstone"].startswith("not a OrganisationChanged")


async def committed(settings: ServiceSettings) -> int:
    """How many records the group of the service has put behind it."""
    topic = kafka.topic_name(settings, OrganisationChanged.topic)
    group = kafka.group_name(settings, "router", OrganisationChanged.topic)
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka, group_id=group, enable_auto_commit=False) as consumer:
        places = [TopicPartition(topic, number) for number in range(settings.kafka_partitions)]
        return sum([await consumer.committed(place) or 0 for place in places])


async def test_offsets_go_only_after_their_batch_is_committed(settings: ServiceSettings, house: Database) -> None:
    in_hand, go_on = asyncio.Event(), asyncio.Event()

    async def echo_when_told(messages: Sequence[OrganisationChanged], tx: Transaction) -> None:
        in_hand.set()
        await go_on.wait()
        await echo(messages, tx)

    taken = Subscriptions()
    taken.on(OrganisationChanged)(echo_when_told)
    await publish(settings, *batch(1))
    running = service.build("router", settings, taken)
    await running.start()
    try:
        await in_hand.wait()
        assert await committed(settings) == 0
        go_on.set()
        await until_echoed(house, 1)
        await builders.eventually(lambda: committed(settings), lambda count: count == 1)
    finally:
        go_on.set()
        await running.stop()


async def test_what_came_before_the_service_started_is_taken(settings: ServiceSettings, house: Database) -> None:
    await publish(settings, *batch(20))
    running = replica(settings)
    await running.start()
    try:
        assert sorted(await until_echoed(house, 20)) == sorted(map(str, range(20)))
    finally:
        await running.stop()


async def test_a_service_that_comes_back_goes_on_where_it_stopped(settings: ServiceSettings, house: Database) -> None:
    repeated = {"service": "router", "topic": OrganisationChanged.topic, "outcome": "repeated"}
    for prefix in ("before", "after"):
        before = counted("sluice_messages_taken_total", **repeated)
        running = replica(settings)
        await running.start()
        try:
            await publish(settings, *batch(10, prefix))
            await until_echoed(house, 10 if prefix == "before" else 20)
        finally:
            await running.stop()
        assert counted("sluice_messages_taken_total", **repeated) == before
    assert len(await echoes(house)) == 20


async def test_replicas_that_join_and_leave_lose_nothing_and_repeat_nothing(
    settings: ServiceSettings, house: Database
) -> None:
    first, second = replica(settings), replica(settings)
    await first.start()
    publishing = asyncio.create_task(publish(settings, *batch(300)))
    await until_echoed(house, 20)
    await second.start()
    await until_echoed(house, 60)
    await first.stop()
    try:
        await publishing
        said = await until_echoed(house, 300)
    finally:
        await second.stop()
    assert sorted(said) == sorted(map(str, range(300)))


async def test_a_started_service_is_ready_and_a_stopped_one_is_not(settings: ServiceSettings) -> None:
    running = replica(settings)
    assert not await running.is_ready()
    await running.start()
    ready = await running.is_ready()
    await running.stop()
    assert ready
    assert not await running.is_ready()


async def test_a_service_that_cannot_start_leaves_nothing_open(settings: ServiceSettings) -> None:
    nowhere = replica(settings.model_copy(update={"database": "postgresql://sluice@127.0.0.1:1/sluice"}))
    with pytest.raises(ConnectionRefusedError):
        await nowhere.start()
    with pytest.raises(RuntimeError, match="is not started"):
        _ = nowhere.database


async def test_a_broker_that_has_less_than_was_read_of_it_is_read_from_the_beginning(
    settings: ServiceSettings, house: Database
) -> None:
    topic = TopicPartition(kafka.topic_name(settings, OrganisationChanged.topic), 0)
    group = kafka.group_name(settings, "router", OrganisationChanged.topic)
    teller = AIOKafkaConsumer(bootstrap_servers=settings.kafka, group_id=group, enable_auto_commit=False)
    await teller.start()
    teller.assign([topic])
    await teller.commit({topic: 1_000})
    await teller.stop()
    running = replica(settings)
    await running.start()
    try:
        await publish(settings, *batch(3))
        assert sorted(await until_echoed(house, 3)) == ["0", "1", "2"]
    finally:
        await running.stop()
