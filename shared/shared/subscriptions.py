"""The only place that subscribes to Kafka.

FastStream's defaults lose messages: offsets committed before the work, reading from the newest record, a header it
cannot read skips a whole batch. So: manual acknowledgement of exactly this batch's offsets after its commit, a
rewind of each partition on failure, from the earliest record, a parser that cannot raise, and no revoke while a
batch is being handled.
"""

import asyncio
import base64
import dataclasses
import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage

from shared import failpoints, observability
from shared.contracts import Message
from shared.inbox import Handler, Inbox
from shared.postgres import Database, Transaction

log = structlog.get_logger()

AnyMessage = TypeVar("AnyMessage", bound=Message)
Settings = Any

MAX_RECORDS = 500
POLL_MS = 1_000
"""So long a consumer waits for records before it looks whether it is to stop; they are taken as soon as they come."""
REVOKE_WAIT_S = 40.0


class Subscriptions:
    """The handlers of a service, one for each message it takes."""

    def __init__(self) -> None:
        self.handlers: dict[type[Message], Callable[..., Awaitable[None]]] = {}

    def on(
        self, type_of_message: type[AnyMessage]
    ) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., Awaitable[None]]]:
        """Register the handler of a message.

        It is called as `handler(messages, tx)`, or `handler(messages, tx, settings)` when it names a third parameter,
        with the fresh messages of a batch and one transaction.
        """

        def register(handler: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
            self.handlers[type_of_message] = handler
            return handler

        return register

    def inboxes(self, service: str, database: Database, settings: Settings) -> list[Inbox]:
        """An inbox for each handler, on the service's database."""
        return [
            Inbox(service, database, type_of_message, _with_settings(handler, settings))
            for type_of_message, handler in self.handlers.items()
        ]


def _with_settings(handler: Callable[..., Awaitable[None]], settings: Settings) -> Handler:
    if len(inspect.signature(handler).parameters) < 3:
        return handler

    async def handle(messages: Sequence[Message], tx: Transaction) -> None:
        await handler(messages, tx, settings)

    return handle


def subscribe(broker: KafkaBroker, inbox: Inbox, topic: str, group: str, session_ms: int) -> "Subscription":
    """Let an inbox take a topic's batches, as a member of a group that gives it up after `session_ms` of silence."""
    subscription = Subscription(inbox)

    subscriber = broker.subscriber(
        topic,
        group_id=group,
        batch=True,
        max_records=MAX_RECORDS,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="earliest",
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=min(3_000, session_ms // 4),
        rebalance_timeout_ms=60_000,
        listener=subscription,
        parser=_parse,
        decoder=_leave_undecoded,
        no_reply=True,
        partition_assignment_strategy=[StickyPartitionAssignor],
    )
    # FastStream's own sleeps after an empty poll, deaf to what comes then: every hop would be slower by half of that.
    subscriber.get_msg = subscription.records  # type: ignore[method-assign]

    @subscriber
    async def take(message: KafkaMessage) -> None:
        await subscription.take(message)

    return subscription


class Subscription(ConsumerRebalanceListener):  # type: ignore[misc]
    """One consumer: at most one batch in hand, and none while partitions are taken away."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.assigned = asyncio.Event()
        self._busy = asyncio.Lock()
        self._beyond: set[TopicPartition] = set()

    async def records(self, consumer: AIOKafkaConsumer) -> tuple[ConsumerRecord[bytes, bytes], ...]:
        """The next records of all partitions, none when none came for a while."""
        found = await consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        if not found:
            await self._begin_again_where_there_is_less(consumer)
        return tuple(chain.from_iterable(found.values()))

    async def _begin_again_where_there_is_less(self, consumer: AIOKafkaConsumer) -> None:
        """Read a partition from its beginning when it ends before what was read of it already.

        So it is with a broker that came back empty and was then told an offset of before; nothing would be read until
        it has as much again. What was taken already the inbox knows.
        """
        beyond: set[TopicPartition] = set()
        with suppress(TimeoutError, IllegalStateError, KafkaError):
            async with asyncio.timeout(POLL_MS / 1_000):
                for partition in consumer.assignment():
                    end = consumer.highwater(partition)
                    if end is not None and await consumer.position(partition) > end:
                        beyond.add(partition)
                # Seen twice: what was asked before the partition grew may still be answered.
                for partition in beyond & self._beyond:
                    log.error(
                        "the broker has less than was read of it", topic=partition.topic, partition=partition.partition
                    )
                    await consumer.seek_to_beginning(partition)
        self._beyond = beyond

    async def take(self, message: KafkaMessage) -> None:
        """Handle a batch, then commit exactly its offsets; rewind its partitions when it was not handled."""
        records: Sequence[ConsumerRecord[bytes, bytes]] = message.raw_message
        bounds = _bounds(records)
        consumer: Any = message.consumer
        async with self._busy:
            try:
                await self.inbox.take(records)
            except BaseException:
                for partition, (first, _) in bounds.items():
                    with suppress(IllegalStateError):
                        consumer.seek(partition, first)
                raise
            failpoints.reach("inbox.after-commit")
            # A commit that fails costs nothing: the inbox knows the batch when it comes again.
            with suppress(IllegalStateError, KafkaError):
                await consumer.commit({partition: following for partition, (_, following) in bounds.items()})
        failpoints.reach("inbox.after-offsets")
        for partition, (_, following) in bounds.items():
            end = consumer.highwater(partition)
            if end is not None:
                observability.LAG.labels(self.inbox.service, partition.topic, partition.partition).set(
                    max(0, end - following)
                )

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Let the batch in hand end before its partitions go to another replica."""
        with suppress(TimeoutError):
            async with asyncio.timeout(REVOKE_WAIT_S):
                await self._busy.acquire()
            self._busy.release()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Note that this consumer is a member of its group."""
        self.assigned.set()


def _bounds(records: Sequence[ConsumerRecord[bytes, bytes]]) -> dict[TopicPartition, tuple[int, int]]:
    """The first offset of each partition in a batch, and the one after its last."""
    bounds: dict[TopicPartition, tuple[int, int]] = {}
    for record in records:
        partition = TopicPartition(record.topic, record.partition)
        first = bounds[partition][0] if partition in bounds else record.offset
        bounds[partition] = (first, record.offset + 1)
    return bounds


async def _parse(message: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """Parse a batch of which any header may be missing or unreadable."""
    return await original(tuple(map(_readable, message)) if isinstance(message, tuple) else _readable(message))


async def _leave_undecoded(message: Any) -> Any:
    return message.body


def _readable(record: Any) -> Any:
    headers = []
    for name, value in record.headers:
        given = b"" if value is None else value
        try:
            given.decode()
        except UnicodeDecodeError:
            given = b"base64:" + base64.b64encode(given)
        headers.append((name, given))
    return dataclasses.replace(record, headers=tuple(headers))
