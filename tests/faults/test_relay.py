"""The relay of a service outlives whatever happens to it: else nothing would leave the service any more."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer

from shared import kafka, outbox, retention
from shared.contracts import OrganisationChanged
from shared.postgres import Database
from shared.settings import ServiceSettings
from tests import builders, servers


@pytest.fixture
async def house(database: str) -> AsyncIterator[Database]:
    """The database of a service."""
    opened = await Database.connect(database, "router")
    yield opened
    await opened.close()


async def waiting(house: Database) -> int:
    async with house.transaction() as tx:
        count: int = await tx.fetch_value("SELECT count(*) FROM outbox")
        return count


async def test_a_relay_that_meets_what_nobody_foresaw_tries_again(
    house: Database, database: str, embedded_broker: servers.Broker
) -> None:
    settings = ServiceSettings(
        database=database, kafka=embedded_broker.address, kafka_namespace="faults-relay.", kafka_idempotence=False
    )
    await retention.prepare(house, settings.sent_days)
    await kafka.create_topics(settings, [OrganisationChanged.topic])
    surprises = iter([ZeroDivisionError("by nought"), AssertionError()])

    def new_producer() -> AIOKafkaProducer:
        surprise = next(surprises, None)
        if surprise is not None:
            raise surprise
        return kafka.new_producer(settings, "router")

    relay = outbox.Relay(database, house.schema, new_producer, lambda topic: kafka.topic_name(settings, topic))
    async with house.transaction() as tx:
        await outbox.put(tx, OrganisationChanged(business_id="a", name="a", roles=("supplier",), version=1))
    relay.start()
    try:
        await builders.eventually(lambda: waiting(house), lambda count: count == 0)
    finally:
        await relay.stop()
