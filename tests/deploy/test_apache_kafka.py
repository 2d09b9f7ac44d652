"""The broker of the tests is Apache Kafka wherever Java and Maven are, and says so when it is not."""

import os
import re
from pathlib import Path

import aiokafka
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import kafka_artefacts, trouble
from deploy.local.apache_kafka import ApacheKafka
from tests import docker_servers, servers


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_the_run_takes_the_most_real_broker_there_is_and_names_it(kafka: servers.Broker) -> None:
    lack = await kafka_artefacts.missing()
    if servers.KAFKA in os.environ:
        assert servers.KAFKA in kafka.name
    elif lack is None or docker_servers.engine_answers():
        assert kafka.name.startswith("Apache Kafka")
        assert not kafka.embedded
    else:
        assert kafka.embedded
        assert lack in kafka.name


async def test_a_message_goes_through_the_broker_of_the_run(kafka: servers.Broker) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    await admin.create_topics([NewTopic("through", 3, 1)])
    await admin.close()
    producer = aiokafka.AIOKafkaProducer(
        bootstrap_servers=kafka.address, acks="all", enable_idempotence=not kafka.embedded
    )
    async with producer:
        await producer.send_and_wait("through", b"order", key=b"1", headers=[("id", b"7")])
    consumer = aiokafka.AIOKafkaConsumer(
        "through", bootstrap_servers=kafka.address, group_id="through", auto_offset_reset="earliest"
    )
    async with consumer:
        message = await consumer.getone()
    assert (message.key, message.value, message.headers) == (b"1", b"order", (("id", b"7"),))


async def test_it_starts_empty_and_leaves_nothing_but_its_log(tmp_path: Path) -> None:
    broker = ApacheKafka(tmp_path)
    lack = await kafka_artefacts.missing()
    if lack is not None:
        with pytest.raises(trouble.CannotStart, match=re.escape(lack)):
            await broker.start()
        return
    await broker.start()
    assert broker.version.startswith("4.")
    await broker.stop()
    await broker.stop()
    assert names_in(tmp_path) == ["kafka.log"]


@pytest.mark.parametrize(
    ("output", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_402"', 8),
        ('openjdk version "25" 2025-09-16', 25),
        ("Error: could not find java", 0),
    ],
)
def test_javas_own_words_tell_its_major_version(output: str, major: int) -> None:
    assert kafka_artefacts.java_major(output) == major
