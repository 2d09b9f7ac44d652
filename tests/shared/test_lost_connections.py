"""What aiokafka hears of a connection that is gone."""

import asyncio

import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ApiVersionRequest

from shared import lost_connections
from tests import servers


async def test_who_writes_to_a_connection_that_has_just_closed_is_told_that_it_is_lost(
    embedded_broker: servers.Broker,
) -> None:
    lost_connections.name_them()
    host, _, port = embedded_broker.address.partition(":")
    connection = AIOKafkaConnection(host, int(port), request_timeout_ms=5_000)
    await connection.connect()
    connection._writer.transport.abort()
    # The loop closes it in its next turn, and in the one after that the client hears of it.
    await asyncio.sleep(0)
    with pytest.raises(KafkaConnectionError):
        await connection.send(ApiVersionRequest())
    assert not connection.connected()
