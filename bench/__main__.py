"""`make bench`: everything that is promised about speed, measured.

    make bench                                  # all of it
    make bench ARGS=--quick                     # a look at all of it, two minutes, nothing to rely on
    make bench ARGS="--only orders,floor"       # some parts
    make bench ARGS="--broker kafka --only orders"

It starts what it needs, on the loopback, and stops it again. Progress and a table go to standard error; the last line
of standard output is JSON; pictures go to bench/out. It ends with 0 when every target was met and the books are clean,
with 1 when not, and with 2 when it cannot run.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import aiokafka.errors
import asyncpg
import httpx
import uvloop

from bench import market, pictures, running
from bench.loading import told
from bench.parts import apart, big_order, floor, growth, hot_product, orders, outages, papers, replicas
from bench.parts.options import Bench, Options
from bench.report import Report
from deploy.local import audit, demo
from deploy.local.trouble import CannotStart

ON_THE_SYSTEM: Mapping[str, Callable[[Bench], Awaitable[None]]] = {
    "orders": orders.measure,
    "gateway": orders.measure_through_gateway,
    "big": big_order.measure,
    "papers": papers.measure,
    "replicas": replicas.measure,
    "outages": outages.measure,
    # The last: with a million orders nobody adds up the books in a minute.
    "growth": growth.measure,
}
PARTS = (*ON_THE_SYSTEM, "floor", "hot", "pages", "replay")
QUICK = tuple(part for part in PARTS if part not in ("outages", "pages", "replay"))
MISSED, CANNOT_RUN = 1, 2
BROKEN = (
    *(CannotStart, RuntimeError, TimeoutError, OSError),
    *(asyncpg.PostgresError, httpx.HTTPError, aiokafka.errors.KafkaError),
)
"""What a part may end with when the machine, or what is measured, is not up to it. The other parts are measured."""


async def measure(parts: Sequence[str], options: Options, report: Report) -> None:
    """Measure some parts into the report."""
    options.out.mkdir(parents=True, exist_ok=True)
    if any(part in ON_THE_SYSTEM for part in parts):
        await _on_a_system(parts, options, report)
    if "floor" in parts:
        await _guarded("floor", report, floor.measure(options, report))
    if "hot" in parts:
        await _guarded("hot", report, hot_product.measure(options, report))
    if "pages" in parts:
        await _guarded("pages", report, apart.measure_pages(report))
    if "replay" in parts:
        await _guarded("replay", report, apart.measure_replay(report))
    _compare_with_floor(options, report)


async def _on_a_system(parts: Sequence[str], options: Options, report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder = Path(name)
        told.print("Starting PostgreSQL, the broker and the services …")
        async with running.system(folder, kafka=options.kafka) as system:
            report.broker = system.broker
            tokens = await market.make(system.databases, system.address, mail=options.mail)
            bench = Bench(options, report, folder, system, tokens)
            chosen = [part for part in ON_THE_SYSTEM if part in parts]
            for part in (part for part in chosen if part != "growth"):
                await _guarded(part, report, ON_THE_SYSTEM[part](bench))
            if chosen != ["growth"]:
                await _guarded("the books", report, _add_up(bench))
            if "growth" in chosen:
                await _guarded("growth", report, ON_THE_SYSTEM["growth"](bench))


async def _add_up(bench: Bench) -> None:
    """Let the auditor recompute the books of all services, and note what does not add up."""
    told.print("Adding up the books …")
    if not await demo.settled(bench.system.databases):
        bench.report.problems.append("messages are still on their way")
    findings = await audit.audit(bench.system.databases)
    bench.report.problems += findings.problems
    bench.report.problems += [f"{count} {what}" for what, count in findings.counts.items() if "parked" in what]
    bench.report.parts["books"] = findings.counts
    told.print(f"  {'clean' if findings.clean else findings.problems[:5]} {findings.counts}")


async def _guarded(part: str, report: Report, work: Awaitable[None]) -> None:
    """Measure a part; when it breaks, say so and go on with the others."""
    try:
        await work
    except BROKEN as error:
        told.print(f"[bold red]{part} broke off:[/] {''.join(traceback.format_exception(error)[-3:])}")
        report.failed.append(f"{part}: {type(error).__name__}: {error}"[:500])


def _compare_with_floor(options: Options, report: Report) -> None:
    ours, least = (report.headline.get(name) for name in ("orders_per_second", "floor_orders_per_second"))
    if ours and least:
        report.headline["ratio_to_floor"] = report.figures["ratio_to_floor"] = ours / least
        spent = {
            name: report.parts[part]["cpu_seconds_per_order"]
            for name, part in (("Sluice", "as fast as they are taken"), ("the floor", "the floor"))
        }
        pictures.draw_cpu(options.out / "cpu.png", spent)


async def _until_told(parts: Sequence[str], options: Options, report: Report) -> bool:
    """Measure until the end, or until Ctrl-C or SIGTERM; whether it came to its end."""
    measuring = asyncio.create_task(measure(parts, options, report))

    def leave() -> None:
        # Once: a second Ctrl-C would leave behind what the first is putting away.
        if not measuring.cancelling():
            told.print("Stopping …")
            measuring.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, leave)
    with suppress(asyncio.CancelledError):
        await measuring
        return True
    return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for; the exit code."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    usual = Options()
    parser.add_argument("--only", metavar="PARTS", help=f"some of {','.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="little of everything, without the longest parts")
    parser.add_argument("--broker", choices=("embedded", "kafka"), default="embedded", help="kafka: Apache Kafka")
    parser.add_argument("--orders", type=int, help=f"orders of a run as fast as they are taken ({usual.orders})")
    parser.add_argument("--seconds", type=float, help=f"how long half of that rate is kept ({usual.seconds:.0f})")
    parser.add_argument("--stored", dest="stored_orders", type=int, help="orders stored before growth is measured")
    parser.add_argument("--outage", dest="outage_seconds", type=float, help="how long each service stands still")
    parser.add_argument("--mail", action="store_true", help="suppliers want a mail for every shipment")
    parser.add_argument("--out", type=Path, default=usual.out, help="where the pictures go")
    chosen = parser.parse_args(arguments)
    parts = chosen.only.split(",") if chosen.only else QUICK if chosen.quick else PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    options = Options(kafka=chosen.broker == "kafka", mail=chosen.mail, out=chosen.out)
    options = options.quick() if chosen.quick else options
    given = {name: getattr(chosen, name) for name in ("orders", "seconds", "stored_orders", "outage_seconds")}
    options = replace(options, **{name: value for name, value in given.items() if value is not None})
    report = Report("Apache Kafka" if options.kafka else "embedded")
    try:
        finished = uvloop.run(_until_told(parts, options, report))
    except BROKEN as error:
        told.print(f"This cannot be measured: {type(error).__name__}: {error}")
        return CANNOT_RUN
    if not finished:
        report.failed.append("stopped before its end")
    told.print(report.table())
    for problem in (*report.problems, *report.failed):
        told.print(f"[bold red]{problem}[/]")
    print(report.line())
    return 0 if report.good else MISSED


if __name__ == "__main__":
    sys.exit(main())
