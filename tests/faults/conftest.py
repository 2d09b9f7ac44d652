"""Systems to do harm to: one of processes on real servers, and one that brings all along."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx
import pytest

from deploy.local import demo, demo_world
from shared import sealing
from tests import servers
from tests.faults.machine import Machine
from tests.faults.shop import Enter, Shop


@pytest.fixture(scope="module")
async def of_processes(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: servers.Database, migrated: str, kafka: servers.Broker
) -> AsyncIterator[Machine]:
    """A process for each service, on the best Kafka and PostgreSQL of this machine."""
    async with servers.clone(postgres_server.dsn, migrated) as dsn:
        machine = Machine(
            tmp_path_factory.mktemp("processes"),
            *("--processes", "--postgres", dsn, "--kafka", kafka.address),
            SLUICE_KAFKA_NAMESPACE=f"{uuid4().hex}.",
            SLUICE_KAFKA_IDEMPOTENCE=str(not kafka.embedded),
            # The shortest that Apache Kafka allows: so long a group waits for a member that was killed.
            SLUICE_KAFKA_SESSION_MS="6000",
            SLUICE_SEALING_KEYS=sealing.new_key(),
            NOTIFIER_WEBHOOK_HTTP="true",
            NOTIFIER_WEBHOOK_NETWORKS="127.0.0.0/8",
            NOTIFIER_WEBHOOK_RETRY_LONGEST_SECONDS="0.5",
        )
        try:
            await machine.start()
            yield machine
        finally:
            await machine.close()


@pytest.fixture(scope="module")
async def all_in_one(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Machine]:
    """All services in one process, with the servers it brings along."""
    machine = Machine(tmp_path_factory.mktemp("one"))
    try:
        await machine.start()
        yield machine
    finally:
        await machine.close()


@pytest.fixture
async def enter() -> AsyncIterator[Enter]:
    """A new shop at a machine; its orders' numbers are its own."""
    async with AsyncExitStack() as stack:

        async def shop(machine: Machine) -> Shop:
            client = await stack.enter_async_context(
                httpx.AsyncClient(base_url=machine.address, timeout=30, trust_env=False)
            )
            return Shop(client, await demo.token(client, demo_world.NORDIC), f"F{uuid4().hex[:12]}")

        yield shop
