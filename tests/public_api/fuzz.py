"""`make fuzz`: the long run, on a system of its own. Ends with a summary; fails when something was found."""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx
import structlog

from tests import servers
from tests.journeys import running as runs
from tests.public_api import fuzzing
from tests.public_api.fuzzing import Effort, Outcome
from tests.public_api.market import ENVIRONMENT, Market

CALLERS = ("retailer", "supplier", "operator")


def asked(arguments: Sequence[str]) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15, help="for all callers together (default: 15)")
    parser.add_argument("--examples", type=int, default=100, help="of each operation in a round (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="another one asks other things (default: 1)")
    parser.add_argument("--as", dest="callers", action="append", choices=CALLERS, help="only as this one; repeatable")
    return parser.parse_args(arguments)


async def run(wanted: argparse.Namespace) -> dict[str, Outcome]:
    """What came of it, by caller."""
    callers = wanted.callers or CALLERS
    effort = Effort(wanted.examples, wanted.seed, seconds=max(1, int(wanted.minutes * 60 / len(callers))))
    outcomes: dict[str, Outcome] = {}
    with tempfile.TemporaryDirectory(prefix="sluice-fuzz-") as folder:
        data = Path(folder)
        async with servers.postgres(data / "postgres") as database, servers.template(database.dsn) as migrated:
            for caller in callers:
                async with (
                    servers.clone(database.dsn, migrated) as dsn,
                    runs.system(data / caller, dsn, None, "") as running,
                    httpx.AsyncClient(base_url=running.system.address, timeout=30, trust_env=False) as client,
                ):
                    market = await Market(running, client).made()
                    outcomes[caller] = await fuzzing.outcome_of(market.job(caller, effort))
                    await running.books_are_clean()
                print(f"\nAs {caller}: {outcomes[caller]}", flush=True)
    return outcomes


if __name__ == "__main__":
    os.environ.update(ENVIRONMENT)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found = asyncio.run(run(asked(sys.argv[1:])))
    sys.exit(any(outcome.findings for outcome in found.values()))
