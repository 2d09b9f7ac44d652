"""`make faults`: strikes every fault again and again, on processes it starts, and tells what became of each."""

import argparse
import asyncio
import fnmatch
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from tests import servers
from tests.faults import every, image, runner, table
from tests.faults.births import Nursery
from tests.faults.fault import Fault
from tests.faults.runner import Campaign, Outcome


def asked(arguments: Sequence[str]) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the faults, and strike none")
    parser.add_argument("--only", default="*", help="names, comma-separated; * stands for anything")
    parser.add_argument("--runs", type=int, default=20, help="of each fault (default: 20)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (default: 1)")
    parser.add_argument("--minutes", type=float, default=120.0, help="after which no new run is begun (default: 120)")
    parser.add_argument("--at-a-time", type=int, default=3, help="faults, each on a ground of its own (default: 3)")
    parser.add_argument("--out", type=Path, help="a file for the table")
    return parser.parse_args(arguments)


def chosen(names: str) -> list[Fault]:
    """The faults that are asked for."""
    patterns = [name.strip() for name in names.split(",")]
    return [fault for fault in every.FAULTS if any(fnmatch.fnmatch(fault.name, pattern) for pattern in patterns)]


async def run(wanted: argparse.Namespace, faults: Sequence[Fault], kept: Path) -> list[Outcome]:
    """Strike the faults; what became of each, in their order. `kept` gets the logs of what went wrong."""
    until = time.monotonic() + 60 * wanted.minutes
    turns = asyncio.Semaphore(wanted.at_a_time)
    with tempfile.TemporaryDirectory(prefix="sluice-faults-") as usual, servers.quick_folder(Path(usual)) as folder:
        world = await image.make(folder / "world")
        async with Nursery() as nursery:
            campaign = Campaign(wanted.runs, wanted.seed, until, folder, kept, world, nursery)

            async def strike(group: Sequence[Fault]) -> list[Outcome]:
                async with turns:
                    outcomes = await campaign.strike(group)
                for outcome in outcomes:
                    print(told(outcome), flush=True)
                return outcomes

            groups = await asyncio.gather(*(strike(group) for group in runner.together(faults)))
    return sorted((outcome for group in groups for outcome in group), key=lambda outcome: faults.index(outcome.fault))


def told(outcome: Outcome) -> str:
    """One line of what became of a fault, and one for everything that is wrong."""
    if outcome.lacks is not None:
        return f"{outcome.fault.name}: not struck here, {outcome.lacks}"
    found = outcome.found
    line = (
        f"{outcome.fault.name}: {outcome.runs} runs, {outcome.orders} orders in {outcome.seconds:.0f} s;"
        f" lost {found.lost}, doubled {found.doubled}, oversold {found.oversold},"
        f" mails repeated {found.repeated_mails},"
        f" longest rest {outcome.longest_rest_s:.1f} s; answers {dict(sorted(outcome.statuses.items()))}"
        f" {dict(outcome.notes) or ''}"
    )
    return "\n    ".join([line, *found.wrong[:20]])


def main() -> int:
    """The command line; returns the exit code."""
    wanted = asked(sys.argv[1:])
    faults = chosen(wanted.only)
    if wanted.list:
        print("\n".join(f"{fault.name}: {fault.what}" for fault in faults))
        return 0
    kept = Path(tempfile.mkdtemp(prefix="sluice-faults-logs-"))
    outcomes = uvloop.run(run(wanted, faults, kept))
    if any(kept.iterdir()):
        print(f"The logs of what went wrong are in {kept}")
    else:
        kept.rmdir()
    if wanted.out is not None:
        table.write(wanted.out, outcomes, [fault.name for fault in every.FAULTS])
    short = [one for one in outcomes if one.lacks == runner.NO_TIME or (one.lacks is None and one.runs < wanted.runs)]
    for outcome in short:
        print(f"{outcome.fault.name}: struck {outcome.runs} times of {wanted.runs}")
    return 0 if outcomes and not short and all(outcome.good for outcome in outcomes) else 1


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for noisy in ("aiokafka", "asyncpg", "mail.log"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    sys.exit(main())
