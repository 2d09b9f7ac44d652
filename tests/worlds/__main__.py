"""`make fuzz`: random worlds for as many steps as asked for; fails at the first unit that does not add up."""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from tests import servers
from tests.worlds import world

OF_A_WORLD = 25_000
"""Steps after which a new world begins: the auditor reads whole tables."""


def asked(arguments: Sequence[str]) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.worlds", description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000, help="in all worlds together (default: 1000000)")
    parser.add_argument("--seed", type=int, default=1, help="of the first world; the next has the next (default: 1)")
    return parser.parse_args(arguments)


async def run(wanted: argparse.Namespace) -> int:
    """Take the steps, and tell every world's; returns how many they were."""
    taken, seed, began = 0, wanted.seed, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sluice-worlds-") as usual, servers.quick_folder(Path(usual)) as folder:
        async with servers.postgres(folder) as server, servers.template(server.dsn) as migrated:
            while taken < wanted.steps:
                async with servers.clone(server.dsn, migrated) as dsn, world.inhabited(dsn, seed) as lived:
                    await lived.live(min(OF_A_WORLD, wanted.steps - taken))
                    taken += lived.steps
                print(f"world {seed}: {taken} steps in {time.monotonic() - began:.0f} s, the books add up", flush=True)
                seed += 1
    return taken


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(f"{uvloop.run(run(asked(sys.argv[1:])))} steps, and every unit accounted for")
