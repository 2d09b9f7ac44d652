"""Without a broker orders are taken all the same; what it forgot is sent again."""

import asyncio
from pathlib import Path

from deploy.local.embedded_broker import EmbeddedBroker
from tests.faults.machine import Machine
from tests.faults.shop import Enter
from tests.faults.verdict import assert_nothing_is_lost_or_doubled

ORDERS = 300


async def test_a_broker_that_goes_away_and_comes_back_empty_stops_no_order(
    tmp_path: Path, database: str, enter: Enter
) -> None:
    async with EmbeddedBroker(tmp_path) as broker:
        machine = Machine(
            tmp_path,
            *("--postgres", database, "--kafka", broker.address),
            SLUICE_KAFKA_IDEMPOTENCE="false",
            SLUICE_KAFKA_SESSION_MS="4000",
        )
        try:
            await machine.start()
            shop = await enter(machine)
            posting = asyncio.create_task(shop.post(ORDERS))
            await shop.answered(ORDERS // 3)
            await broker.stop()
            await posting
            assert shop.statuses == {200: ORDERS}
            await broker.start()
            await machine.sluice("redrive", "--older-than", "0s")
            await assert_nothing_is_lost_or_doubled(machine, shop)
        finally:
            await machine.close()
