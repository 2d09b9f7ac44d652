"""What processes work and hold, looked at once a second while something is measured."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bench import processes
from bench.processes import Used

EVERY_S = 1.0


@dataclass
class Samples:
    """Moments, as Unix times, and what each process had used at them."""

    moments: list[float] = field(default_factory=list)
    used: list[dict[str, Used]] = field(default_factory=list)

    def shares(self) -> dict[str, list[float]]:
        """The share of one core that each process worked since the sample before; of all samples but the first."""
        names = self.used[0].keys() if self.used else ()
        found: dict[str, list[float]] = {name: [] for name in names}
        for at in range(1, len(self.moments)):
            passed = self.moments[at] - self.moments[at - 1]
            for name, series in found.items():
                now, before = self.used[at].get(name), self.used[at - 1].get(name)
                series.append((now.cpu - before.cpu) / passed if now and before else 0.0)
        return found


@asynccontextmanager
async def sampled(pids: Mapping[str, int]) -> AsyncIterator[Samples]:
    """Samples of processes, taken until the block is left."""
    samples = Samples()
    taking = asyncio.create_task(_take(pids, samples))
    try:
        yield samples
    finally:
        taking.cancel()
        with suppress(asyncio.CancelledError):
            await taking


async def _take(pids: Mapping[str, int], samples: Samples) -> None:
    while True:
        samples.moments.append(time.time())
        samples.used.append(processes.used_by_name(pids))
        await asyncio.sleep(EVERY_S)
