"""A system to strike: servers, links before them, and a process for each service. What strikes may use is public."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx

from deploy.local import audit, databases, demo_world, ports, redrive
from deploy.local.audit import Findings
from deploy.local.mailbox import Mailbox
from deploy.local.services import SERVICES
from shared import failpoints
from shared.postgres import Database
from tests.faults import under_way
from tests.faults.births import Nursery, Process
from tests.faults.fault import Fault, LinkName, Place, Servers
from tests.faults.mail_ways import HarmedSink
from tests.faults.proxy import Link

SESSION_MS = 2_000
"""So long a group waits for a member that was killed. Apache Kafka must be told to allow it, see its settings."""
READY_S, REST_S, END_S, ASK_S = 60.0, 120.0, 40.0, 10.0
LONG_AGO = timedelta(hours=1)
REDRIVE_LOOKS = 100
NO_ANSWER = (httpx.HTTPError, AttributeError)
"""What asking a dying process may raise; AttributeError when it dies between taking a connection and our look at it."""


class Replica:
    """A service's process: one of several, if there are several. A new one takes its place when it has died."""

    def __init__(self, ground: "Ground", service: str, number: int) -> None:
        self.service = service
        self.number = number
        self.port = ports.free_port()
        self.frozen = False
        self._ground = ground
        self._process: Process | None = None
        self._plan = ground.folder / f"{service}-{number}.plan"
        self.log = ground.folder / f"{service}-{number}.log"

    @property
    def alive(self) -> bool:
        """Whether its process is there, be it frozen."""
        return self._process is not None and self._process.alive

    async def start(self) -> None:
        """Start it, if it is not there, and go on at once; see `ready`."""
        if not self.alive:
            self.frozen = False
            environment = self._ground.environment(self.service) | {
                "SLUICE_PORT": str(self.port),
                failpoints.VARIABLE: str(self._plan),
                failpoints.MEANT: "yes",
            }
            self._process = await self._ground.nursery.bear(self.service, environment, self.log)

    async def ready(self) -> bool:
        """Whether it says that it is ready."""
        with suppress(*NO_ANSWER):
            return (await self._ground.client.get(f"http://{ports.LOOPBACK}:{self.port}/readyz")).status_code == 200
        return False

    async def kill(self) -> None:
        """End it as `kill -9` does."""
        self._signal(signal.SIGKILL)
        await self.died()

    async def terminate(self) -> int:
        """Ask it to end, as Kubernetes does, and wait until it has drained; returns its exit code."""
        self._signal(signal.SIGTERM)
        return await self.died()

    def freeze(self) -> None:
        """Stop it where it is: it holds what it holds, and says nothing."""
        self.frozen = True
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on as if no time had passed."""
        self.frozen = False
        self._signal(signal.SIGCONT)

    async def died(self) -> int:
        """Wait until its process is gone; returns its exit code, negative for a signal."""
        assert self._process is not None
        async with asyncio.timeout(END_S):
            code = await self._process.ended()
        if self.service == "notifier" and code != 0:
            await self._ground.sender_died()
        return code

    def plan(self, point: str, action: str, count: int) -> None:
        """Do something the next `count`-th time it passes a failpoint; see `shared.failpoints`."""
        draft = self._plan.with_suffix(".draft")
        draft.write_text(f"{point} {action} {count}")
        draft.replace(self._plan)

    @property
    def planned(self) -> bool:
        """Whether something planned has not happened yet."""
        return self._plan.exists()

    def forget_plan(self) -> None:
        """Plan nothing."""
        self._plan.unlink(missing_ok=True)

    def _signal(self, sign: signal.Signals) -> None:
        assert self._process is not None
        self._process.signal(sign)


class CountedMail(Mailbox):
    """Keeps of each mail only what is counted: how often each Message-ID came to each recipient."""

    def __init__(self) -> None:
        super().__init__(Path())
        self.taken: list[tuple[str, str]] = []
        """Message-ID and recipient of each mail."""

    def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> str:
        """Count a mail."""
        for line in content.split(b"\r\n"):
            if line.lower().startswith(b"message-id:"):
                message_id = line.partition(b":")[2].strip().decode()
                self.taken.extend((message_id, recipient) for recipient in recipients)
                return message_id
        raise ValueError("a mail without a Message-ID")

    def repeated(self) -> int:
        """How many came that had come before."""
        return len(self.taken) - len(set(self.taken))


@dataclass
class Ground:
    """A running system. Made by `standing`."""

    fault: Fault
    folder: Path
    nursery: Nursery
    servers: Servers
    links: dict[LinkName, Link]
    mail: CountedMail
    sink: HarmedSink
    smtp: str
    client: httpx.AsyncClient
    notes: Counter[str] = field(default_factory=Counter)
    """What the table should tell besides, and how often it was so."""
    databases: dict[str, Database] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    """What says who is asking, by business id. The shop is `demo_world.NORDIC`."""
    runs: int = 0
    """How many there were on this ground, the present one included."""
    known: set[str] = field(default_factory=set)
    """What earlier faults on this ground were allowed to do: mails that came twice or never, and what was parked."""
    _replicas: dict[str, list[Replica]] = field(default_factory=dict)
    _of_the_dead: dict[str, datetime] = field(default_factory=dict)
    """Until when a sender that died has the mails it had claimed, by Message-ID."""

    @property
    def dsn(self) -> str:
        """The database, straight and with all rights: for statements of a strike's own, and for checks."""
        return self.servers.dsn

    def note(self, what: str) -> None:
        """Have the table tell that something was so."""
        self.notes[what] += 1

    def replicas(self, service: str) -> list[Replica]:
        """The processes of a service, dead or alive."""
        return self._replicas[service]

    def everyone(self) -> list[Replica]:
        """All processes of all services."""
        return [replica for replicas in self._replicas.values() for replica in replicas]

    async def join(self, service: str) -> Replica:
        """Let one more process of a service join those that are there."""
        replica = Replica(self, service, len(self._replicas.setdefault(service, [])))
        self._replicas[service].append(replica)
        await replica.start()
        return replica

    async def leave(self, replica: Replica) -> int:
        """Let a process leave for good, in peace; returns its exit code."""
        self._replicas[replica.service].remove(replica)
        return await replica.terminate()

    async def revive(self) -> None:
        """Wake who is frozen, start who is dead, and wait until all are ready."""
        for replica in self.everyone():
            replica.forget_plan()
            if replica.alive and replica.frozen:
                replica.wake()
            await replica.start()
        async with asyncio.timeout(READY_S):
            for replica in self.everyone():
                while not await replica.ready():
                    await replica.start()
                    await asyncio.sleep(0.05)

    def entrance(self, chance: random.Random) -> tuple[str, int]:
        """Where orders are taken: the link, or one of the processes."""
        if link := self.links.get("intake"):
            host, _, port = link.address.rpartition(":")
            return host, int(port)
        living = [replica for replica in self.replicas("order-intake") if replica.alive and not replica.frozen]
        return ports.LOOPBACK, chance.choice(living or self.replicas("order-intake")).port

    def environment(self, service: str) -> dict[str, str]:
        """What a service is told."""
        parts = urlsplit(self.dsn)
        host = self.links["postgres"].address if "postgres" in self.links else parts.netloc.rpartition("@")[2]
        user = parts.netloc.rpartition("@")[0]
        return {
            "SLUICE_DATABASE": parts._replace(netloc=f"{user}@{host}").geturl(),
            "SLUICE_KAFKA": self.links["kafka"].address if "kafka" in self.links else self.servers.kafka,
            "SLUICE_KAFKA_IDEMPOTENCE": str(self.servers.idempotent),
            "SLUICE_KAFKA_PARTITIONS": "4",
            "SLUICE_KAFKA_SESSION_MS": str(SESSION_MS),
            "SLUICE_LOG_LEVEL": "WARNING",
            "NOTIFIER_SMTP": self.links["smtp"].address if "smtp" in self.links else self.smtp,
            "NOTIFIER_RETRY_FIRST_SECONDS": "0.2",
            "NOTIFIER_RETRY_LONGEST_SECONDS": "0.5",
            "NOTIFIER_POLL_SECONDS": "0.2",
            "ROUTER_GRACE_SECONDS": "0.3",
            **self.fault.environment,
        }

    async def ask(
        self, service: str, method: str, path: str, party: demo_world.Party, body: object | None = None
    ) -> httpx.Response | None:
        """Ask a living process of a service in a party's name; None when there is no answer."""
        living = [replica for replica in self.replicas(service) if replica.alive and not replica.frozen]
        if not living:
            return None
        address = f"http://{ports.LOOPBACK}:{living[0].port}{path}"
        with suppress(*NO_ANSWER):
            return await self.client.request(method, address, json=body, headers=self.headers[party.business_id])
        return None

    async def execute(self, statement: str, *arguments: object) -> str:
        """Run a statement with all rights; its status line."""
        connection = await asyncpg.connect(self.dsn)
        try:
            status: str = await connection.execute(statement, *arguments)
        finally:
            await connection.close()
        return status

    async def redrive(self) -> Counter[str]:
        """Have sent again what a broker forgot, as `sluice redrive` does."""
        return await redrive.redrive(self.databases, since=LONG_AGO)

    async def sender_died(self) -> None:
        """Note what a notifier that has died had claimed: it is kept for it for minutes, unless `rest` is asked for."""
        connection = await asyncpg.connect(self.dsn)
        try:
            claimed = await connection.fetch("SELECT message_id, next_at FROM notifier.mails WHERE state = 'sending'")
        finally:
            await connection.close()
        self._of_the_dead |= {row["message_id"]: row["next_at"] for row in claimed}

    def unsure_mails(self) -> set[str]:
        """The mails that may come twice: those a dead sender had claimed, and those of which it may not have heard."""
        return self._of_the_dead.keys() | self.sink.unsure

    async def rest(self, since: datetime) -> None:
        """Wait until nothing is on its way of what was said since then.

        Raises AssertionError when it takes too long.
        """
        deadline, looks = time.monotonic() + REST_S, 0
        connection = await asyncpg.connect(self.dsn)
        try:
            while still := await under_way.count(connection, since):
                if time.monotonic() > deadline:
                    raise AssertionError(f"{still} messages, orders or mails are on their way after {REST_S:.0f} s")
                looks += 1
                if looks % 5 == 0:
                    await self._end_leases_of_the_dead(connection)
                if self.fault.forgets and looks % REDRIVE_LOOKS == 0:
                    await self.redrive()
                await asyncio.sleep(0.1)
        finally:
            await connection.close()

    async def audited(self) -> Findings:
        """What the auditor finds."""
        return await audit.audit(self.databases)

    async def _end_leases_of_the_dead(self, connection: asyncpg.Connection) -> None:
        """Act as if the minutes had passed for which a sender that died keeps the mails it had claimed."""
        if self._of_the_dead:
            await connection.execute(
                "UPDATE notifier.mails SET next_at = now()"
                " FROM unnest($1::text[], $2::timestamptz[]) AS dead (id, until)"
                " WHERE message_id = dead.id AND next_at = dead.until AND state = 'sending'",
                list(self._of_the_dead.keys()),
                list(self._of_the_dead.values()),
            )


@asynccontextmanager
async def standing(fault: Fault, folder: Path, world: Path, nursery: Nursery) -> AsyncIterator[Ground]:
    """A ground for a fault, all its services ready, and everything of it gone afterwards."""
    async with AsyncExitStack() as stack:
        links: dict[LinkName, Link] = {}
        for name in sorted(fault.links):
            links[name] = Link()
            await links[name].start()
            stack.push_async_callback(links[name].stop)
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        servers = await stack.enter_async_context(fault.servers(Place(folder / "servers", world, links.get("kafka"))))
        mail = CountedMail()
        sink = HarmedSink(folder)
        sink.mailbox = mail
        await stack.enter_async_context(sink)
        # A connection that was kept may lead to a process that has died since.
        limits = httpx.Limits(max_keepalive_connections=0)
        client = httpx.AsyncClient(trust_env=False, verify=False, timeout=ASK_S, limits=limits)
        await stack.enter_async_context(client)
        smtp = servers.smtp or sink.address
        ground = Ground(fault, folder, nursery, servers, links, mail, sink, smtp, client)
        if "postgres" in links:
            links["postgres"].target = urlsplit(ground.dsn).netloc.rpartition("@")[2]
        if "smtp" in links:
            links["smtp"].target = ground.smtp
        stack.push_async_callback(_end_all, ground)
        for service in SERVICES:
            for _ in range(fault.replicas):
                await ground.join(service.name)
        if "intake" in links:
            links["intake"].target = f"{ports.LOOPBACK}:{ground.replicas('order-intake')[0].port}"
        await ground.revive()
        values = {"database": ground.dsn, "kafka": "-"}
        ground.databases = await stack.enter_async_context(databases.opened(values))
        for party in demo_world.PARTIES:
            ground.headers[party.business_id] = await _token(ground, party)
        yield ground


async def _token(ground: Ground, party: demo_world.Party) -> dict[str, str]:
    address = f"http://{ports.LOOPBACK}:{ground.replicas('portal')[0].port}/auth/token"
    answer = await ground.client.get(address, auth=(party.account, demo_world.SECRET))
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


async def _end_all(ground: Ground) -> None:
    for replica in ground.everyone():
        if replica.alive:
            await replica.kill()
