"""A PostgreSQL that can be made to fail as machines do, and a pair of them of which one stands by."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil

from deploy.local import postgres_data
from deploy.local.postgres_server import PostgresServer
from tests.faults import fault, image, refusals
from tests.faults.fault import Place, Servers
from tests.faults.proxy import Link

REPLICATED = {**image.CARELESS, "wal_level": "replica", "max_wal_senders": "4", "wal_keep_size": "256MB"}
SYNCHRONOUS_S = 30.0


class Mortal(PostgresServer):
    """A PostgreSQL that may end without taking leave."""

    async def crash(self) -> None:
        """End at once (`pg_ctl stop -m immediate`): nothing is finished, and the next start recovers from the log."""
        assert self._process is not None
        await self._process.stop((signal.SIGQUIT, 10.0))
        self._process = None

    async def kill(self) -> None:
        """End it and every process of it by `kill -9`, as when the machine goes."""
        assert self._process is not None
        leader = psutil.Process(int((self._data / "postgres" / "postmaster.pid").read_text().split("\n")[0]))
        # Held, it cannot start another while its children are counted.
        leader.send_signal(signal.SIGSTOP)
        for child in leader.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
        leader.kill()
        await self._process.ended()
        self._process = None


@asynccontextmanager
async def mortal_servers(place: Place) -> AsyncIterator[Servers]:
    """PostgreSQL that may be harmed, is quick to see deadlocks and can refuse, and the embedded broker."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(image.copy, place.world, place.folder)
        postgres = Mortal(place.folder, settings={**image.CARELESS, "deadlock_timeout": "30ms"})
        broker = fault.embedded_broker(place)
        await stack.enter_async_context(postgres)
        await refusals.prepare(postgres.dsn)
        await stack.enter_async_context(broker)
        yield Servers(postgres, broker)


@dataclass
class Pair(Servers):
    """A primary, and a synchronous standby that takes over. Whoever comes by `dsn` finds the primary of the moment."""

    postgres: Mortal
    front: Link = field(default_factory=Link)
    standby: Mortal | None = None
    folder: Path = Path()
    made: int = 0

    @property
    def dsn(self) -> str:
        """The database, by way of what always leads to the primary."""
        parts = urlsplit(self.postgres.dsn)
        return parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@{self.front.address}").geturl()

    def lead_to_primary(self) -> None:
        """Have those who come from now on led to the primary of now."""
        self.front.target = urlsplit(self.postgres.dsn).netloc.rpartition("@")[2]

    async def fail_over(self) -> None:
        """The primary dies, the standby is promoted, and everybody is led to it. Nobody stands by then."""
        assert self.standby is not None
        await self.postgres.kill()
        await self._ask(self.standby, "SELECT pg_promote(true, 60)")
        self.postgres, self.standby = self.standby, None
        self.lead_to_primary()
        await self.front.cut()

    async def stand_by(self) -> None:
        """Make a new standby from the primary, and have no commit answered from now on that it has not got."""
        self.made += 1
        folder = self.folder / f"standby-{self.made}"
        folder.mkdir()
        shutil.copy(self.folder / "postgres.password", folder)
        copying = await asyncio.create_subprocess_exec(
            *(
                postgres_data.programs() / "pg_basebackup",
                "--pgdata",
                folder / "postgres",
                "--dbname",
                self._replication,
            ),
            *("--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream"),
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )
        assert await copying.wait() == 0, "no copy could be made for the standby"
        (folder / "postgres").chmod(0o700)
        standby = Mortal(folder, settings=REPLICATED)
        await standby.start()
        self.standby = standby
        await self._ask(self.postgres, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        await self._ask(self.postgres, "SELECT pg_reload_conf()")
        async with asyncio.timeout(SYNCHRONOUS_S):
            while not await self._ask(
                self.postgres,
                "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming')",
            ):
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Stop both, the primary first: it would wait for the other."""
        await self.postgres.crash()
        if self.standby is not None:
            await self.standby.crash()

    @property
    def _replication(self) -> str:
        return urlsplit(self.postgres.dsn)._replace(path="/postgres").geturl()

    async def _ask(self, server: Mortal, question: str) -> object:
        connection = await asyncpg.connect(server.dsn)
        try:
            answer: object = await connection.fetchval(question)
        finally:
            await connection.close()
        return answer


@asynccontextmanager
async def pair_of_servers(place: Place) -> AsyncIterator[Servers]:
    """Two PostgreSQL of which one stands by, and the embedded broker."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(image.copy, place.world, place.folder)
        postgres = Mortal(place.folder, settings=REPLICATED)
        await postgres.start()
        broker = fault.embedded_broker(place)
        servers = Pair(postgres, broker, folder=place.folder)
        stack.push_async_callback(servers.close)
        await servers.front.start()
        stack.push_async_callback(servers.front.stop)
        servers.lead_to_primary()
        await servers.stand_by()
        await stack.enter_async_context(broker)
        yield servers
