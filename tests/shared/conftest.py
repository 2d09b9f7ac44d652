"""A service of no business: the messaging tables of a real schema, and topics of its own."""

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest

from shared.postgres import Database
from shared.settings import ServiceSettings
from tests import servers

SCHEMA = "router"


@pytest.fixture
async def house(database: str) -> AsyncIterator[Database]:
    """A service's database."""
    opened = await Database.connect(database, SCHEMA)
    yield opened
    await opened.close()


@pytest.fixture
def settings_on(database: str) -> Callable[[servers.Broker], ServiceSettings]:
    """Settings for a broker, with topics that no other test sees."""

    def settings(broker: servers.Broker) -> ServiceSettings:
        return ServiceSettings(
            database=database,
            kafka=broker.address,
            kafka_namespace=f"{uuid4().hex}.",
            kafka_partitions=4,
            kafka_session_ms=6_000,
            kafka_idempotence=not broker.embedded,
        )

    return settings
