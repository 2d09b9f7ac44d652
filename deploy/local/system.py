"""The whole system on one machine, composed: servers, schemas, topics, the five services, one address, the demo.

Everything Sluice consists of can be seen here once, in the order in which it is started; it is stopped in reverse.
"""

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

import aiokafka.errors
import asyncpg
import httpx
import structlog

from deploy.local import auditing, databases, demo, mail_pages, ports, redrive, sealing_keys, trouble
from deploy.local.embedded_broker import EmbeddedBroker
from deploy.local.gateway import Backend, Gateway
from deploy.local.mail_sink import MailSink
from deploy.local.mailbox import Mailbox
from deploy.local.postgres_server import PostgresServer
from deploy.local.server_process import ServerProcess
from deploy.local.services import SERVICES, ServiceName
from deploy.local.trouble import CannotStart
from deploy.local.whereabouts import Whereabouts
from shared import failures, kafka, postgres, service
from shared.contracts import MESSAGES
from shared.postgres import Database
from shared.service import Service
from shared.settings import ServiceSettings

log = structlog.get_logger()

WHAT = "Sluice"
REDRIVE_EVERY_S = 20.0
SILENCE = timedelta(seconds=60)
RECENT = timedelta(hours=1)
CHILD_READY_S = 60.0


@dataclass(frozen=True)
class Options:
    """What `sluice up` was told. Servers that are not given are brought along; `namespace` goes before Kafka names."""

    data: Path
    port: int = 8080
    postgres: str | None = None
    kafka: str | None = None
    smtp: str | None = None
    demo: bool = True
    processes: bool = False
    namespace: str = ""


class System:
    """All of Sluice. `progress` is told what is being done, in a few words."""

    def __init__(self, options: Options, progress: Callable[[str], None] = lambda _: None) -> None:
        self.options = options
        self.progress = progress
        self.values: dict[str, object] = {}
        self.services: list[Service] = []
        self.children: dict[str, ServerProcess] = {}
        self.ports: dict[str, int] = {}
        self.gateway: Gateway | None = None
        self.address = f"http://{ports.LOOPBACK}:{options.port}"
        self.mail = ""
        self._stack = AsyncExitStack()
        self._serving: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Start everything and be ready. Raises CannotStart, and has then stopped again what it had started."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def serve(self) -> None:
        """Serve until a signal comes."""
        if self._serving is not None:
            await self._serving

    async def stop(self) -> None:
        """Drain and stop everything, last started first."""
        self._stopping = True
        await self._stack.aclose()

    async def _start(self) -> None:
        self._own_data()
        ports.claim(self.options.port, WHAT)
        broker_forgets = await self._servers()
        self.progress("Bringing the schemas up to date")
        dsn = str(self.values["database"])
        await _all_or_first_error(name.migrate(dsn) for name in SERVICES)
        settings = ServiceSettings.model_validate(self.values)
        await kafka.create_topics(settings, [message.topic for message in MESSAGES])
        self.progress("Starting the services")
        backends = await (self._as_processes() if self.options.processes else self._in_this_process())
        self._note_whereabouts()
        await self._open_address(backends)
        opened = await self._stack.enter_async_context(databases.opened(self.values))
        if broker_forgets:
            await redrive.redrive(opened, since=RECENT)
        self._background(self._redrive_slowly(opened, all_first=broker_forgets))
        auditor = auditing.Settings()
        if auditor.seconds:
            self._background(auditing.keep_looking(auditing.Auditor(opened, auditor.orders), auditor.seconds))
        if self.options.demo:
            self.progress("Loading the demo")
            await demo.load(opened, self.address)
        assert self.gateway is not None
        self.gateway.ready = True

    def _own_data(self) -> None:
        """Make the data folder ours alone: two systems on one folder would fight over its database."""
        data = self.options.data
        try:
            data.mkdir(parents=True, exist_ok=True)
            lock: IO[str] = (data / "lock").open("w")
            self._stack.callback(lock.close)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.values["sealing_keys_file"] = str(sealing_keys.file_in(data))
        except BlockingIOError:
            raise CannotStart(
                WHAT, f"another one runs on {data}", "Stop it, or name another folder with --data"
            ) from None
        except OSError as error:
            raise trouble.from_os_error(WHAT, error, data) from None

    async def _servers(self) -> bool:
        """Start or reach PostgreSQL, the broker and the mail server. Returns whether the broker has forgotten all."""
        options = self.options
        dsn = options.postgres
        if dsn is None:
            self.progress("Starting PostgreSQL")
            postgres = PostgresServer(options.data)
            await self._entered(postgres.start(), postgres.stop)
            dsn = postgres.dsn
        else:
            await _reach_postgres(dsn)
        smtp = options.smtp
        if smtp is None:
            sink = MailSink(options.data)
            await self._entered(sink.start(), sink.stop)
            smtp = sink.address
        self.values |= {
            "database": dsn,
            "kafka_namespace": options.namespace,
            "kafka_partitions": 4,
            "smtp": smtp,
            "public_url": self.address,
            "router_url": self.address,
        }
        self.mail = smtp
        address = options.kafka
        if address is None:
            self.progress("Starting the broker")
            broker = EmbeddedBroker(options.data)
            await self._entered(broker.start(), broker.stop)
            address = broker.address
            # It has no idempotent producers, and lets the first of a group wait for half a session.
            self.values |= {"kafka_idempotence": False, "kafka_session_ms": 4_000}
        else:
            await _reach_kafka(address)
        self.values["kafka"] = address
        return options.kafka is None

    async def _in_this_process(self) -> list[Backend]:
        self.services = [name.build(self.values) for name in SERVICES]
        for built in self.services:
            self._stack.push_async_callback(built.stop)
        await _all_or_first_error(built.start() for built in self.services)
        return [Backend(built) for built in self.services]

    async def _as_processes(self) -> list[Backend]:
        self.ports = {name.name: ports.free_port() for name in SERVICES}
        self._note_whereabouts()
        for name in SERVICES:
            child = await ServerProcess.start(
                [
                    sys.executable,
                    "-m",
                    "deploy.local.cli",
                    "run",
                    name.name,
                    "--data",
                    str(self.options.data.absolute()),
                ],
                log=(self.options.data / f"{name.name}.log").absolute(),
                dies_by=signal.SIGTERM,
                environment={k: v for k, v in os.environ.items() if k.startswith(_prefixes())},
            )
            self.children[name.name] = child
            self._background(self._watch(name, child))
        self._stack.push_async_callback(self._stop_children)
        upstreams = {name: f"http://{ports.LOOPBACK}:{port}" for name, port in self.ports.items()}
        await asyncio.gather(*(self._until_ready(name, upstreams[name.name]) for name in SERVICES))
        return [Backend(name.described(), upstreams[name.name]) for name in SERVICES]

    async def _until_ready(self, name: ServiceName, upstream: str) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            with suppress(TimeoutError):
                async with asyncio.timeout(CHILD_READY_S):
                    while self.children[name.name].running:
                        with suppress(httpx.HTTPError):
                            if (await client.get(f"{upstream}/readyz")).status_code == 200:
                                return
                        await asyncio.sleep(0.05)
        where = self.options.data / f"{name.name}.log"
        raise CannotStart(f"The service {name.name}", "it did not become ready", f"Its log is {where}")

    async def _watch(self, name: ServiceName, child: ServerProcess) -> None:
        code = await child.ended()
        if not self._stopping:
            self.progress(
                f"{name.name} ended ({code}); start it again with: sluice run {name.name} --data {self.options.data}"
            )

    async def _stop_children(self) -> None:
        await asyncio.gather(*(child.stop((signal.SIGTERM, 40.0)) for child in self.children.values()))

    async def _open_address(self, backends: list[Backend]) -> None:
        mailbox = Mailbox(self.options.data.absolute() / "mail")
        self.gateway = Gateway(backends, list(mail_pages.application(mailbox).routes))
        self._stack.push_async_callback(self.gateway.close)
        # Somebody may have taken it meanwhile, and the web server would only end without a word.
        ports.claim(self.options.port, WHAT)
        self._serving = asyncio.create_task(service.serve(self.gateway, ports.LOOPBACK, self.options.port))
        self._stack.push_async_callback(self._stop_serving)

    async def _stop_serving(self) -> None:
        if self._serving is not None and not self._serving.done():
            self._serving.cancel()
            with suppress(asyncio.CancelledError):
                await self._serving

    async def _redrive_slowly(self, opened: dict[str, Database], *, all_first: bool) -> None:
        since = None if all_first else RECENT
        accounted: dict[str, datetime] = {}
        while True:
            try:
                again = await redrive.redrive(
                    opened, since=since, older_than=SILENCE, patiently=True, accounted=accounted
                )
            except postgres.TROUBLE as error:
                log.warning("redrive interrupted", error=failures.describe(error))
            else:
                since = RECENT
                if again:
                    log.warning("messages sent again", topics=dict(again))
            await asyncio.sleep(REDRIVE_EVERY_S)

    def _note_whereabouts(self) -> None:
        Whereabouts(
            address=self.address,
            pid=os.getpid(),
            mail=self.mail,
            environment={f"SLUICE_{field.upper()}": str(value) for field, value in self.values.items()},
            ports=self.ports,
        ).save(self.options.data)

    def _background(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)

        async def end() -> None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        self._stack.push_async_callback(end)

    async def _entered(self, starting: Awaitable[None], stop: Callable[[], Awaitable[None]]) -> None:
        await starting
        self._stack.push_async_callback(stop)


async def _all_or_first_error(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Do things side by side; when one fails the others are cancelled and ended before its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _prefixes() -> tuple[str, ...]:
    """What the environment variables begin with that a service reads."""
    return ("SLUICE_", *(f"{name.package.upper()}_" for name in SERVICES))


async def _reach_postgres(dsn: str) -> None:
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        why = f"the PostgreSQL given with --postgres cannot be reached ({type(error).__name__}: {error})"
        raise CannotStart(WHAT, why, "Check the address, the user and the password") from None
    await connection.close()


async def _reach_kafka(address: str) -> None:
    try:
        settings = ServiceSettings(database="-", kafka=address)
        async with asyncio.timeout(15):
            await kafka.create_topics(settings, [])
    except (OSError, TimeoutError, ValueError, aiokafka.errors.KafkaError) as error:
        why = f"the Kafka given with --kafka cannot be reached at {address} ({type(error).__name__}: {error})"
        raise CannotStart(WHAT, why, "Check the address, host:port") from None
