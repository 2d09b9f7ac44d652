"""`sluice run` is one service and `sluice gateway` the one address before all, each a process that ends when told."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from deploy.local import ports
from deploy.local.services import SERVICES
from tests import builders, servers
from tests.deploy import commands


@asynccontextmanager
async def running(*arguments: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command as a process that is gone at the end."""
    process = await commands.start(*arguments, **environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def status(url: str) -> int:
    """The status of an answer; 0 when nothing answers."""
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(url)).status_code
        except httpx.HTTPError:
            return 0


async def test_a_service_runs_by_its_environment_until_sigterm(database: str, embedded_broker: servers.Broker) -> None:
    port = ports.free_port()
    environment = {
        "SLUICE_DATABASE": database,
        "SLUICE_KAFKA": embedded_broker.address,
        "SLUICE_KAFKA_NAMESPACE": "test-cli-run.",
        "SLUICE_KAFKA_IDEMPOTENCE": "false",
        "SLUICE_KAFKA_PARTITIONS": "1",
        "SLUICE_KAFKA_SESSION_MS": "4000",
        "SLUICE_PORT": "1",
        "PORTAL_PORT": str(port),
    }
    async with running("run", "portal", **environment) as process:
        await builders.eventually(lambda: status(f"http://127.0.0.1:{port}/readyz"), lambda code: code == 200)
        process.send_signal(signal.SIGTERM)
        ended = await commands.ended(process)
    assert (ended.code, ended.complaint) == (0, "")
    assert '"event": "service ready"' in ended.output


async def test_a_service_whose_port_is_taken_says_so(database: str) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as taken:
        ended = await commands.run(
            *("run", "portal"), SLUICE_DATABASE=database, SLUICE_KAFKA="-", SLUICE_PORT=str(taken.getsockname()[1])
        )
    assert ended.code == 3
    (line,) = ended.complaints
    assert line.startswith("The service portal cannot start: it may not listen on 127.0.0.1:")


async def test_the_gateway_answers_for_services_that_are_away() -> None:
    port, nowhere = ports.free_port(), f"127.0.0.1:{ports.free_port()}"
    upstreams = {f"SLUICE_GATEWAY_{service.package.upper()}": nowhere for service in SERVICES}
    async with running("gateway", SLUICE_HOST="127.0.0.1", SLUICE_PORT=str(port), **upstreams) as process:
        address = f"http://127.0.0.1:{port}"
        await builders.eventually(lambda: status(f"{address}/livez"), lambda code: code == 200)
        assert await status(f"{address}/readyz") == 503
        assert await status(f"{address}/auth/token") == 503
        assert await status(f"{address}/openapi.json") == 200
        process.send_signal(signal.SIGTERM)
        ended = await commands.ended(process)
    assert (ended.code, ended.complaint) == (0, "")


@pytest.mark.parametrize(
    ("portal", "words"),
    [
        ({}, "SLUICE_GATEWAY_PORTAL is not set: where is portal? Give its host:port."),
        ({"SLUICE_GATEWAY_PORTAL": "portal"}, "SLUICE_GATEWAY_PORTAL: 'portal' is not a host:port"),
    ],
)
async def test_a_gateway_that_does_not_know_where_a_service_is_says_so(portal: dict[str, str], words: str) -> None:
    ended = await commands.run("gateway", **portal)
    assert ended.code == 2
    (line,) = ended.complaints
    assert line.startswith(words)
