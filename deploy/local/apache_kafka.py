"""Apache Kafka without Docker: one process, broker and controller in one, from its Maven artefacts.

    python -m deploy.local.apache_kafka [--port 9092]

starts one for hand use, the embedded broker where Java or Maven is missing, and stops it on Ctrl-C.
"""

import argparse
import asyncio
import base64
import contextlib
import shutil
import signal
import sys
import tempfile
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local import broker_ready, kafka_artefacts, ports, trouble
from deploy.local.embedded_broker import EmbeddedBroker
from deploy.local.server_process import ServerProcess

# It lives for minutes beside everything else on a small machine: little memory, one collector thread, no late
# optimising.
_JVM = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError")


def properties(listener: str, address: str, controller: str, data: str) -> dict[str, str]:
    """The settings of a lone broker: it listens on `listener`, clients reach it at `address`, it reaches itself at
    `controller` (each host:port), and its logs are in the folder `data`.
    """
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "listeners": f"PLAINTEXT://{listener},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": f"1@{controller}",
        "log.dirs": data,
        # As in production a topic is made on purpose or not at all.
        "auto.create.topics.enable": "false",
        # Tests start groups by the dozen: nobody else is coming, so do not wait for them.
        "group.initial.rebalance.delay.ms": "0",
        # There is one broker, and every partition of its own topics is a file handle and some start-up time.
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "2",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "2",
        # 128 MB by default, half of the heap.
        "log.cleaner.dedupe.buffer.size": "8388608",
        "num.network.threads": "2",
        "num.io.threads": "4",
    }


class ApacheKafka:
    """A real broker, empty, reachable at `address` once started; deaf to Ctrl-C, and gone when this process is."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        """`data` gets its log and, while it runs, its topics; `port` None takes a free one and keeps it."""
        self._data = data.absolute()
        self._port = port
        self._log = self._data / "kafka.log"
        self._folder: Path | None = None
        self._process: ServerProcess | None = None
        self.address = ""
        self.version = ""

    async def start(self) -> None:
        """Fetch the jars if need be, start an empty broker and wait until it answers. Raises `CannotStart`."""
        jars = await kafka_artefacts.jars()
        port = ports.claim(self._port, kafka_artefacts.WHAT)
        address = f"{ports.LOOPBACK}:{port}"
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix="kafka-", dir=self._data))
            settings = self._folder / "server.properties"
            controller = f"{ports.LOOPBACK}:{ports.free_port()}"
            lines = properties(address, address, controller, str(self._folder / "logs")).items()
            settings.write_text("".join(f"{name}={value}\n" for name, value in lines))
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            formatting = await self._java(
                jars, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(settings)
            )
            if await formatting.ended() != 0:
                raise trouble.from_output(kafka_artefacts.WHAT, formatting.output, self._data, self._log)
            self._process = await self._java(jars, "kafka.Kafka", str(settings))
            await broker_ready.until_ready(kafka_artefacts.WHAT, self._process, address, self._data, self._log)
        except OSError as error:
            await self.stop()
            raise trouble.from_os_error(kafka_artefacts.WHAT, error, self._data) from error
        except BaseException:
            await self.stop()
            raise
        self._port = port
        self.address = address
        self.version = kafka_artefacts.version(jars)

    async def stop(self) -> None:
        """End it and remove its topics; the log stays. Harmless if it is not running."""
        if self._process is not None:
            await self._process.stop((signal.SIGTERM, 15.0))
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _java(self, jars: Path, main_class: str, *arguments: str) -> ServerProcess:
        java = shutil.which("java")
        assert java is not None
        logging = f"-Dlog4j2.configurationFile={kafka_artefacts.FOLDER / 'log4j2.properties'}"
        return await ServerProcess.start(
            [java, *_JVM, logging, "-cp", f"{jars}/*", main_class, *arguments], log=self._log, dies_by=signal.SIGKILL
        )


async def _run_by_hand(port: int | None) -> None:
    """Start a broker, say where it is, and wait to be stopped."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with tempfile.TemporaryDirectory(prefix="sluice-kafka-") as data:
        lack = await kafka_artefacts.missing()
        broker = ApacheKafka(Path(data), port) if lack is None else EmbeddedBroker(Path(data), port)
        starting = asyncio.create_task(broker.start())
        stop = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait((starting, stop), return_when=asyncio.FIRST_COMPLETED)
            if stop.done():
                return
            await starting
            name = "Apache Kafka" if lack is None else f"The embedded broker, because {lack}: Tansu"
            print(f"{name} {broker.version} listens on {broker.address}; Ctrl-C stops it, and its messages go with it.")
            print(f"Use it with:  sluice up --kafka {broker.address}", flush=True)
            await stop
        finally:
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, trouble.CannotStart):
                await starting
            stop.cancel()
            await broker.stop()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.apache_kafka",
        description="Start a Kafka broker by hand: Apache Kafka where Java 17 and Maven exist, else the embedded one.",
    )
    parser.add_argument("--port", type=int, help="the port to listen on (a free one if not given)")
    try:
        asyncio.run(_run_by_hand(parser.parse_args().port))
    except trouble.CannotStart as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
