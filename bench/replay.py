"""How long 100,000 past orders take to be decided again: part of `make bench`.

They are stored in a PostgreSQL with the settings of `sluice up`, and replayed as `sluice replay` does it. The last line
is JSON.
"""

import asyncio
import resource
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import orjson
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from bench import past_orders
from deploy.local import replay_run
from deploy.local.postgres_server import PostgresServer
from deploy.local.replay_run import Replayed, Span
from shared import schema
from shared.postgres import Database
from shared.rules.replay import UNCHANGED, CatalogueRules, Rules

ORDERS = 100_000
TARGET_S = 60
WITHIN_S = 600
"""All of it ends by then, whatever happens."""

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
TRIED = {
    "unchanged rules": UNCHANGED,
    "priorities, safety stock, a closed catalogue": Rules(
        cost_per_shipment=Decimal("4.9"),
        catalogues={
            "Catalog0": CatalogueRules(closed=True),
            "Catalog1": CatalogueRules(priority=9),
            "Catalog2": CatalogueRules(safety_stock=Decimal(2)),
        },
    ),
    "fewest shipments": Rules(strategy="fewest-shipments"),
}

told = Console(stderr=True)


async def main() -> int:
    """Measure and tell; 1 when a target was missed, or a decision did not come out as it did."""
    times: dict[str, float] = {}
    cpu: dict[str, float] = {}
    found: dict[str, Replayed] = {}
    try:
        async with asyncio.timeout(WITHIN_S), AsyncExitStack() as stack:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluice-bench-")))
            told.print("Starting PostgreSQL …")
            server = await stack.enter_async_context(PostgresServer(data))
            await schema.migrate(server.dsn, "router", schema.migrations_of("router"))
            router = await Database.connect(server.dsn, "router", size=2)
            stack.push_async_callback(router.close)
            told.print(f"Deciding and storing {ORDERS:,} orders …")
            await past_orders.fill(router, ORDERS, SINCE)
            span = Span(SINCE, SINCE + timedelta(days=365))
            progress = stack.enter_context(Progress(console=told, transient=True, disable=not told.is_terminal))
            for name, rules in TRIED.items():
                bar = progress.add_task(name, total=ORDERS)
                told.print(f"Replaying under {name} …")
                began, worked = perf_counter(), _cpu_seconds()
                expected = await replay_run.count(router, span)
                done = _Told(progress, bar)
                found[name] = await replay_run.replay(router, span, rules, expected, done.more)
                times[name] = perf_counter() - began
                cpu[name] = _cpu_seconds() - worked
                progress.remove_task(bar)
                _tell_found(name, found[name], times[name], cpu[name])
    except TimeoutError:
        told.print(f"This machine does not get through it in {WITHIN_S} s; the rest was not measured")
    _tell(times, cpu, found)
    same = found["unchanged rules"].compared if found else None
    reproduced = same is not None and (same.orders, same.changed) == (ORDERS, 0)
    return int(len(times) < len(TRIED) or max(times.values()) >= TARGET_S or not reproduced)


@dataclass
class _Told:
    """How far a replay is: a bar for people who look at it, a line for each tenth in a file."""

    progress: Progress
    bar: TaskID
    done: int = 0

    def more(self, count: int) -> None:
        """So many orders more are done."""
        tenths = self.done * 10 // ORDERS
        self.done += count
        self.progress.advance(self.bar, count)
        if not told.is_terminal and self.done * 10 // ORDERS > tenths:
            told.print(f"  {self.done:,} of {ORDERS:,}")


def _cpu_seconds() -> float:
    """What this process and its children that have ended have worked, without what they waited for a core."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _tell_found(name: str, found: Replayed, seconds: float, cpu: float) -> None:
    """What came of one replay, at once: a later one may not end."""
    compared = found.compared
    told.print(
        f"{name}: {seconds:.1f} s, {cpu:.1f} s at work; {compared.changed:,} of {compared.orders:,} orders decided"
        " otherwise"
    )
    for one in found.differences:
        told.print(f"  DIFFERS: order {one.external_id}: {one.what}", markup=False)


def _tell(times: dict[str, float], cpu: dict[str, float], found: dict[str, Replayed]) -> None:
    """A table for people, and a line for programs."""
    table = Table(f"{ORDERS:,} past orders", "seconds", "at work", "target", "decided otherwise", "")
    for name, seconds in times.items():
        met = "met" if seconds < TARGET_S else "missed"
        table.add_row(
            name, f"{seconds:.1f}", f"{cpu[name]:.1f}", str(TARGET_S), f"{found[name].compared.changed:,}", met
        )
    told.print(table)
    document = {
        "bench": "replay",
        "orders": ORDERS,
        "target_s": TARGET_S,
        "seconds": {name: round(seconds, 1) for name, seconds in times.items()},
        "cpu_seconds": {name: round(seconds, 1) for name, seconds in cpu.items()},
        "changed": {name: one.compared.changed for name, one in found.items()},
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024,
    }
    print(orjson.dumps(document).decode())


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
