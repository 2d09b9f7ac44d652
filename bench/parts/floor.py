"""The floor, measured with the same loads as the system: the same generator, orders, broker and settings."""

import tempfile
from pathlib import Path

from bench import loading
from bench.floor import running
from bench.loading import Load
from bench.parts.options import Options
from bench.report import Report

WARMING = 1_000


async def measure(options: Options, report: Report) -> None:
    """Measure the floor's orders a second and what they cost."""
    loading.told.print("Starting the floor …")
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder = Path(name)
        async with running.floor(folder, real_kafka=options.kafka) as floor:
            await loading.run(floor, "-", Load(min(WARMING, options.orders)), folder)
            burst = await loading.run(floor, "-", Load(options.orders, connections=options.connections), folder)
            rate = max(1.0, burst.orders_per_second / 2)
            half = await loading.run(floor, "-", Load(int(rate * options.seconds), rate, options.connections), folder)
            for title, loaded in (("the floor", burst), ("the floor at half its rate", half)):
                report.check(title, loaded)
                report.parts[title] = loaded.as_json()
            report.problems += [f"the floor: {problem}" for problem in await floor.problems()]
    report.headline["floor_orders_per_second"] = burst.orders_per_second
    loading.told.print(
        f"  {burst.orders_per_second:,.0f} orders/s, {1_000 * sum(burst.cpu_seconds_per_order.values()):.2f} ms of CPU"
        f" each; p99: answer {half.answer.p99:,.0f} ms, shipment {half.shipment.p99:,.0f} ms"
    )
