"""Orders at a rate, or as fast as they are taken: orders a second, latency, and what each process worked.

    python -m bench.load                       # 10,000 orders as fast as they are taken, then half that rate
    python -m bench.load --rate 400 --seconds 20
    python -m bench.load --orders 3000 --no-latency
    python -m bench.load --floor

For people who make it faster: one system, one table. `make bench` measures everything.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop
from rich.table import Table

from bench import loading, market, running
from bench.floor import running as floor_running
from bench.loading import Load, Loadable, Loaded, told
from bench.report import finite
from bench.running import Running
from deploy.local import audit


def tell(title: str, loaded: Loaded) -> None:
    """A table for people."""
    table = Table("", "", title=title)
    table.add_row("orders taken, shipped, shown", f"{loaded.taken} {loaded.shipped} {loaded.shown} of {loaded.orders}")
    table.add_row("answers", ", ".join(f"{count} of {status}" for status, count in loaded.statuses.items()))
    table.add_row("seconds to the last shown", f"{loaded.seconds:.1f}")
    table.add_row("answered a second", f"{loaded.answered_per_second:.0f}")
    table.add_row("orders a second, end to end", f"[bold]{loaded.orders_per_second:.0f}[/bold]")
    for name, spread in (("answer", loaded.answer), ("shipment", loaded.shipment), ("order shows", loaded.order_shows)):
        row = f"{spread.p50:.0f} · {spread.p95:.0f} · {spread.p99:.0f} · {spread.longest:.0f}"
        table.add_row(f"PUT → {name}, ms: p50 · p95 · p99 · longest", row)
    for name, cpu in loaded.cpu_seconds_per_order.items():
        table.add_row(f"CPU ms an order: {name}", f"{1_000 * cpu:.3f}   (peak {loaded.peak_mb[name]:.0f} MB)")
    whole = sum(loaded.cpu_seconds_per_order.values())
    table.add_row("CPU ms an order: all of these", f"[bold]{1_000 * whole:.3f}[/bold]")
    table.add_row("CPU ms an order: the generator", f"{1_000 * loaded.generator_cpu_seconds_per_order:.3f}")
    told.print(table)


async def _main(chosen: argparse.Namespace) -> int:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluice-bench-")))
        kafka = chosen.broker == "kafka"
        told.print("Starting PostgreSQL, the broker and the services …")
        system: Running | None = None
        on: Loadable
        if chosen.floor:
            on, token = await stack.enter_async_context(floor_running.floor(folder, real_kafka=kafka)), ""
        else:
            on = system = await stack.enter_async_context(running.system(folder, kafka=kafka))
            token = (await market.make(system.databases, system.address, mail=chosen.mail)).shop
        told.print("The market is made")
        found: dict[str, Loaded] = {}
        if chosen.warm:
            await loading.run(on, token, Load(chosen.warm), folder)
        ways = (chosen.connections, chosen.through_gateway)
        if chosen.rate:
            load = Load(int(chosen.rate * chosen.seconds), chosen.rate, *ways)
            found["at a rate"] = await loading.run(on, token, load, folder)
        else:
            burst = await loading.run(on, token, Load(chosen.orders, 0.0, *ways), folder)
            found["as fast as taken"] = burst
            half = burst.orders_per_second / 2
            if chosen.latency and half >= 1:
                load = Load(int(half * chosen.seconds), half, *ways)
                found["at half that rate"] = await loading.run(on, token, load, folder)
        for title, loaded in found.items():
            tell(title, loaded)
        problems: list[str] = []
        if chosen.audit and system is not None:
            findings = await audit.audit(system.databases)
            problems = findings.problems[:20]
            told.print(f"Books: {'clean' if findings.clean else problems} {findings.counts}")
        result = {title: loaded.as_json() for title, loaded in found.items()}
        print(json.dumps(finite({**result, "books_clean": not problems if chosen.audit else None})))
        return int(bool(problems))


def _chosen(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=10_000, help="how many, as fast as they are taken")
    parser.add_argument("--rate", type=float, default=0.0, help="instead: so many a second, whatever happens")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long a rate is kept")
    parser.add_argument("--warm", type=int, default=500, help="orders sent before, and not counted")
    parser.add_argument("--connections", type=int, default=48, help="requests on their way at a time")
    parser.add_argument("--broker", choices=("embedded", "kafka"), default="embedded", help="which broker")
    parser.add_argument("--floor", action="store_true", help="the floor, and not the system")
    parser.add_argument("--mail", action="store_true", help="suppliers want a mail for every shipment")
    parser.add_argument("--through-gateway", action="store_true", help="not straight to order-intake's port")
    parser.add_argument("--no-latency", dest="latency", action="store_false", help="skip the run at half the rate")
    parser.add_argument("--no-audit", dest="audit", action="store_false", help="do not check the books at the end")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(uvloop.run(_main(_chosen())))
