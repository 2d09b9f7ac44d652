"""The servers the tests run on: the best that this machine can give, and a fresh database for every test that asks."""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from deploy.local import kafka_artefacts, trouble
from deploy.local.apache_kafka import ApacheKafka
from deploy.local.embedded_broker import EmbeddedBroker
from deploy.local.postgres_server import PostgresServer
from shared import schema
from tests import docker_servers

POSTGRES = "SLUICE_TEST_POSTGRES"
KAFKA = "SLUICE_TEST_KAFKA"
MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30
SERVICES = ("inventory", "notifier", "order_intake", "portal", "router")

QUICK = {
    # What is tested dies, not the machine: nothing is gained by waiting for the disk.
    "fsync": "off",
    "full_page_writes": "off",
    # Tests open thousands of connections, and asyncpg counts every round; dbmate takes fewer for a mistake.
    "scram_iterations": "1000",
}
"""What the tests' PostgreSQL does otherwise than that of `sluice up`."""

_ADMINISTRATORS: dict[str, asyncpg.Pool] = {}
"""Open connections to the servers whose databases are copied, by DSN: to open one takes as long as a small copy."""


@dataclass(frozen=True)
class Database:
    """A PostgreSQL server: `dsn` of a superuser, and its name for people."""

    dsn: str
    name: str


@dataclass(frozen=True)
class Broker:
    """A Kafka broker: `address` is host:port; an embedded one has no idempotent producer."""

    address: str
    name: str
    embedded: bool = False


@contextmanager
def quick_folder(usual: Path) -> Iterator[Path]:
    """A folder in memory where the machine has one with room, which halves the time of tests with a database."""
    try:
        in_memory = shutil.disk_usage(MEMORY).free > ROOM
    except OSError:
        in_memory = False
    if not in_memory:
        yield usual
        return
    with tempfile.TemporaryDirectory(prefix="sluice-tests-", dir=MEMORY) as folder:
        yield Path(folder)


@asynccontextmanager
async def postgres(data: Path) -> AsyncIterator[Database]:
    """The address in SLUICE_TEST_POSTGRES, else a container, else the embedded server with its folder in `data`."""
    async with AsyncExitStack() as stack:
        if dsn := os.environ.get(POSTGRES):
            yield Database(dsn, f"PostgreSQL {await _version(dsn)} (from {POSTGRES})")
        elif dsn := await _docker(stack, docker_servers.postgres):
            yield Database(dsn, f"PostgreSQL {await _version(dsn)} ({docker_servers.POSTGRES_IMAGE} in Docker)")
        else:
            server = PostgresServer(data, settings=QUICK)
            await stack.enter_async_context(server)
            await _hash_password_quickly(server.dsn)
            yield Database(server.dsn, f"PostgreSQL {server.version} (embedded)")


@asynccontextmanager
async def kafka(data: Path) -> AsyncIterator[Broker]:
    """The address in SLUICE_TEST_KAFKA, else a container, else Apache Kafka by Java and Maven, else the embedded."""
    async with AsyncExitStack() as stack:
        if address := os.environ.get(KAFKA):
            yield Broker(address, f"the one at {address} (from {KAFKA})")
        elif address := await _docker(stack, docker_servers.kafka):
            yield Broker(address, f"Apache Kafka ({docker_servers.KAFKA_IMAGE} in Docker)")
        else:
            yield await _without_docker(stack, data)


async def _without_docker(stack: AsyncExitStack, data: Path) -> Broker:
    lack = await kafka_artefacts.missing()
    if lack is None:
        try:
            apache = await stack.enter_async_context(ApacheKafka(data))
            return Broker(apache.address, f"Apache Kafka {apache.version} (Maven artefacts)")
        except trouble.CannotStart as error:
            lack = error.why
    embedded = await stack.enter_async_context(EmbeddedBroker(data))
    return Broker(embedded.address, f"Tansu {embedded.version} (embedded; {lack})", embedded=True)


async def _docker(stack: AsyncExitStack, server: Callable[[], AbstractAsyncContextManager[str]]) -> str | None:
    """The address of a container of `server` that lives as long as `stack`; None if engine or image is missing."""
    if not await asyncio.to_thread(docker_servers.engine_answers):
        return None
    try:
        return await stack.enter_async_context(server())
    except Exception:
        return None


@asynccontextmanager
async def template(dsn: str) -> AsyncIterator[str]:
    """The name of a database on the server at `dsn` that holds what `prepare_template` makes: clone it meanwhile."""
    name = f"sluice_template_{secrets.token_hex(4)}"
    async with asyncpg.create_pool(dsn, min_size=1, max_size=4) as administrator:
        _ADMINISTRATORS[dsn] = administrator
        await administrator.execute(f"CREATE DATABASE {name}")
        try:
            await prepare_template(database_dsn(dsn, name))
            # Cloning waits for everyone who is connected to the original.
            await administrator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            yield name
        finally:
            del _ADMINISTRATORS[dsn]
            await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def clone(dsn: str, original: str) -> AsyncIterator[str]:
    """The DSN of a new database on the server at `dsn`, a copy of `original`, dropped at the end."""
    name = f"sluice_test_{secrets.token_hex(8)}"
    # Copied file by file: several times faster than the default, which writes every page to the log as well.
    await _on_server(dsn, f"CREATE DATABASE {name} TEMPLATE {original} STRATEGY FILE_COPY")
    try:
        yield database_dsn(dsn, name)
    finally:
        await _on_server(dsn, f"DROP DATABASE {name} WITH (FORCE)")


async def prepare_template(dsn: str) -> None:
    """Run the migrations of all services on the empty database at `dsn`."""
    for service in SERVICES:
        await schema.migrate(dsn, service, schema.migrations_of(service))


def database_dsn(dsn: str, name: str) -> str:
    """The DSN of the database `name` on the same server, as the same user, as `dsn`."""
    return urlsplit(dsn)._replace(path=f"/{name}").geturl()


async def _version(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        version: str = await connection.fetchval("SHOW server_version")
        return version.split()[0]
    finally:
        await connection.close()


async def _hash_password_quickly(dsn: str) -> None:
    """Set the password of the server's user again: how hard it is to try is decided when it is set."""
    user = urlsplit(dsn)
    await _on_server(dsn, f"ALTER ROLE {user.username} PASSWORD '{user.password}'")


async def _on_server(dsn: str, statement: str) -> None:
    if dsn in _ADMINISTRATORS:
        await _ADMINISTRATORS[dsn].execute(statement)
        return
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
