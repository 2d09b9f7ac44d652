"""Messages to be sent: written in the transaction that makes them true, published by the one relay of a schema.

The relay publishes in the order of ids and, once the broker has acknowledged, moves a message to `sent`. It takes
what is there rather than "ids greater than the last", so a row that committed late is never skipped. A crash
between publishing and moving sends a message twice; the inbox of every receiver takes it once. A message that the
broker will never take, such as one that is too large, is parked, so that those after it need not wait for it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import structlog
import uuid_utils.compat as uuid_utils
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    CorruptRecordException,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    ProducerFenced,
    RecordListTooLargeError,
    UnknownProducerId,
)

from shared import failpoints, failures, observability, postgres
from shared.contracts import Message
from shared.postgres import Transaction

log = structlog.get_logger()

MESSAGE_ID = "message-id"
TRACEPARENT = "traceparent"
BATCH = 1_000
BATCH_BYTES = 8_000_000
"""After so many bytes no further message is read: a thousand large ones would not fit into memory."""
PUBLISH_TIMEOUT_S = 30.0
BUSY_PAUSE_S, IDLE_PAUSE_S = 0.02, 0.25
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
BROKEN_PRODUCER = (OutOfOrderSequenceNumber, ProducerFenced, UnknownProducerId)
REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError, CorruptRecordException)
"""What the broker answers to records that it will not take however often they come."""


async def put(tx: Transaction, *messages: Message, traceparents: Sequence[str | None] | None = None) -> None:
    """Write messages to be sent once the transaction has committed, in this order, each with a new message id.

    They continue the trace of what is being done now, or each its own of `traceparents`.
    """
    if not messages:
        return
    await tx.execute(
        "INSERT INTO outbox (message_id, topic, key, value, traceparent)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[])",
        [uuid_utils.uuid7() for _ in messages],
        [message.topic for message in messages],
        [message.key for message in messages],
        [message.model_dump_json(exclude_defaults=True).encode() for message in messages],
        [observability.traceparent()] * len(messages) if traceparents is None else list(traceparents),
    )
    observability.MESSAGES_PUT.inc(len(messages))
    tx.after_commit.append(lambda: _wake(tx.schema))


@dataclass
class Published:
    """What became of rows: ids that count as sent, ids never to be sent with the reason, and what went wrong else."""

    acknowledged: list[int] = field(default_factory=list)
    unsendable: dict[int, str] = field(default_factory=dict)
    error: BaseException | None = None


_relays: dict[str, set[asyncio.Event]] = {}
"""What the relays of this process sleep on, by schema: a commit need not wait for their next look."""


def _wake(schema: str) -> None:
    for event in _relays.get(schema, ()):
        event.set()


class Relay:
    """The one process of a schema that publishes its outbox; others stand by until its connection is gone."""

    def __init__(
        self, dsn: str, schema: str, producer: Callable[[], AIOKafkaProducer], topic: Callable[[str], str]
    ) -> None:
        """`producer` makes an unstarted producer; `topic` turns a contract's topic into the broker's name for it."""
        self.dsn = dsn
        self.schema = schema
        self.new_producer = producer
        self.topic = topic
        self.owner = False
        self._stopping = False
        self._woken = asyncio.Event()
        self._suspects: set[int] = set()
        self._pause = FIRST_PAUSE_S
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start publishing in the background."""
        _relays.setdefault(self.schema, set()).add(self._woken)
        self._task = asyncio.create_task(self._run(), name=f"relay-{self.schema}")

    async def stop(self) -> None:
        """Publish what is there if the broker answers, then stop."""
        self._stopping = True
        self._woken.set()
        if self._task is not None:
            await self._task
        _relays[self.schema].discard(self._woken)

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self._own_and_publish()
            except Exception as error:
                # Whatever it was: a relay that ended would hold up all that this service ever says again.
                known = isinstance(error, (KafkaError, *postgres.TROUBLE))
                log.warning(
                    "relay interrupted",
                    schema=self.schema,
                    error=failures.describe(error),
                    retry_in_s=self._pause,
                    trace=None if known else failures.trace(error),
                )
                await self._sleep(self._pause)
                self._pause = min(self._pause * 2, LONGEST_PAUSE_S)
            finally:
                self.owner = False
                observability.RELAY_OWNER.labels(self.schema).set(0)

    async def _own_and_publish(self) -> None:
        connection = await asyncpg.connect(
            self.dsn, server_settings=postgres.session_settings(self.schema, f"sluice-{self.schema}-relay")
        )
        producer: AIOKafkaProducer | None = None
        try:
            while not await connection.fetchval(
                "SELECT pg_try_advisory_lock(hashtext('sluice.relay.' || $1))", self.schema
            ):
                await self._sleep(2.0)
                if self._stopping:
                    return
            self.owner = True
            observability.RELAY_OWNER.labels(self.schema).set(1)
            producer = self.new_producer()
            await producer.start()
            await self._publish_while_owner(connection, producer)
        finally:
            if producer is not None:
                await producer.stop()
            await connection.close(timeout=5)

    async def _publish_while_owner(self, connection: asyncpg.Connection, producer: AIOKafkaProducer) -> None:
        pause = BUSY_PAUSE_S
        while True:
            moved = await self._publish_batch(connection, producer)
            if moved == BATCH:
                continue
            if self._stopping and moved == 0:
                return
            pause = BUSY_PAUSE_S if moved else min(pause * 1.5, IDLE_PAUSE_S)
            if not self._stopping:
                await self._sleep(pause)

    async def _publish_batch(self, connection: asyncpg.Connection, producer: AIOKafkaProducer) -> int:
        rows = await connection.fetch(
            "SELECT id, message_id, topic, key, value, traceparent, created_at, now() AS at FROM"
            " (SELECT *, sum(octet_length(value)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - octet_length(value)"
            " AS before FROM outbox ORDER BY id LIMIT $1) AS next WHERE before < $2 ORDER BY id",
            BATCH,
            BATCH_BYTES,
        )
        observability.OUTBOX_AGE.labels(self.schema).set(
            (rows[0]["at"] - rows[0]["created_at"]).total_seconds() if rows else 0
        )
        if not rows:
            return 0
        failpoints.reach("relay.after-fetch")
        published = await self._publish(producer, self._next(rows))
        failpoints.reach("relay.before-move")
        if published.acknowledged:
            await connection.execute(
                "WITH moved AS (DELETE FROM outbox WHERE id = ANY($1::bigint[])"
                " RETURNING id, message_id, topic, key, value, traceparent, created_at)"
                " INSERT INTO sent (id, message_id, topic, key, value, traceparent, created_at) SELECT * FROM moved",
                published.acknowledged,
            )
            observability.MESSAGES_SENT.labels(self.schema).inc(len(published.acknowledged))
        if published.unsendable:
            await self._park(connection, published.unsendable)
        self._suspects.difference_update(published.acknowledged, published.unsendable)
        if published.acknowledged or published.unsendable:
            self._pause = FIRST_PAUSE_S
        if published.error is not None:
            raise published.error
        failpoints.reach("relay.after-move")
        return len(published.acknowledged) + len(published.unsendable)

    def _next(self, rows: Sequence[asyncpg.Record]) -> Sequence[asyncpg.Record]:
        """The rows to send now. One that was refused goes alone: the broker refuses all that travels with a bad one."""
        first = next((place for place, row in enumerate(rows) if row["id"] in self._suspects), len(rows))
        return rows[: max(first, 1)]

    async def _publish(self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]) -> Published:
        """Send rows. Of each key, those before its first failure count as sent."""
        published = Published()
        futures = await self._send(producer, rows, published)
        stuck: set[str] = set()
        for row in rows:
            future = futures.get(row["id"])
            if row["id"] in published.unsendable:
                continue
            failure = None if future is None else _failure(future)
            if isinstance(failure, REFUSED):
                if len(rows) == 1 and row["id"] in self._suspects:
                    published.unsendable[row["id"]] = failures.describe(failure)
                self._suspects.add(row["id"])
            if future is None or failure is not None:
                stuck.add(row["key"])
                # Also what was refused is raised: an idempotent producer cannot go on after it, a new one can.
                published.error = published.error or failure
            elif row["key"] not in stuck:
                published.acknowledged.append(row["id"])
        if isinstance(published.error, BROKEN_PRODUCER):
            log.error("the broker lost acknowledged messages; redrive will send them again", schema=self.schema)
            observability.BROKER_LOSSES.labels(self.schema).inc()
        return published

    async def _send(
        self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record], published: Published
    ) -> dict[int, asyncio.Future[object]]:
        """Hand rows to the producer until it fails; return the answers by id, waited for in any case."""
        futures: dict[int, asyncio.Future[object]] = {}
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                for row in rows:
                    try:
                        futures[row["id"]] = await producer.send(
                            self.topic(row["topic"]), row["value"], key=row["key"].encode(), headers=_headers(row)
                        )
                    except MessageSizeTooLargeError as error:
                        published.unsendable[row["id"]] = failures.describe(error)
        except (TimeoutError, KafkaError) as error:
            published.error = error
        if futures:
            await asyncio.wait(futures.values(), timeout=PUBLISH_TIMEOUT_S)
        return futures

    async def _park(self, connection: asyncpg.Connection, unsendable: dict[int, str]) -> None:
        """Keep messages that the broker will never take, in place of sending them."""
        rows = await connection.fetch(
            "WITH given_up AS (SELECT * FROM unnest($1::bigint[], $2::text[]) AS given_up (id, error)),"
            " moved AS (DELETE FROM outbox o USING given_up g WHERE o.id = g.id RETURNING o.*, g.error)"
            " INSERT INTO parked (message_id, topic, partition, record_offset, key, value, headers, error, attempts)"
            " SELECT message_id, topic, -1, -1, convert_to(key, 'UTF8'), value,"
            " jsonb_build_array(jsonb_build_array($3::text, message_id::text)), error, 1 FROM moved ORDER BY id"
            " RETURNING message_id, topic, error",
            list(unsendable),
            list(unsendable.values()),
            MESSAGE_ID,
        )
        observability.MESSAGES_UNSENDABLE.labels(self.schema).inc(len(rows))
        for row in rows:
            log.error(
                "message parked unsent",
                schema=self.schema,
                topic=row["topic"],
                message_id=str(row["message_id"]),
                error=row["error"],
            )

    async def _sleep(self, seconds: float) -> None:
        """Sleep, or less when there is something new or the service stops."""
        self._woken.clear()
        if self._stopping:
            return
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return


def _failure(future: asyncio.Future[object]) -> BaseException | None:
    if not future.done() or future.cancelled():
        return TimeoutError("the broker did not answer")
    return future.exception()


def _headers(row: asyncpg.Record) -> list[tuple[str, bytes]]:
    message_id: UUID = row["message_id"]
    headers = [(MESSAGE_ID, str(message_id).encode())]
    if row["traceparent"]:
        headers.append((TRACEPARENT, row["traceparent"].encode()))
    return headers
