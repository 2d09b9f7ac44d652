"""The world in which faults strike: the demo's, in a PostgreSQL folder that is made once and copied for each ground."""

import asyncio
import shutil
import signal
from pathlib import Path

from tests.faults.machine import Machine

CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on", "shared_buffers": "64MB"}
"""Settings for a server whose machine outlives it: what was written is there, whether or not it is on the disk."""


async def make(folder: Path) -> Path:
    """Make the world in `folder` by running the whole system with its demo once; returns the folder to be copied."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    machine = Machine(folder)
    try:
        await machine.start()
        assert await machine.end(signal.SIGTERM) == 0
    finally:
        await machine.close()
    return folder


def copy(world: Path, folder: Path) -> None:
    """Copy the world to where a PostgresServer of `folder` finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(world / "postgres.password", folder / "postgres.password")
    (folder / "postgres.password").chmod(0o600)
    shutil.copytree(world / "postgres", folder / "postgres", symlinks=True)
    (folder / "postgres").chmod(0o700)
