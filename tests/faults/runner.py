"""Strikes faults again and again, and holds the books against the history after each."""

import asyncio
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

import asyncpg

from tests.faults import ground, load, under_way, window
from tests.faults.births import Nursery
from tests.faults.fault import Fault, Missed, Setting
from tests.faults.ground import Ground
from tests.faults.window import Found

STRIKE_S = 120.0
TRIES = 2
"""So many runs are tried for each that is asked for: a strike may miss."""
NO_TIME = "no time was left"
ON_ONE_GROUND = 4
"""So many faults share a ground: the auditor reads all its books after each."""


@dataclass
class Outcome:
    """What became of a fault: how often it was struck, what the checks found, and the longest way back to rest.

    `runs` are those in which harm was done, of all `tries`.
    """

    fault: Fault
    runs: int = 0
    tries: int = 0
    orders: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    found: Found = field(default_factory=Found)
    longest_rest_s: float = 0.0
    seconds: float = 0.0
    notes: Counter[str] = field(default_factory=Counter)
    lacks: str | None = None
    """Why it could not be struck here."""

    @property
    def good(self) -> bool:
        """Whether all is well."""
        return self.found.good


@dataclass
class Campaign:
    """How faults are struck: each so many times, none begun after a moment of the monotonic clock.

    `folder` is for grounds, `kept` for the logs of what went wrong, `world` what every ground begins with.
    """

    runs: int
    seed: int
    until: float
    folder: Path
    kept: Path
    world: Path
    nursery: Nursery
    _grounds: Iterator[int] = field(default_factory=count)

    async def strike(self, faults: Sequence[Fault]) -> list[Outcome]:
        """Strike faults of one setting one after the other, on one ground as long as all is well."""
        outcomes = []
        async with AsyncExitStack() as stack:
            here: Ground | None = None
            for fault in faults:
                outcome = Outcome(fault, lacks=await fault.lacks())
                outcomes.append(outcome)
                if time.monotonic() > self.until:
                    outcome.lacks = outcome.lacks or NO_TIME
                if outcome.lacks is not None:
                    continue
                began = time.monotonic()
                try:
                    if here is None:
                        here = await stack.enter_async_context(
                            ground.standing(fault, self.folder / f"{next(self._grounds)}", self.world, self.nursery)
                        )
                    await self._strike(here, outcome)
                except Exception as error:
                    outcome.found.wrong.append(_described(error))
                outcome.seconds = time.monotonic() - began
                if not outcome.good and here is not None:
                    self._keep_logs(here, fault)
                    await stack.aclose()
                    here = None
        return outcomes

    async def _strike(self, here: Ground, outcome: Outcome) -> None:
        here.fault, here.notes = outcome.fault, outcome.notes
        most = self.runs * TRIES
        while outcome.runs < self.runs and outcome.tries < most and outcome.good:
            if outcome.tries and time.monotonic() > self.until:
                break
            await run(here, outcome, random.Random(f"{self.seed} {outcome.fault.name} {outcome.tries}"))
        if outcome.tries == most and outcome.runs < self.runs:
            outcome.found.wrong.append(f"missed {outcome.tries - outcome.runs} of {outcome.tries} times")
        findings = await here.audited()
        outcome.found.wrong.extend(findings.problems)
        if outcome.fault.shows is not None and not outcome.notes[outcome.fault.shows]:
            outcome.found.wrong.append(f"no {outcome.fault.shows}: no harm was done")

    def _keep_logs(self, here: Ground, fault: Fault) -> None:
        name = "".join(letter if letter.isalnum() else "-" for letter in fault.name)
        for log in here.folder.rglob("*.log"):
            shutil.copy(log, self.kept / f"{name}-{log.name}")


def together(faults: Sequence[Fault], of_one: int = ON_ONE_GROUND) -> list[list[Fault]]:
    """The faults that are struck on one ground: those of one setting, at most so many at a time."""
    alike: dict[Setting, list[Fault]] = {}
    for fault in faults:
        alike.setdefault(fault.setting, []).append(fault)
    return [some[place : place + of_one] for some in alike.values() for place in range(0, len(some), of_one)]


async def run(here: Ground, outcome: Outcome, chance: random.Random) -> None:
    """One run: load, strike, rest, checks."""
    here.runs += 1
    fault = here.fault
    began = await _now(here)
    await load.restock(here, here.runs, chance.randint(3, 9))
    orders = load.Load(here, f"F{here.runs:03d}", here.runs, chance)
    moment = chance.uniform(*fault.moment)
    repeated_before = here.mail.repeated()
    outcome.tries += 1

    async def strike() -> bool:
        await orders.answered(moment)
        async with asyncio.timeout(STRIKE_S):
            try:
                await fault.strike(here, chance)
            except Missed:
                return False
            return True

    async with asyncio.TaskGroup() as group:
        group.create_task(orders.post())
        struck = group.create_task(strike())
    outcome.runs += struck.result()
    await here.revive()
    mended = time.monotonic()
    await here.rest(began)
    outcome.longest_rest_s = max(outcome.longest_rest_s, time.monotonic() - mended)
    outcome.orders += len(orders.history.told)
    outcome.statuses += orders.history.statuses
    found = await window.look(here, orders.history)
    found.repeated_mails = here.mail.repeated() - repeated_before
    found.wrong = [f"run {outcome.tries}: {wrong}" for wrong in found.wrong]
    outcome.found.add(found)


async def _now(here: Ground) -> datetime:
    connection = await asyncpg.connect(here.dsn)
    try:
        return await under_way.now(connection)
    finally:
        await connection.close()


def _described(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_described(one) for one in error.exceptions)
    return f"{type(error).__name__}: {error}"
