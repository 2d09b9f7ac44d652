"""The command `sluice` as tests give it: in this process, or as a process of its own where that is what matters."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from typer.testing import CliRunner, Result

from deploy.local.cli import app


async def sluice(*arguments: str, typed: str = "", **environment: str) -> Result:
    """What the command answers, given in this process. What it notes in the environment is forgotten again."""

    def invoke() -> Result:
        before = dict(os.environ)
        try:
            return CliRunner().invoke(app, list(arguments), input=typed, env=environment)
        finally:
            os.environ.clear()
            os.environ.update(before)

    # It has an event loop of its own, and so needs a thread of its own.
    return await asyncio.to_thread(invoke)


@dataclass(frozen=True)
class Ended:
    """A process that has ended: its exit code and what it said on standard output and standard error."""

    code: int
    output: str
    complaint: str

    @property
    def complaints(self) -> Sequence[str]:
        """The lines on standard error."""
        return self.complaint.splitlines()


async def start(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    """The command as a process, with nothing in its environment but what is given here."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.cli", *arguments),
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(process: asyncio.subprocess.Process) -> Ended:
    """Wait for a started process to end."""
    output, complaint = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, output.decode(), complaint.decode())


async def run(*arguments: str, **environment: str) -> Ended:
    """The command as a process, from its start to its end."""
    return await ended(await start(*arguments, **environment))
