"""A service needs its database to start; Kafka may come later."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.embedded_broker import EmbeddedBroker
from shared import consuming, outbox, service
from shared.contracts import OrganisationChanged
from shared.kafka import topic_name
from shared.postgres import Database
from shared.service import Service
from shared.settings import ServiceSettings
from shared.subscriptions import Subscriptions
from tests import builders, servers
from tests.shared.echo import counted, echo, echoes, news

Settings = Callable[[servers.Broker], ServiceSettings]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No long wait for a Kafka that is known to be away."""
    monkeypatch.setattr(consuming, "REACH_WAIT_S", 0.5)


def listener(settings: ServiceSettings) -> Service:
    taken = Subscriptions()
    taken.on(OrganisationChanged)(echo)
    return service.build("router", settings, taken)


async def is_consuming() -> bool:
    return counted("sluice_consuming", service="router") == 1


async def test_a_service_starts_without_kafka_and_catches_up_when_it_comes(
    tmp_path: Path, house: Database, settings_on: Settings
) -> None:
    async with EmbeddedBroker(tmp_path) as broker:
        running = listener(settings_on(servers.Broker(broker.address, "embedded", embedded=True)))
        await broker.stop()
        await running.start()
        try:
            transport = httpx.ASGITransport(running.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://sluice.test") as client:
                assert (await client.get("/readyz")).status_code == 200
            assert not await is_consuming()
            async with house.transaction() as tx:
                await outbox.put(tx, news("written while Kafka was away"))
            await broker.start()
            said = await builders.eventually(lambda: echoes(house), bool)
            assert said == ["written while Kafka was away"]
            assert await is_consuming()
        finally:
            await running.stop()
    assert not await is_consuming()


async def test_a_started_service_has_joined_the_kafka_that_is_there(
    embedded_broker: servers.Broker, settings_on: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    running = listener(settings_on(embedded_broker))
    await running.start()
    joined = await is_consuming()
    await running.stop()
    assert joined


async def test_a_service_that_never_met_kafka_stops(settings_on: Settings) -> None:
    running = listener(settings_on(servers.Broker("127.0.0.1:1", "nowhere", embedded=True)))
    await running.start()
    assert await running.is_ready()
    await running.stop()
    assert not await running.is_ready()


async def test_topics_that_the_broker_has_lost_are_made_again(
    kafka: servers.Broker, settings_on: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "TOPICS_S", 0.1)
    settings = settings_on(kafka)
    name = topic_name(settings, OrganisationChanged.topic)
    running = listener(settings)
    administrator = AIOKafkaAdminClient(bootstrap_servers=kafka.address)

    async def partitions() -> int:
        [found] = await administrator.describe_topics([name])
        return len(found["partitions"])

    try:
        await administrator.start()
        # One that the service has not made, so that its own can be told from it.
        await administrator.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
        await running.start()
        assert await partitions() == 1
        await administrator.delete_topics([name])
        await builders.eventually(partitions, lambda number: number == settings.kafka_partitions)
    finally:
        await administrator.close()
        await running.stop()
