"""Processes that are killed, frozen, asked to end, or joined by others, at any moment under load."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from deploy.local.services import SERVICES
from tests.faults.fault import Fault
from tests.faults.ground import SESSION_MS, Ground

Strike = Callable[[Ground, random.Random], Awaitable[None]]

NAMES = tuple(service.name for service in SERVICES)
CONSUMERS = ("inventory", "order-intake", "router", "notifier")
FROZEN_S = 1.5 * SESSION_MS / 1_000


def killed(service: str) -> Strike:
    """`kill -9`, and a new process at once."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        replica = chance.choice(ground.replicas(service))
        await replica.kill()
        await replica.start()

    return strike


def asked_to_end(service: str) -> Strike:
    """SIGTERM: it drains and ends well, and a new process comes."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        replica = chance.choice(ground.replicas(service))
        code = await replica.terminate()
        assert code == 0, f"{service} ended with {code}"
        await replica.start()

    return strike


def frozen(service: str) -> Strike:
    """SIGSTOP for longer than the session, then SIGCONT: what it had in hand is not its own any more."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        replica = chance.choice(ground.replicas(service))
        replica.freeze()
        await asyncio.sleep(FROZEN_S)
        replica.wake()

    return strike


async def all_killed(ground: Ground, chance: random.Random) -> None:
    """All at once, as when the machine goes."""
    await asyncio.gather(*(replica.kill() for replica in ground.everyone()))
    await asyncio.sleep(chance.uniform(0, 0.3))


def joined(service: str) -> Strike:
    """One more process joins, and leaves again in peace: partitions move twice under load."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        more = await ground.join(service)
        async with asyncio.timeout(30):
            while not await more.ready():
                await asyncio.sleep(0.05)
        await asyncio.sleep(chance.uniform(0, 0.3))
        code = await ground.leave(more)
        assert code == 0, f"{service} ended with {code}"

    return strike


async def one_of_two_killed(ground: Ground, chance: random.Random) -> None:
    """One of two processes of a service dies; the other goes on, and a new one comes."""
    await killed(chance.choice(NAMES))(ground, chance)


async def one_of_two_frozen(ground: Ground, chance: random.Random) -> None:
    """One of two processes freezes, loses its partitions to the other, and wakes as if it had them."""
    await frozen(chance.choice(CONSUMERS))(ground, chance)


async def one_of_two_asked_to_end(ground: Ground, chance: random.Random) -> None:
    """One of two processes is asked to end, as when a new release is rolled out."""
    await asked_to_end(chance.choice(NAMES))(ground, chance)


async def nothing(_: Ground, __: random.Random) -> None:
    """No harm: what is checked must hold without any, too."""


FAULTS = [
    Fault("nothing", "no harm is done", nothing),
    *(Fault(f"{name}: killed", "kill -9 under load, and a new process", killed(name)) for name in NAMES),
    Fault("all: killed", "all processes killed at once", all_killed),
    *(
        Fault(f"{name}: asked to end", "SIGTERM under load: drained, and a new process", asked_to_end(name))
        for name in NAMES
    ),
    *(
        Fault(f"{name}: frozen", "SIGSTOP for longer than the session, then SIGCONT", frozen(name))
        for name in CONSUMERS
    ),
    *(
        Fault(f"{name}: joined and left", "one more process comes and goes under load", joined(name))
        for name in CONSUMERS
    ),
    Fault("two of each: nothing", "two processes of each service, no harm", nothing, replicas=2),
    Fault(
        "two of each: one killed",
        "two processes of each service, one of any service is killed",
        one_of_two_killed,
        replicas=2,
    ),
    Fault(
        "two of each: one frozen",
        "two processes of each service, one frozen for longer than its session",
        one_of_two_frozen,
        replicas=2,
    ),
    Fault(
        "two of each: one asked to end",
        "two processes of each service, one asked to end",
        one_of_two_asked_to_end,
        replicas=2,
    ),
]
