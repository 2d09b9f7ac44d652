"""A watch looks again and again, whatever happens to it."""

import asyncio

from shared import service
from shared.postgres import Database
from shared.settings import ServiceSettings
from shared.subscriptions import Subscriptions
from shared.watch import Watch


async def test_work_is_done_until_there_is_no_more_and_then_again_after_a_pause_whatever_went_wrong(
    house: Database,
) -> None:
    looks = iter([True, ValueError("a fault of ours"), False, OSError("the database is away"), False])
    done = asyncio.Event()

    async def look(database: Database) -> bool:
        assert database is house
        found = next(looks, None)
        if found is None:
            done.set()
            await asyncio.sleep(3_600)
        if isinstance(found, Exception):
            raise found
        return bool(found)

    built = service.build("router", ServiceSettings(database="-", kafka="-"), Subscriptions())
    built._database = house
    watch = Watch("looking", look, every_s=0)
    await watch.start(built)
    await asyncio.wait_for(done.wait(), 10)
    await watch.stop()
    await watch.stop()
