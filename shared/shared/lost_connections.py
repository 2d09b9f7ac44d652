"""A connection to Kafka that was lost is an error that aiokafka knows, also on uvloop.

asyncio lets a program write to a connection that has just been closed, and drops what it writes. uvloop raises
RuntimeError, which aiokafka does not expect: the task that keeps a consumer in its group ends by it, and the consumer
says nothing, hears nothing, and is never given anything again.
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError


def name_them() -> None:
    """Have aiokafka meet every lost connection as KafkaConnectionError, in this process and from now on."""
    send = AIOKafkaConnection.send
    if send.__module__ == __name__:
        return

    def send_or_hang_up(self: AIOKafkaConnection, request: Any, expect_response: bool = True) -> Any:
        try:
            return send(self, request, expect_response)
        except RuntimeError as error:
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"Connection at {self.host}:{self.port} broken: {error}") from error

    AIOKafkaConnection.send = send_or_hang_up
