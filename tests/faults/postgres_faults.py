"""PostgreSQL that restarts, dies, ends its connections, refuses, or fails over to a standby."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import asyncpg

from tests.faults import load, postgres_servers, refusals
from tests.faults.fault import Fault, Missed
from tests.faults.ground import Ground
from tests.faults.postgres_servers import Mortal, Pair

Strike = Callable[[Ground, random.Random], Awaitable[None]]

REFUSED_PART = 0.15
DEADLOCKS = "deadlocks"


async def restarted(ground: Ground, chance: random.Random) -> None:
    """A fast restart: what is open is rolled back, everybody is sent away, and it comes back."""
    await ground.servers.postgres.stop()
    await asyncio.sleep(chance.uniform(0, 0.5))
    await ground.servers.postgres.start()


async def crashed(ground: Ground, chance: random.Random) -> None:
    """An immediate stop, and recovery from the log."""
    postgres = _mortal(ground)
    await postgres.crash()
    await asyncio.sleep(chance.uniform(0, 0.5))
    await postgres.start()


async def connections_ended(ground: Ground, chance: random.Random) -> None:
    """`pg_terminate_backend` of everybody, three times."""
    for _ in range(3):
        await ground.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name LIKE 'sluice-%'"
        )
        await asyncio.sleep(chance.uniform(0, 0.4))


async def refusing(ground: Ground, chance: random.Random) -> None:
    """A part of what is written is refused, as if others were in the way."""
    await ground.execute("UPDATE public.refusals SET part = $1", REFUSED_PART)
    try:
        await asyncio.sleep(chance.uniform(0.5, 1.5))
    finally:
        await ground.execute("UPDATE public.refusals SET part = 0")
    if not (many := await refusals.counted(ground.dsn)):
        raise Missed
    ground.notes["writes refused"] += many


async def deadlocked(ground: Ground, chance: random.Random) -> None:
    """Somebody takes the balances that are few in the wrong order, and never is the one to give way."""
    opponent = await asyncpg.connect(ground.dsn, server_settings={"deadlock_timeout": "60s"})
    try:
        balances = await opponent.fetch(
            "SELECT id FROM inventory.balances WHERE product_id = ANY($1::text[]) ORDER BY id DESC",
            load.few(ground.runs),
        )
        before = await opponent.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        for _ in range(3):
            async with opponent.transaction():
                for balance in balances:
                    await opponent.execute("SELECT FROM inventory.balances WHERE id = $1 FOR UPDATE", balance["id"])
                    await asyncio.sleep(chance.uniform(0, 0.06))
            await asyncio.sleep(chance.uniform(0, 0.2))
        # The others count their deadlocks when they have been idle for a second.
        after = await opponent.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    finally:
        await opponent.close()
    ground.notes[DEADLOCKS] += after - before


async def failed_over(ground: Ground, _: random.Random) -> None:
    """The primary and all its processes are killed, the standby is promoted, and a new one stands by."""
    servers = ground.servers
    assert isinstance(servers, Pair)
    await servers.fail_over()
    await servers.stand_by()


def _mortal(ground: Ground) -> Mortal:
    postgres = ground.servers.postgres
    assert isinstance(postgres, Mortal)
    return postgres


FAULTS = [
    Fault(
        "PostgreSQL: restarted",
        "a fast restart under load",
        restarted,
        servers=postgres_servers.mortal_servers,
    ),
    Fault(
        "PostgreSQL: crashed",
        "an immediate stop under load, and recovery",
        crashed,
        servers=postgres_servers.mortal_servers,
    ),
    Fault(
        "PostgreSQL: connections ended",
        "pg_terminate_backend of all connections, three times",
        connections_ended,
        servers=postgres_servers.mortal_servers,
    ),
    Fault(
        "PostgreSQL: deadlocks",
        "another session locks balances in the wrong order and never gives way",
        deadlocked,
        servers=postgres_servers.mortal_servers,
        shows=DEADLOCKS,
    ),
    Fault(
        "PostgreSQL: refusing",
        f"{REFUSED_PART:.0%} of writes fail with one of {', '.join(refusals.CODES)}",
        refusing,
        servers=postgres_servers.mortal_servers,
    ),
    Fault(
        "PostgreSQL: failed over",
        "the primary is killed, its synchronous standby promoted, and a new standby made",
        failed_over,
        servers=postgres_servers.pair_of_servers,
    ),
]
