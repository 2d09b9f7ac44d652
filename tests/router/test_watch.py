"""A watch looks again and again, whatever happens to it."""

import asyncio

from router import app
from router.watch import Watch
from shared.postgres import Database
from tests.router.conftest import Router
from tests.router.examples import SETTINGS


async def test_work_is_done_until_there_is_no_more_and_then_again_after_a_pause_whatever_went_wrong(
    router: Router,
) -> None:
    looks = iter([True, ValueError("a fault of ours"), False, OSError("the database is away"), False])
    done = asyncio.Event()

    async def look(database: Database) -> bool:
        assert database is router.database
        found = next(looks, None)
        if found is None:
            done.set()
            await asyncio.sleep(3_600)
        if isinstance(found, Exception):
            raise found
        return bool(found)

    service = app.build(SETTINGS)
    service._database = router.database
    watch = Watch("looking", look, every_s=0)
    await watch.start(service)
    await asyncio.wait_for(done.wait(), 10)
    await watch.stop()
    await watch.stop()
