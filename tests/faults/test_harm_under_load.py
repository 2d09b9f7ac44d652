"""Services that are killed and connections that are cut while orders come in cost time, and nothing else."""

import asyncio

import asyncpg

from deploy.local.services import SERVICES
from tests.faults.machine import Machine
from tests.faults.shop import Enter
from tests.faults.verdict import assert_nothing_is_lost_or_doubled

ORDERS, CUTS = 500, 3


async def test_services_that_are_killed_one_after_the_other_and_started_again_lose_and_double_nothing(
    of_processes: Machine, enter: Enter
) -> None:
    shop = await enter(of_processes)
    posting = asyncio.create_task(shop.post(ORDERS))
    for place, service in enumerate(SERVICES, start=1):
        await shop.answered(place * ORDERS // (len(SERVICES) + 2))
        await of_processes.kill(service.name)
        await of_processes.run(service.name)
    await posting
    await of_processes.until_ready()
    await assert_nothing_is_lost_or_doubled(of_processes, shop)


async def test_cutting_every_connection_to_the_database_loses_and_doubles_nothing(
    of_processes: Machine, enter: Enter
) -> None:
    shop = await enter(of_processes)
    posting = asyncio.create_task(shop.post(ORDERS))
    administrator = await asyncpg.connect(of_processes.database)
    for cut in range(1, CUTS + 1):
        await shop.answered(cut * ORDERS // (CUTS + 1))
        cut_off = await administrator.fetch(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'sluice-%'"
        )
        assert cut_off
    await administrator.close()
    await posting
    await assert_nothing_is_lost_or_doubled(of_processes, shop)
