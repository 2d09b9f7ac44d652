"""`sluice up` as a process with all that it starts: what a test may kill, start again, and must never leave behind."""

import asyncio
import signal
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import psutil

from deploy.local import audit, databases, ports, whereabouts
from deploy.local.audit import Findings
from deploy.local.server_process import ServerProcess
from notifier import sender

START_S, STOP_S, RECOVER_S = 180.0, 120.0, 300.0
PAGE = 1_000


class Machine:
    """A system on a data folder. `options` are those of `sluice up`; `environment` is all that its processes see."""

    def __init__(self, data: Path, *options: str, **environment: str) -> None:
        self.data = data
        self.environment = environment
        port = ports.free_port()
        self.address = f"http://{ports.LOOPBACK}:{port}"
        self.sender_deaths = 0
        """How often a notifier was killed: each time, what it was sending at that moment may be sent once more."""
        self.mails: dict[str, str] = {}
        """The Message-ID of every mail in the sink, by the sink's own id; see `read_mails`."""
        self._options = (*options, "--port", str(port))
        self._up: ServerProcess | None = None
        self._again: list[ServerProcess] = []
        self._family: set[psutil.Process] = set()
        self._sender_died_at: datetime | None = None

    async def start(self) -> None:
        """Run `sluice up`, and wait until it is alive: all services are, and the demo is loaded."""
        self._up = await self._sluice("up", "up.log", *self._options)
        deadline = time.monotonic() + START_S
        async with httpx.AsyncClient(base_url=self.address, trust_env=False) as client:
            while await _status(client, "/livez") != 200:
                assert self._up.running, self._up.output
                assert time.monotonic() < deadline, self._up.output
                await asyncio.sleep(0.1)
        self._note_family()

    async def end(self, sign: signal.Signals) -> int:
        """Send the signal to `sluice up`, and wait until it and all that it started are gone; return its exit code."""
        assert self._up is not None
        self._note_family()
        if sign == signal.SIGKILL:
            self._note_death_of_sender()
            await self._up.stop()
        else:
            await self._up.stop((sign, STOP_S))
        _, alive = await asyncio.to_thread(psutil.wait_procs, self._family, STOP_S)
        assert alive == []
        self._family.clear()
        return await self._up.ended()

    async def kill(self, service: str) -> None:
        """End a service as `kill -9` does."""
        (process,) = self._processes_of(service)
        # Of a process that we have started ourselves, only who has started it may await the end.
        if ours := next((one for one in self._again if one.pid == process.pid), None):
            await ours.stop()
        else:
            process.kill()
            await asyncio.to_thread(process.wait, STOP_S)
        if service == "notifier":
            self._note_death_of_sender()

    async def run(self, service: str) -> None:
        """Start a service that was killed again, by hand."""
        self._again.append(await self._sluice("run", f"{service}-again.log", service))
        self._note_family()

    async def sluice(self, *arguments: str) -> str:
        """Give another command on this system, which must end well; return what it says."""
        process = await self._sluice(arguments[0], "command.log", *arguments[1:])
        assert await process.ended() == 0, process.output
        return process.output

    async def close(self) -> None:
        """Stop what runs; kill what will not."""
        self._note_family()
        await asyncio.gather(
            *(one.stop((signal.SIGTERM, STOP_S)) for one in (*self._again, self._up) if one is not None)
        )
        _, alive = await asyncio.to_thread(psutil.wait_procs, self._family, STOP_S)
        for process in alive:
            process.kill()

    async def until_ready(self) -> None:
        """Wait until every service says that it is ready."""
        async with asyncio.timeout(START_S), httpx.AsyncClient(base_url=self.address, trust_env=False) as client:
            while await _status(client, "/readyz") != 200:
                await asyncio.sleep(0.1)

    @property
    def database(self) -> str:
        """The address of the database, with the rights of who started the system."""
        return whereabouts.of(self.data).environment["SLUICE_DATABASE"]

    async def audited(self) -> Findings:
        """What the auditor finds once all has arrived, and all mails are sent; or when it has waited long enough."""
        await self._end_leases_of_the_dead()
        deadline = time.monotonic() + RECOVER_S
        async with databases.opened({"database": self.database, "kafka": "-"}) as opened:
            while True:
                findings = await audit.audit(opened)
                sent = findings.counts.get("mails sent", 0) == findings.counts.get("shipments", 0)
                if (findings.clean and sent) or time.monotonic() > deadline:
                    return findings
                await asyncio.sleep(0.3)

    async def read_mails(self) -> None:
        """Read the mails that have come to the sink since it was read last."""
        async with httpx.AsyncClient(base_url=self.address, timeout=60, trust_env=False) as client:
            before, known = "", set(self.mails)
            while True:
                page = (await client.get("/mail.json", params={"limit": PAGE, "before": before})).json()
                self.mails.update({mail["id"]: mail["message_id"] for mail in page})
                if len(page) < PAGE or page[-1]["id"] in known:
                    return
                before = page[-1]["id"]

    def _note_death_of_sender(self) -> None:
        self.sender_deaths += 1
        self._sender_died_at = datetime.now(UTC)

    async def _end_leases_of_the_dead(self) -> None:
        """Act as if the minutes had passed for which a sender that died keeps the mails it was sending."""
        if self._sender_died_at is None:
            return
        connection = await asyncpg.connect(self.database)
        await connection.execute(
            "UPDATE notifier.mails SET next_at = now() WHERE state = 'sending' AND next_at <= $1",
            self._sender_died_at + timedelta(seconds=sender.LEASE_S),
        )
        await connection.close()
        self._sender_died_at = None

    async def _sluice(self, command: str, log: str, *arguments: str) -> ServerProcess:
        return await ServerProcess.start(
            [sys.executable, "-m", "deploy.local.cli", command, *arguments, "--data", str(self.data)],
            log=self.data / log,
            dies_by=signal.SIGKILL,
            environment=self.environment,
        )

    def _processes_of(self, service: str) -> list[psutil.Process]:
        self._note_family()
        return [process for process in self._family if service in _command_line(process)]

    def _note_family(self) -> None:
        """Note who was started for this system: orphans are not found by their parents any more."""
        ours = psutil.Process().children(recursive=True)
        roots = [process for process in ours if str(self.data) in _command_line(process)]
        for process in roots:
            with suppress(psutil.NoSuchProcess):
                self._family.update((process, *process.children(recursive=True)))
        self._family = {process for process in self._family if _alive(process)}


async def _status(client: httpx.AsyncClient, path: str) -> int:
    try:
        return (await client.get(path)).status_code
    except httpx.HTTPError:
        return 0


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
