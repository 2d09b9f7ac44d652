"""A service that has just started knows its keys before it refuses anyone."""

import asyncio

from shared.auth import TokenKeys
from shared.postgres import Database
from tests import builders

CALLERS = 20


async def test_callers_who_come_while_the_keys_are_being_read_are_not_refused(database: str) -> None:
    house = await Database.connect(database, "router")
    signer = builders.Signer()
    async with house.transaction() as tx:
        await signer.announce(tx)
    keys = TokenKeys(house)
    found = await asyncio.gather(*(keys.key(signer.key_id) for _ in range(CALLERS)))
    await house.close()
    assert [key is None for key in found] == [False] * CALLERS
