"""Apache Kafka as one to three processes that can be killed, started again with what they had, or emptied."""

import asyncio
import base64
import shutil
import signal
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local import apache_kafka, broker_ready, kafka_artefacts, ports, trouble
from deploy.local.apache_kafka import ApacheKafka
from deploy.local.postgres_server import PostgresServer
from deploy.local.server_process import ServerProcess
from tests.faults import image
from tests.faults.fault import Place, Servers

WHOLE_S = 90.0
QUICK = {
    # Groups wait for a killed member no longer than they do at the embedded broker.
    "group.min.session.timeout.ms": "1000",
    # A node that died is noticed after seconds rather than tens of them: the same happens, sooner.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "controller.quorum.fetch.timeout.ms": "1500",
    "controller.quorum.election.timeout.ms": "500",
    "replica.lag.time.max.ms": "4000",
}


@dataclass(frozen=True)
class Node:
    """One of the processes: its number, its addresses, and the folder of its settings and logs."""

    number: int
    address: str
    controller: str
    folder: Path

    @property
    def settings(self) -> Path:
        """Its settings."""
        return self.folder / "server.properties"


class Partition(NamedTuple):
    """A partition: the node that leads it, and the nodes that have all of it, of those that should."""

    leader: int
    there: Sequence[int]
    wanted: Sequence[int]


class Nodes(ApacheKafka):
    """So many nodes, each broker and controller; with three, every message is on two of them before it is acknowledged.

    `address` names all. Their logs are one file. They keep their ports and, unless wiped, what they hold.
    """

    def __init__(self, data: Path, number: int) -> None:
        super().__init__(data)
        self.nodes = [
            Node(
                each,
                f"{ports.LOOPBACK}:{ports.free_port()}",
                f"{ports.LOOPBACK}:{ports.free_port()}",
                self._data / f"node-{each}",
            )
            for each in range(1, number + 1)
        ]
        self.address = ",".join(node.address for node in self.nodes)
        self._running: dict[int, ServerProcess] = {}

    async def start(self) -> None:
        """Make empty nodes, start them and wait until each is there. Raises `CannotStart`."""
        jars = await kafka_artefacts.jars()
        self._data.mkdir(parents=True, exist_ok=True)
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        for node in self.nodes:
            node.folder.mkdir()
            node.settings.write_text("".join(f"{name}={value}\n" for name, value in self._properties(node).items()))
            formatting = await self._java(
                jars, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(node.settings)
            )
            if await formatting.ended() != 0:
                raise trouble.from_output(kafka_artefacts.WHAT, formatting.output, self._data, self._log)
        # A quorum is none before most of them are there.
        for node in self.nodes:
            await self._launch(node)
        for node in self.nodes:
            await self._ready(node)
        await self.whole()

    async def stop(self) -> None:
        """Kill all of them and remove what they held. Harmless if they are not running."""
        for node in self.nodes:
            await self.end(node, signal.SIGKILL)
            shutil.rmtree(node.folder, ignore_errors=True)

    async def end(self, node: Node, sign: signal.Signals) -> None:
        """End a node by SIGTERM, when it hands over what it leads, or by SIGKILL. It keeps what it holds."""
        process = self._running.pop(node.number, None)
        if process is not None:
            await process.stop((sign, 20.0))

    async def come_back(self, node: Node) -> None:
        """Start a node with what it held, and wait until it answers and the others have it back."""
        await self._launch(node)
        await self._ready(node)
        await self.whole()

    async def leader(self) -> Node:
        """The node that leads most partitions; the first one while there is nothing to lead."""
        led = [partition.leader for partition in await self._partitions()]
        return max(self.nodes, key=lambda node: led.count(node.number))

    async def whole(self) -> None:
        """Wait until every partition is on every one of its nodes."""
        async with asyncio.timeout(WHOLE_S):
            while True:
                try:
                    partitions = await self._partitions()
                except (KafkaError, OSError, TimeoutError):
                    partitions = None
                if partitions is not None and all(set(each.there) == set(each.wanted) for each in partitions):
                    return
                await asyncio.sleep(0.2)

    async def _partitions(self) -> list[Partition]:
        client = AIOKafkaAdminClient(bootstrap_servers=self.address, client_id="faults", request_timeout_ms=5_000)
        try:
            await client.start()
            topics = await client.describe_topics()
        finally:
            await client.close()
        return [
            Partition(partition["leader"], partition["isr"], partition["replicas"])
            for topic in topics
            for partition in topic["partitions"]
        ]

    async def _launch(self, node: Node) -> None:
        jars = await kafka_artefacts.jars()
        self._running[node.number] = await self._java(jars, "kafka.Kafka", str(node.settings))

    async def _ready(self, node: Node) -> None:
        process = self._running[node.number]
        await broker_ready.until_ready(kafka_artefacts.WHAT, process, node.address, self._data, self._log)

    def _properties(self, node: Node) -> dict[str, str]:
        replicas, least = str(len(self.nodes)), str(min(2, len(self.nodes)))
        lone = apache_kafka.properties(node.address, node.address, node.controller, str(node.folder / "logs"))
        return {
            **lone,
            **QUICK,
            "node.id": str(node.number),
            "controller.quorum.voters": ",".join(f"{each.number}@{each.controller}" for each in self.nodes),
            "default.replication.factor": replicas,
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": least,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": least,
            "min.insync.replicas": least,
        }


@asynccontextmanager
async def one_node(place: Place) -> AsyncIterator[Servers]:
    """PostgreSQL with the world in it, and one broker of Apache Kafka."""
    async with _with_nodes(place, 1) as servers:
        yield servers


@asynccontextmanager
async def three_nodes(place: Place) -> AsyncIterator[Servers]:
    """PostgreSQL with the world in it, and three brokers of Apache Kafka."""
    async with _with_nodes(place, 3) as servers:
        yield servers


async def lacks() -> str | None:
    """What this machine lacks for it."""
    return await kafka_artefacts.missing()


@asynccontextmanager
async def _with_nodes(place: Place, number: int) -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(image.copy, place.world, place.folder)
        postgres = PostgresServer(place.folder, settings=image.CARELESS)
        nodes = Nodes(place.folder / "kafka", number)
        await stack.enter_async_context(postgres)
        stack.push_async_callback(nodes.stop)
        await nodes.start()
        yield Servers(postgres, nodes)
