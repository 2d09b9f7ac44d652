"""The servers of the tests as containers, where a Docker engine answers."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient, get_docker_host

from deploy.local import apache_kafka, broker_ready, ports

POSTGRES_IMAGE = os.environ.get("POSTGRES_IMAGE", "postgres:18")
KAFKA_IMAGE = os.environ.get("KAFKA_IMAGE", "apache/kafka:4.3.1")
DEFAULT_HOST = "unix:///var/run/docker.sock"
_PATIENCE = 120.0  # seconds for a container to answer


def engine_answers() -> bool:
    """Whether there is a Docker engine, found as testcontainers finds it; says so within a second."""
    logging.getLogger("testcontainers").setLevel(logging.WARNING)
    host = get_docker_host() or DEFAULT_HOST
    # The client leaves its socket open when nobody answers there.
    if host.startswith("unix://") and not _accepts(host.removeprefix("unix://")):
        return False
    try:
        engine = DockerClient(timeout=1).client
    except Exception:
        return False
    try:
        return bool(engine.ping())
    except Exception:
        return False
    finally:
        engine.close()


@asynccontextmanager
async def postgres() -> AsyncIterator[str]:
    """PostgreSQL in a container, as the DSN of its superuser. Any exception means it cannot be had."""
    container = (
        DockerContainer(POSTGRES_IMAGE)
        .with_env("POSTGRES_USER", "sluice")
        .with_env("POSTGRES_PASSWORD", "sluice")
        .with_exposed_ports(5432)
        # What is tested dies, not the machine.
        .with_command("postgres -c max_connections=200 -c fsync=off")
    )
    async with _running(container):
        address = f"{container.get_container_host_ip()}:{container.get_exposed_port(5432)}"
        dsn = f"postgresql://sluice:sluice@{address}/sluice"
        await _until(lambda: _connects(dsn))
        yield dsn


@asynccontextmanager
async def kafka() -> AsyncIterator[str]:
    """Apache Kafka in a container, as its address. Any exception means it cannot be had."""
    container = DockerContainer(KAFKA_IMAGE)
    port = ports.free_port()
    address = f"{container.get_docker_client().host()}:{port}"
    settings = apache_kafka.properties("0.0.0.0:9092", address, "localhost:9093", "/tmp/kafka-logs")
    for name, value in settings.items():
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    async with _running(container.with_bind_ports(9092, port)):
        await _until(lambda: broker_ready.answers(address))
        yield address


@asynccontextmanager
async def _running(container: DockerContainer) -> AsyncIterator[None]:
    try:
        await asyncio.to_thread(container.start)
        yield
    finally:
        await asyncio.to_thread(container.stop)


def _accepts(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


async def _until(ready: Callable[[], Awaitable[bool]]) -> None:
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while not await ready():
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.5)


async def _connects(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except (OSError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True
