"""A load: orders at a rate, or as fast as they are taken, followed until each is shown; and what came of it."""

import asyncio
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from signal import SIGINT
from typing import Protocol

from rich.console import Console

from bench import orders, timings
from bench.generator import Outcome, Plan
from bench.processes import Used
from bench.timings import Passage, Spread, Stored
from deploy.local.server_process import ServerProcess

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
"""What a process of the bench's own needs to find this package."""

TAKEN = 200
LOOK_S = 1.0

told = Console(stderr=True) if sys.stderr.isatty() else Console(stderr=True, width=120, highlight=False)


class Loadable(Protocol):
    """What a load is run on: the system, or the floor."""

    def door(self, *, gateway: bool) -> int:
        """The port that orders are put to: order-intake's own, or the gateway's."""

    def used(self) -> Mapping[str, Used]:
        """What each process has used so far, by its name."""

    async def count_shown(self, run: str, since: float) -> int:
        """How many orders of a run that began then show where they went."""

    async def stored(self, run: str, since: float) -> Mapping[int, Stored]:
        """What became of the orders of a run that began then, by their place in it."""


@dataclass(frozen=True)
class Load:
    """What is asked for: so many orders, `rate` a second, or 0 for as fast as they are taken.

    `bodies` are templates taken in turn, see `orders.templates`. So many seconds without another answer, or without
    another order shown, and it is given up.
    """

    orders: int
    rate: float = 0.0
    connections: int = 48
    through_gateway: bool = False
    bodies: Sequence[bytes] = field(default_factory=lambda: orders.templates(500), repr=False)
    patience_s: float = 60.0


@dataclass(frozen=True)
class Loaded:
    """What came of a load. Rates are orders a second; CPU is in seconds an order, by process, and memory in MB.

    `paths` are the orders that were taken, one by one: when each was due, answered, shipped and shown.
    """

    orders: int
    statuses: Mapping[int, int]
    taken: int
    shipped: int
    shown: int
    offered_per_second: float | None
    seconds: float
    answered_per_second: float
    orders_per_second: float
    answer: Spread
    shipment: Spread
    order_shows: Spread
    cpu_seconds_per_order: Mapping[str, float]
    generator_cpu_seconds_per_order: float
    peak_mb: Mapping[str, float]
    paths: Sequence[Passage] = field(repr=False)

    def as_json(self) -> dict[str, object]:
        """The outcome for programs, without the single orders."""
        return {name: value for name, value in asdict(replace(self, paths=())).items() if name != "paths"}


async def run(system: Loadable, token: str, load: Load, folder: Path) -> Loaded:
    """Run a load to its end: until all its orders that were taken are shown, or it is given up."""
    run_id = "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(6))
    before, since = system.used(), time.time()
    outcome = await _generate(system, token, load, run_id, folder)
    taken = sum(status == TAKEN for status in outcome.statuses)
    await _until_shown(system, run_id, since, taken, load.patience_s)
    after = system.used()
    stored = await system.stored(run_id, since)
    return _summed_up(load, outcome, stored, before, after)


async def _generate(system: Loadable, token: str, load: Load, run_id: str, folder: Path) -> Outcome:
    plan = Plan(
        port=system.door(gateway=load.through_gateway),
        token=token,
        run=run_id,
        orders=load.orders,
        rate=load.rate,
        connections=load.connections,
        bodies=[body.decode() for body in load.bodies],
        give_up_s=load.patience_s,
        outcome=folder / f"{run_id}.outcome",
    )
    file = folder / f"{run_id}.json"
    file.write_text(plan.model_dump_json())
    process = await ServerProcess.start(
        [sys.executable, "-m", "bench.generator", file],
        log=folder / "generator.log",
        dies_by=SIGINT,
        environment=ENVIRONMENT,
    )
    try:
        if await process.ended():
            raise RuntimeError(f"the generator ended:\n{process.output[-2_000:]}")
    finally:
        await process.stop((SIGINT, 5.0))
    return Outcome.read(plan.outcome)


async def _until_shown(system: Loadable, run_id: str, since: float, taken: int, patience_s: float) -> None:
    shown, patience = -1, time.monotonic() + patience_s
    while (now_shown := await system.count_shown(run_id, since)) < taken:
        if now_shown > shown:
            shown, patience = now_shown, time.monotonic() + patience_s
        if time.monotonic() > patience:
            told.print(f"[red]Only {shown} of {taken} orders are shown, and no more for {patience_s:.0f} s[/red]")
            return
        await asyncio.sleep(LOOK_S)


def _summed_up(
    load: Load,
    outcome: Outcome,
    stored: Mapping[int, Stored],
    before: Mapping[str, Used],
    after: Mapping[str, Used],
) -> Loaded:
    nothing = Stored(None, None)
    paths = [
        Passage(due, answered, stored.get(at, nothing).shipped, stored.get(at, nothing).shown)
        for at, (due, answered, status) in enumerate(zip(outcome.due, outcome.answered, outcome.statuses, strict=True))
        if status == TAKEN
    ]
    shipped = [(one.due, one.shipped) for one in paths if one.shipped is not None]
    shown = [(one.due, one.shown) for one in paths if one.shown is not None]
    began = min(outcome.due)
    seconds = max((moment - began for _, moment in shown), default=0.0)
    answering = max((one.answered - began for one in paths), default=0.0)
    share = 1 / max(1, len(paths))
    return Loaded(
        orders=load.orders,
        statuses=dict(sorted(Counter(outcome.statuses).items())),
        taken=len(paths),
        shipped=len(shipped),
        shown=len(shown),
        offered_per_second=load.rate or None,
        seconds=seconds,
        answered_per_second=len(paths) / answering if answering else 0.0,
        orders_per_second=len(shown) / seconds if seconds else 0.0,
        answer=timings.spread([one.answered - one.due for one in paths]),
        shipment=timings.spread([moment - due for due, moment in shipped]),
        order_shows=timings.spread([moment - due for due, moment in shown]),
        cpu_seconds_per_order={
            name: (used.cpu - before[name].cpu) * share for name, used in after.items() if name in before
        },
        generator_cpu_seconds_per_order=outcome.cpu * share,
        peak_mb={name: used.peak_mb for name, used in after.items()},
        paths=paths,
    )
