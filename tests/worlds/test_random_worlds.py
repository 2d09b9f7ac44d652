"""Whatever people do and whatever happens to messages, services and time, the books add up; `make fuzz`: for longer."""

import pytest

from tests import servers
from tests.worlds import world

SEEDS = (1, 2)
STEPS = 10_000


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_books_add_up_whatever_happens_in_any_order(
    postgres_server: servers.Database, migrated: str, seed: int
) -> None:
    async with servers.clone(postgres_server.dsn, migrated) as dsn, world.inhabited(dsn, seed) as lived:
        await lived.live(STEPS)
        assert lived.steps >= STEPS
        done = {name for name, status in lived.people.done if status in (200, 201, 204)}
        assert done >= {name for name in lived.people.names() if name != "change_a_catalogue"}, "somebody did nothing"
