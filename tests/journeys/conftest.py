"""The whole system, running: once for all journeys, and after each of them its books are audited."""

from collections.abc import AsyncIterator

import pytest

from tests import servers
from tests.journeys import running as runs
from tests.journeys.running import Running
from tests.journeys.world import World


@pytest.fixture(scope="package")
async def on_kafka(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: servers.Database, migrated: str, kafka: servers.Broker
) -> AsyncIterator[Running]:
    """The system of most journeys, on the most real broker there is."""
    # What an embedded broker needs to be told differently, a system knows of the one it brings along.
    address = None if kafka.embedded else kafka.address
    async with (
        servers.clone(postgres_server.dsn, migrated) as dsn,
        runs.system(tmp_path_factory.mktemp("on_kafka"), dsn, address, "journeys.") as running,
    ):
        yield running


@pytest.fixture(scope="package")
async def on_embedded_broker(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: servers.Database, migrated: str
) -> AsyncIterator[Running]:
    """The same system as `sluice up` starts it."""
    async with (
        servers.clone(postgres_server.dsn, migrated) as dsn,
        runs.system(tmp_path_factory.mktemp("on_embedded"), dsn, None, "") as running,
    ):
        yield running


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Running:
    """The system on the broker that a journey names, `on_kafka` if it names none."""
    found: Running = request.getfixturevalue(getattr(request, "param", "on_kafka"))
    return found


@pytest.fixture
async def world(running: Running) -> AsyncIterator[World]:
    """A world of the journey's own. However the journey goes, the books add up at its end."""
    yield await World(running, running.client).made()
    await running.books_are_clean()
