"""Links between programs that are cut, refuse, delay, or swallow what is sent."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from tests.faults.fault import Fault, LinkName
from tests.faults.ground import Ground

Strike = Callable[[Ground, random.Random], Awaitable[None]]

WHERE: dict[LinkName, str] = {
    "postgres": "to PostgreSQL",
    "kafka": "to the broker",
    "smtp": "to the mail server",
    "intake": "from the shop",
}


def cut(link: LinkName) -> Strike:
    """All connections break, three times."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        for _ in range(3):
            await ground.links[link].cut()
            await asyncio.sleep(chance.uniform(0, 0.3))

    return strike


def refused(link: LinkName) -> Strike:
    """All connections break, and none is let in for a while."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        await ground.links[link].refuse()
        await asyncio.sleep(chance.uniform(0.3, 1.5))
        await ground.links[link].restore()

    return strike


def delayed(link: LinkName) -> Strike:
    """Every piece takes a while, both ways."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        ground.links[link].delay_s = chance.uniform(0.02, 0.1)
        await asyncio.sleep(chance.uniform(0.5, 1.5))
        await ground.links[link].restore()

    return strike


def half_open(link: LinkName) -> Strike:
    """Connections are there, and nothing that is sent arrives; then they break."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        ground.links[link].swallow()
        await asyncio.sleep(chance.uniform(0.5, 2.0))
        await ground.links[link].restore()

    return strike


KINDS = (
    ("cut", "all connections broken, three times", cut),
    ("refused", "broken, and none let in for a second", refused),
    ("delayed", "every piece held up, both ways", delayed),
    ("half open", "connections stand and carry nothing, then break", half_open),
)

FAULTS = [
    Fault(
        f"link {WHERE[link]}: {kind}",
        f"the link {WHERE[link]}: {words}",
        strike_of(link),
        links=frozenset({link}),
        orders=12,
    )
    for link in WHERE
    for kind, words, strike_of in KINDS
]
