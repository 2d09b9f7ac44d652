"""The whole system on one machine, stopped in the middle of its work: it goes on where it was, with an empty broker."""

import asyncio
import signal

from tests.faults.machine import Machine
from tests.faults.shop import Enter
from tests.faults.verdict import assert_nothing_is_lost_or_doubled

ORDERS = 300


async def test_a_system_stopped_by_ctrl_c_under_load_goes_on_when_it_is_started_again(
    all_in_one: Machine, enter: Enter
) -> None:
    shop = await enter(all_in_one)
    posting = asyncio.create_task(shop.post(ORDERS))
    await shop.answered(ORDERS // 3)
    assert await all_in_one.end(signal.SIGINT) == 0
    await all_in_one.start()
    await posting
    await assert_nothing_is_lost_or_doubled(all_in_one, shop)


async def test_a_system_that_is_killed_under_load_goes_on_when_it_is_started_again(
    all_in_one: Machine, enter: Enter
) -> None:
    shop = await enter(all_in_one)
    posting = asyncio.create_task(shop.post(ORDERS))
    await shop.answered(ORDERS // 3)
    await all_in_one.end(signal.SIGKILL)
    await all_in_one.start()
    await posting
    await assert_nothing_is_lost_or_doubled(all_in_one, shop)
