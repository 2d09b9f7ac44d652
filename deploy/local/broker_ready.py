"""When a Kafka broker is ready: it names itself in its metadata and has a coordinator for consumer groups."""

import asyncio
from pathlib import Path

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError

from deploy.local import trouble
from deploy.local.server_process import ServerProcess


async def until_ready(what: str, process: ServerProcess, address: str, folder: Path, log: Path) -> None:
    """Wait until the broker `what` at `address` answers. Raises `CannotStart` if its process ends first."""
    # The client complains aloud of every refused connection, so knock first.
    while not await _listens(address):
        if not process.running:
            raise trouble.from_output(what, process.output, folder, log)
        await asyncio.sleep(0.05)
    while not await answers(address):
        if not process.running:
            raise trouble.from_output(what, process.output, folder, log)
        await asyncio.sleep(0.1)


async def answers(address: str) -> bool:
    """Whether the broker at `address` answers as a client needs it: metadata, and a coordinator for a group."""
    client = AIOKafkaClient(bootstrap_servers=address, request_timeout_ms=5000)
    try:
        await client.bootstrap()
        await client.coordinator_lookup(CoordinationType.GROUP, "sluice")
    except KafkaError:
        return False
    else:
        return bool(client.cluster.brokers())
    finally:
        await client.close()


async def _listens(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
