"""One server as a child process: deaf to the terminal's Ctrl-C, logging to a file, gone when we are gone."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

_LAUNCHER = Path(__file__).with_name("launcher.py")
_LOG_LIMIT = 10_000_000  # bytes; a longer log of earlier runs is begun anew


class Account(NamedTuple):
    """The user and group a server runs as."""

    uid: int
    gid: int


class ServerProcess:
    """A running server. Start it with `start`; it is stopped by `stop`, or by the kernel if we die first."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path, log_start: int) -> None:
        self._process = process
        self._log = log
        self._log_start = log_start

    @classmethod
    async def start(
        cls,
        command: Sequence[str | Path],
        *,
        log: Path,
        dies_by: signal.Signals,
        account: Account | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Start `command`, an absolute path and its arguments, with its output appended to `log`.

        `dies_by` is the signal it gets when the thread calling this ends, so call it from the main thread. `account` is
        who it runs as, if not who we are. It sees PATH and `environment`, nothing else, so that settings of ours do not
        leak into it.
        """
        steps = (os.getpid(), int(dies_by), *(("-", "-") if account is None else account))
        with log.open("ab") as output:
            if output.tell() > _LOG_LIMIT:
                output.truncate(0)
            log_start = os.fstat(output.fileno()).st_size
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, steps), *map(str, command)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **(environment or {})},
                start_new_session=True,
            )
        return cls(process, log, log_start)

    @property
    def running(self) -> bool:
        """Whether it is still there."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def output(self) -> str:
        """What it has printed since it was started; at most the last 100 kB of it."""
        with self._log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_start, size - 100_000))
            return log.read().decode(errors="replace")

    async def ended(self) -> int:
        """Wait until it ends by itself; its exit code, negative for a signal."""
        return await self._process.wait()

    async def stop(self, *steps: tuple[signal.Signals, float]) -> None:
        """Send each signal and wait its number of seconds; SIGKILL after the last. Harmless if it is gone already."""
        for number, patience in steps:
            if not self.running:
                return
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), patience)
                return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
