"""One order of 200 rows over 20 catalogues, from PUT to the order that shows them; a dozen times, one after another."""

import statistics

from bench import loading, orders
from bench.loading import Load
from bench.parts.options import Bench

TIMES, WARMING = 12, 3
RATE = 1.0
"""So far apart that none meets another."""


async def measure(bench: Bench) -> None:
    """Measure the median of big orders' times. Those before, with which everything is done for the first time, do not
    count.
    """
    body = [orders.wide_template()]
    load = Load(WARMING + TIMES, RATE, connections=2, bodies=body)
    loaded = await loading.run(bench.system, bench.tokens.wide_shop, load, bench.folder)
    bench.report.check("big orders", loaded)
    times = [1_000 * (one.shown - one.due) for one in loaded.paths[WARMING:] if one.shown is not None]
    if len(times) < TIMES:
        bench.report.failed.append("big orders")
        return
    bench.report.figures["big_order_ms"] = statistics.median(times)
    bench.report.parts["big orders"] = {"median_ms": statistics.median(times), "longest_ms": max(times)}
    loading.told.print(f"An order of 200 rows: {statistics.median(times):.0f} ms")
