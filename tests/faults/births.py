"""Asking the nursery for processes, and hearing of their ends."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

LAUNCH_S = 60.0
CHECKOUT = Path(__file__).parents[2]


class Process:
    """A process that the nursery forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def alive(self) -> bool:
        """Whether it has not been heard to have ended."""
        return not self._ended.done()

    async def ended(self) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        return await asyncio.shield(self._ended)

    def signal(self, sign: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, sign)

    def buried(self, code: int) -> None:
        """Note its end."""
        if self.alive:
            self._ended.set_result(code)


class Nursery:
    """A running `tests.faults.nursery`; it and all that it forked end with this process."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._births: asyncio.Queue[int] = asyncio.Queue()
        self._children: dict[int, Process] = {}
        self._buried: dict[int, int] = {}
        self._one_at_a_time = asyncio.Lock()

    async def bear(self, service: str, environment: Mapping[str, str], log: Path) -> Process:
        """Start a service with this environment, and nothing else in it, and its output appended to `log`."""
        assert self._process is not None
        assert self._process.stdin is not None
        order = {"service": service, "environment": dict(environment), "log": str(log)}
        async with self._one_at_a_time:
            self._process.stdin.write(orjson.dumps(order) + b"\n")
            await self._process.stdin.drain()
            async with asyncio.timeout(LAUNCH_S):
                pid = await self._births.get()
            child = self._children[pid] = Process(pid)
        if pid in self._buried:
            child.buried(self._buried.pop(pid))
        return child

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.nursery"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            cwd=CHECKOUT,
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._reading is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = orjson.loads(line)
            if "born" in told:
                self._births.put_nowait(told["born"])
            elif told["died"] in self._children:
                self._children.pop(told["died"]).buried(told["code"])
            else:
                self._buried[told["died"]] = told["code"]
