"""A broker that forgets everything in the middle of the work: what PostgreSQL knows is enough."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local import demo, redrive
from deploy.local.embedded_broker import EmbeddedBroker
from tests import builders
from tests.journeys import running as runs
from tests.journeys.running import Running
from tests.journeys.world import World, routed, row

ORDERS = 150
AT_A_TIME = 8


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[EmbeddedBroker]:
    """A broker of this journey's own, to be wiped."""
    async with EmbeddedBroker(tmp_path / "broker") as started:
        yield started


@pytest.fixture
async def running(
    broker: EmbeddedBroker, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """A system of this journey's own, told of the broker as an operator would tell it."""
    monkeypatch.setenv("SLUICE_KAFKA_IDEMPOTENCE", "false")
    monkeypatch.setenv("SLUICE_KAFKA_SESSION_MS", "4000")
    async with runs.system(tmp_path / "system", database, broker.address, "") as started:
        yield started


async def test_every_accepted_order_is_routed_although_the_broker_forgot_it(
    world: World, running: Running, broker: EmbeddedBroker
) -> None:
    await world.warehouse("tampere", {"boots": 200})
    accepted: list[str] = []
    turns = asyncio.Semaphore(AT_A_TIME)

    async def post() -> None:
        async with turns:
            accepted.append(await world.place(row("boots", 1)))

    async def until_accepted(wanted: int) -> None:
        await builders.eventually(lambda: asyncio.sleep(0, len(accepted)), lambda count: count >= wanted)

    posting = asyncio.gather(*(post() for _ in range(ORDERS)))
    await until_accepted(ORDERS // 3)
    await broker.stop()
    await until_accepted(2 * ORDERS // 3)
    await broker.start()
    await posting

    # What was fetched or published while the broker came back may be lost as well, so it is asked for again.
    async with asyncio.timeout(120):
        await redrive.redrive(running.databases)
        while not await demo.settled(running.databases, seconds=5):
            await redrive.redrive(running.databases)
    for number in accepted:
        assert routed(await world.order(number)) == [{"tampere": 1}]
    assert await world.stock_at("tampere") == {"boots": (200 - ORDERS, ORDERS)}
