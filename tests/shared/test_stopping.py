"""How a service ends."""

import asyncio

import pytest

from shared import service
from shared.settings import ServiceSettings
from shared.subscriptions import Subscriptions


class Finishing:
    """A part that can end only while another ends."""

    def __init__(self, ending: asyncio.Barrier) -> None:
        self.ending = ending

    async def stop(self) -> None:
        """Wait for the others."""
        await self.ending.wait()


class Failing:
    """A part that cannot end as it should."""

    async def stop(self) -> None:
        """Fail."""
        raise OSError("cannot end")


async def test_a_part_that_fails_to_end_keeps_no_other_from_it() -> None:
    ending = asyncio.Barrier(2)
    parts = [Failing(), Finishing(ending), Finishing(ending)]
    built = service.build("router", ServiceSettings(database="-", kafka="-"), Subscriptions(), parts=parts)

    with pytest.raises(OSError, match="cannot end"):
        await built.stop()
    assert ending.n_waiting == 0


async def test_all_parts_of_a_service_are_asked_to_end_at_once() -> None:
    ending = asyncio.Barrier(3)
    parts = [Finishing(ending) for _ in range(3)]
    built = service.build("router", ServiceSettings(database="-", kafka="-"), Subscriptions(), parts=parts)

    async with asyncio.timeout(5):
        await built.stop()
