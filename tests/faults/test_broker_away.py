"""Without a broker orders are taken all the same; what it forgot is sent again."""

import asyncio
from datetime import timedelta
from pathlib import Path

from deploy.local import databases, redrive
from deploy.local.embedded_broker import EmbeddedBroker
from tests.faults.machine import RECOVER_S, Machine
from tests.faults.shop import Enter
from tests.faults.verdict import assert_nothing_is_lost_or_doubled

ORDERS = 300
LONG_AGO = timedelta(seconds=10)


async def redriven_until_all_is_taken(database: str) -> None:
    """Send again what is not taken within seconds, without the patience that spares a receiver which is down.

    A broker that has just come back empty may lose what it is given once more: it takes some of it for what it has.
    """
    async with databases.opened({"database": database, "kafka": "-"}) as opened, asyncio.timeout(RECOVER_S):
        while await redrive.unaccounted(opened):
            await asyncio.sleep(3)
            await redrive.redrive(opened, older_than=LONG_AGO)


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
            await redriven_until_all_is_taken(database)
            await assert_nothing_is_lost_or_doubled(machine, shop)
        finally:
            await machine.close()
