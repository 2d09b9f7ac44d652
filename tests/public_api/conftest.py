"""A system of each file's own, with a market in it: what one file breaks, such as a key, another must not miss."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests import servers
from tests.journeys import running as runs
from tests.journeys.running import Running
from tests.public_api.market import ENVIRONMENT, Market


@pytest.fixture(scope="module")
async def running(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: servers.Database,
    migrated: str,
    kafka: servers.Broker,
) -> AsyncIterator[Running]:
    """The whole system behind its gateway."""
    name = request.module.__name__.rpartition(".")[2]
    address = None if kafka.embedded else kafka.address
    with pytest.MonkeyPatch.context() as environment:
        for variable, value in ENVIRONMENT.items():
            environment.setenv(variable, value)
        async with (
            servers.clone(postgres_server.dsn, migrated) as dsn,
            runs.system(tmp_path_factory.mktemp(name), dsn, address, f"{name}.") as running,
        ):
            yield running


@pytest.fixture(scope="module")
async def market(running: Running) -> AsyncIterator[Market]:
    """A market. However it is dealt with, the books add up at its end."""
    async with httpx.AsyncClient(base_url=running.system.address, timeout=30, trust_env=False) as client:
        yield await Market(running, client).made()
    await running.books_are_clean()
