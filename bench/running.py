"""The system a load is run on: `sluice up --processes` on a PostgreSQL of its own, stopped with the run.

PostgreSQL has the settings of `sluice up` and one more: it keeps the time of every commit, by which it is told
afterwards when an order's shipments were stored, instead of asking for them all the time.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

import httpx

from bench import loading, processes, timings
from bench.timings import Stored
from deploy.local import databases, ports, trouble, whereabouts
from deploy.local.apache_kafka import ApacheKafka
from deploy.local.postgres_server import PostgresServer
from deploy.local.server_process import ServerProcess
from shared.postgres import Database

SETTINGS = {"track_commit_timestamp": "on"}
UNBOUNDED = {"SLUICE_REQUESTS_PER_SECOND": "100000", "SLUICE_REQUESTS_BURST": "100000"}
"""All requests are of one key; how many one key may send is not what is measured."""
READY_S = 300.0


@dataclass
class Running:
    """A running system: where it is, its databases, and its processes by name."""

    address: str
    ports: Mapping[str, int]
    dsn: str
    databases: Mapping[str, Database]
    pids: dict[str, int]
    broker: str

    def door(self, *, gateway: bool) -> int:
        """The port that orders are put to."""
        return int(self.address.rpartition(":")[2]) if gateway else self.ports["order-intake"]

    def used(self) -> dict[str, processes.Used]:
        """What each process has used so far."""
        return processes.used_by_name(self.pids)

    async def count_shown(self, run: str, since: float) -> int:
        """How many orders of a run that began then show where they went."""
        return await timings.count_shown(self.databases, run, since)

    async def stored(self, run: str, since: float) -> dict[int, Stored]:
        """What became of the orders of a run that began then, by their place in it."""
        return await timings.stored(self.databases, run, since)


@asynccontextmanager
async def system(data: Path, *, kafka: bool = False) -> AsyncIterator[Running]:
    """A system in processes, without the demo. `kafka`: on Apache Kafka, otherwise on the embedded broker.

    Raises CannotStart with the last that it printed, or TimeoutError, when it does not become ready.
    """
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(PostgresServer(data, settings=SETTINGS))
        told = ["--postgres", postgres.dsn]
        pids = {processes.POSTGRES: processes.our_child(str(data / "postgres"))}
        broker = "embedded"
        if kafka:
            real = await stack.enter_async_context(ApacheKafka(data))
            told += ["--kafka", real.address]
            broker = f"Apache Kafka {real.version}"
            pids["broker"] = processes.our_child("kafka.Kafka")
        port = ports.free_port()
        command = [sys.executable, "-m", "deploy.local.cli", "up", "--processes", "--no-demo", "--port", str(port)]
        up = await ServerProcess.start(
            [*command, "--data", data / "up", *told],
            log=data / "up.log",
            dies_by=SIGTERM,
            environment=loading.ENVIRONMENT | UNBOUNDED,
        )
        stack.push_async_callback(up.stop, (SIGTERM, 60.0))
        address = f"http://{ports.LOOPBACK}:{port}"
        await _until_ready(address, up)
        noted = whereabouts.of(data / "up")
        top = processes.our_child(str(data / "up"))
        pids["gateway, mail"] = top
        for pid in processes.children(top):
            words = processes.command(pid)
            pids[words[words.index("run") + 1] if "run" in words else "broker"] = pid
        values = {name.removeprefix("SLUICE_").lower(): value for name, value in noted.environment.items()}
        opened = await stack.enter_async_context(databases.opened(values))
        yield Running(address, noted.ports, postgres.dsn, opened, pids, broker)


async def _until_ready(address: str, up: ServerProcess) -> None:
    async with asyncio.timeout(READY_S), httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                if (await client.get(f"{address}/livez")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if not up.running:
                last = up.output.strip().rpartition("\n")[2].rstrip(".")
                raise trouble.CannotStart("The system", last, "Try it with sluice up --processes")
            await asyncio.sleep(0.1)
