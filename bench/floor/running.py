"""The floor, running: its four processes, on a broker and a PostgreSQL of its own with the settings of the system's."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

import asyncpg
import httpx

from bench import loading, market, processes
from bench.floor import messages, tables
from bench.running import SETTINGS
from bench.timings import Stored
from deploy.local import ports
from deploy.local.apache_kafka import ApacheKafka
from deploy.local.embedded_broker import EmbeddedBroker
from deploy.local.postgres_server import PostgresServer
from deploy.local.server_process import ServerProcess
from shared import kafka
from shared.settings import ServiceSettings

PARTS = ("notifier", "inventory", "router", "intake")
PARTITIONS = 4
READY_S = 120.0


@dataclass
class Floor:
    """The running floor."""

    port: int
    connection: asyncpg.Connection
    pids: Mapping[str, int]

    def door(self, *, gateway: bool) -> int:
        """The port that orders are put to; there is no gateway."""
        if gateway:
            raise ValueError("the floor has no gateway")
        return self.port

    def used(self) -> dict[str, processes.Used]:
        """What each process has used so far."""
        return processes.used_by_name(self.pids)

    async def count_shown(self, run: str, since: float) -> int:
        """How many orders of a run that began then show where they went."""
        count: int = await self.connection.fetchval(
            "SELECT count(*) FROM intake.orders WHERE number LIKE $1 || '-%' AND routed", run
        )
        return count

    async def stored(self, run: str, since: float) -> dict[int, Stored]:
        """What became of the orders of a run that began then, by their place in it."""
        rows = await self.connection.fetch(
            "SELECT number, CASE WHEN routed THEN extract(epoch FROM pg_xact_commit_timestamp(o.xmin))::float8 END"
            " AS shown, (SELECT max(extract(epoch FROM pg_xact_commit_timestamp(s.xmin)))::float8"
            " FROM router.shipments s WHERE s.order_id = o.id) AS shipped"
            " FROM intake.orders o WHERE number LIKE $1 || '-%'",
            run,
        )
        return {int(row["number"].rpartition("-")[2]): Stored(row["shipped"], row["shown"]) for row in rows}

    async def problems(self) -> list[str]:
        """What does not add up: every order shown once, shipments and balances as much as was taken."""
        wrong = {
            "orders without shipments": "SELECT count(*) FROM intake.orders o WHERE NOT routed"
            " OR NOT EXISTS (SELECT FROM router.shipments s WHERE s.order_id = o.id)",
            "balances with another sum than their takings": "SELECT count(*) FROM inventory.balances b WHERE allocated"
            " <> (SELECT coalesce(sum(quantity), 0) FROM inventory.allocations a WHERE a.balance_id = b.id)",
            "shipments without a notice": "SELECT count(*) FROM router.shipments s WHERE NOT EXISTS"
            " (SELECT FROM notifier.notices n WHERE n.shipment_id = s.id)",
        }
        counts = {what: await self.connection.fetchval(sql) for what, sql in wrong.items()}
        return [f"{count} {what}" for what, count in counts.items() if count]


@asynccontextmanager
async def floor(data: Path, *, real_kafka: bool = False) -> AsyncIterator[Floor]:
    """The floor on a new PostgreSQL and a new broker. Raises RuntimeError when a process ends instead of starting."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(PostgresServer(data, settings=SETTINGS))
        broker: ApacheKafka | EmbeddedBroker = ApacheKafka(data) if real_kafka else EmbeddedBroker(data)
        await stack.enter_async_context(broker)
        connection = await asyncpg.connect(server.dsn)
        stack.push_async_callback(connection.close)
        await tables.create(connection, _stock())
        settings = ServiceSettings(database=server.dsn, kafka=broker.address, kafka_partitions=PARTITIONS)
        await kafka.create_topics(settings, messages.TOPICS.values())
        port = ports.free_port()
        pids = {processes.POSTGRES: processes.our_child(str(data / "postgres"))}
        pids["broker"] = processes.our_child("kafka.Kafka" if real_kafka else broker.address)
        started: dict[str, ServerProcess] = {}
        for part in PARTS:
            told = [part, server.dsn, broker.address, str(port), "yes" if real_kafka else "no"]
            started[part] = process = await ServerProcess.start(
                [sys.executable, "-m", "bench.floor", *told],
                log=data / f"{part}.log",
                dies_by=SIGTERM,
                environment=loading.ENVIRONMENT,
            )
            stack.push_async_callback(process.stop, (SIGTERM, 10.0))
        for part, process in started.items():
            await _until_ready(process)
            pids[part] = processes.our_child("bench.floor", part)
        async with asyncio.timeout(READY_S), httpx.AsyncClient(trust_env=False) as client:
            while not await _listens(client, port):  # noqa: ASYNC110 - another process is waited for
                await asyncio.sleep(0.05)
        yield Floor(port, connection, pids)


def _stock() -> Iterator[tables.Stock]:
    """The stock of the market, with other words."""
    balances = 0
    for at, catalogues in enumerate(market.CATALOGUES.values()):
        for number in range(market.PRODUCTS_EACH):
            for place, catalogue in enumerate(market.places(catalogues, number)):
                balances += 1
                yield market.product(at, number), place, catalogue, balances, market.PLENTY


async def _until_ready(process: ServerProcess) -> None:
    async with asyncio.timeout(READY_S):
        while not process.output.endswith("ready\n"):
            if not process.running:
                raise RuntimeError(f"the floor's process ended:\n{process.output[-2_000:]}")
            await asyncio.sleep(0.05)


async def _listens(client: httpx.AsyncClient, port: int) -> bool:
    try:
        await client.get(f"http://{ports.LOOPBACK}:{port}/")
    except httpx.TransportError:
        return False
    return True
