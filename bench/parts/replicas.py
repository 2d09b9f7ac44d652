"""A second router beside the first: how much faster a backlog is taken.

Orders are placed while the router stands still; then every other service stands still, so that cores are as free as
they can be, and the router takes the orders. Once alone, once with a second one, on a machine that may have too few
cores for it: the report says so. The speed is that of its commits between the first and the last batch, so that
the moments in which a group finds together do not count.
"""

import asyncio
import math
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from bench import loading, processes, timings
from bench.loading import Load
from bench.parts.options import Bench
from bench.running import Running
from deploy.local import ports
from deploy.local.server_process import ServerProcess

SERVICE = "router"
OTHERS = ("order-intake", "inventory", "notifier", "portal")
JOIN_S, GIVE_UP_S = 12.0, 90.0


async def measure(bench: Bench) -> None:
    """Measure the rate of one router and of two, and what comes out at the end is as many orders as were placed."""
    alone = await _rate(bench)
    async with _another(bench):
        await asyncio.sleep(JOIN_S)
        both = await _rate(bench)
    bench.report.figures["replica_ratio"] = both / alone
    bench.report.parts["replicas"] = {"of": SERVICE, "one_per_second": alone, "two_per_second": both}
    loading.told.print(f"One router takes {alone:,.0f} orders/s, two take {both:,.0f} orders/s")


async def _rate(bench: Bench) -> float:
    """Let the routers take a backlog while nobody else works; orders a second."""
    system, backlog = bench.system, bench.options.backlog
    routers = [pid for name, pid in system.pids.items() if name.startswith(SERVICE)]
    others = [system.pids[name] for name in OTHERS]
    began = time.time()
    load = Load(backlog, connections=bench.options.connections, patience_s=2 * GIVE_UP_S)
    running = asyncio.create_task(loading.run(system, bench.tokens.shop, load, bench.folder))
    try:
        _send(signal.SIGSTOP, routers)
        await _until(lambda: timings.count_placed(system.databases, began), backlog)
        _send(signal.SIGSTOP, others)
        freed = time.time()
        _send(signal.SIGCONT, routers)
        await _until(lambda: _taken(system, freed), backlog)
        # Before the others go on: what they answer is not of the backlog.
        pace = await _pace(system, freed)
    except BaseException:
        running.cancel()
        raise
    finally:
        _send(signal.SIGCONT, [*routers, *others])
    bench.report.check("a backlog for the router", await running)
    return pace


@asynccontextmanager
async def _another(bench: Bench) -> AsyncIterator[None]:
    """A second router, with the settings of the first and a port of its own."""
    data, name = bench.folder / "up", f"{SERVICE} 2"
    process = await ServerProcess.start(
        [sys.executable, "-m", "deploy.local.cli", "run", SERVICE, "--data", data],
        log=bench.folder / "second.log",
        dies_by=signal.SIGTERM,
        environment={**loading.ENVIRONMENT, f"{SERVICE.upper()}_PORT": str(ports.free_port())},
    )
    try:
        async with asyncio.timeout(GIVE_UP_S):
            while "service ready" not in process.output:
                if not process.running:
                    raise RuntimeError(f"the second {SERVICE} ended:\n{process.output[-2_000:]}")
                await asyncio.sleep(0.1)
        bench.system.pids[name] = processes.our_child("run", SERVICE)
        yield
    finally:
        bench.system.pids.pop(name, None)
        await process.stop((signal.SIGTERM, 40.0))


def _send(number: signal.Signals, pids: Sequence[int]) -> None:
    for pid in pids:
        os.kill(pid, number)


async def _until(count: Callable[[], Awaitable[int]], wanted: int) -> None:
    """Wait until so many are counted. Raises TimeoutError when they are not for long."""
    async with asyncio.timeout(GIVE_UP_S):
        while await count() < wanted:  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.2)


async def _taken(system: Running, since: float) -> int:
    """How many messages the router has taken since then."""
    async with system.databases[SERVICE].transaction() as tx:
        count: int = await tx.fetch_value("SELECT count(*) FROM inbox WHERE taken_at >= to_timestamp($1)", since)
    return count


async def _pace(system: Running, since: float) -> float:
    """Messages a second that the router took from then on, after its first batch."""
    async with system.databases[SERVICE].transaction() as tx:
        batches = await tx.fetch(
            "SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at, count(*) AS messages FROM inbox"
            " WHERE taken_at >= to_timestamp($1) GROUP BY 1 ORDER BY 1",
            since,
        )
    first, last = batches[0], batches[-1]
    passed = last["at"] - first["at"]
    return sum(batch["messages"] for batch in batches[1:]) / passed if passed else math.nan
