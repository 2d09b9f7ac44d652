"""Each service stands still for a minute while orders keep coming at half the rate: how it catches up.

Standing still is worse than ending: the service wakes without knowing that it was away, and the others do not see its
connections close. Its messages wait in Kafka and in outboxes, so no other service holds more than before.
"""

import asyncio
import os
import signal
import time

from bench import loading, pictures, processes, sampling, timings
from bench.loading import Load, Loaded
from bench.parts.options import Bench

BEFORE_S, AFTER_S = 5.0, 5.0
STOPPED = ("order-intake", "router", "inventory", "notifier", "portal")
LEAST_RATE = 20.0


async def measure(bench: Bench) -> None:
    """Measure how long each service needs, once it is back, until everything that was due before is shown."""
    rate = max(LEAST_RATE, bench.report.headline.get("orders_per_second", 2 * LEAST_RATE) / 2)
    found: dict[str, object] = {}
    for service in STOPPED:
        loading.told.print(f"{service} stands still for {bench.options.outage_seconds:.0f} s, at {rate:.0f} orders/s …")
        processes.forget_peaks(bench.system.pids)
        seconds = BEFORE_S + bench.options.outage_seconds + AFTER_S
        patience = 2 * bench.options.outage_seconds + 60.0
        load = Load(int(rate * seconds), rate, bench.options.connections, patience_s=patience)
        stopping = asyncio.create_task(_stand_still(bench, service, time.time(), rate * BEFORE_S))
        try:
            async with sampling.sampled(bench.system.pids) as samples:
                loaded = await loading.run(bench.system, bench.tokens.shop, load, bench.folder)
            back = await asyncio.wait_for(stopping, patience)
        finally:
            stopping.cancel()
        bench.report.check(f"{service} stopped", loaded, all_taken=False)
        caught_up = _caught_up(loaded, back)
        found[service] = {
            "catch_up_seconds": caught_up,
            "answers": loaded.statuses,
            "peak_mb": loaded.peak_mb,
            "rate": rate,
            "answer_p99_ms": loaded.answer.p99,
        }
        loading.told.print(
            f"  caught up {caught_up:.1f} s after it was back; answers: {dict(loaded.statuses)};"
            f" the largest service held {max(mb for name, mb in loaded.peak_mb.items() if name in STOPPED):.0f} MB"
        )
        if loaded.paths:
            pictures.draw_load(
                bench.options.out / f"outage-{service}.png", f"{service} stands still", loaded.paths, samples
            )
    bench.report.parts["outages"] = found


async def _stand_still(bench: Bench, service: str, since: float, placed: float) -> float:
    """Let a service stand still once so many orders were placed since then; when it was back, as a Unix time.

    It is woken whatever happens.
    """
    pid = bench.system.pids[service]
    while await timings.count_placed(bench.system.databases, since) < placed:  # noqa: ASYNC110 - other processes place
        await asyncio.sleep(0.1)
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(bench.options.outage_seconds)
    finally:
        os.kill(pid, signal.SIGCONT)
    return time.time()


def _caught_up(loaded: Loaded, back: float) -> float:
    """How long after it was back the last of the orders was shown that were due before."""
    waits = [one.shown - back for one in loaded.paths if one.due < back and one.shown is not None]
    return max(0.0, *waits) if waits else 0.0
