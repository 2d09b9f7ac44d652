"""One system for all samples of the public documents, and those who speak in them."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from tests import servers
from tests.journeys import running as runs
from tests.journeys.running import Running
from tests.journeys.world import World
from tests.public_api.samples.parties import Parties


@pytest.fixture(scope="package")
async def running(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: servers.Database, migrated: str, kafka: servers.Broker
) -> AsyncIterator[Running]:
    """The whole system behind its gateway. Whatever the samples did, its books add up at the end."""
    address = None if kafka.embedded else kafka.address
    # In a run of several processes each has a system for those of these files that it got.
    namespace = f"samples-{uuid4().hex[:8]}."
    async with (
        servers.clone(postgres_server.dsn, migrated) as dsn,
        runs.system(tmp_path_factory.mktemp("samples"), dsn, address, namespace) as running,
    ):
        yield running
        await running.books_are_clean()


@pytest.fixture(scope="package")
async def client(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    async with httpx.AsyncClient(base_url=running.system.address, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="package")
async def parties(running: Running, client: httpx.AsyncClient) -> Parties:
    """The organisations that the samples name, with the catalogues they name."""
    return await Parties(running, client).made()


@pytest.fixture
async def world(running: Running, client: httpx.AsyncClient) -> World:
    """A retailer and a supplier of the test's own, for samples that name no organisation."""
    return await World(running, client).made()
