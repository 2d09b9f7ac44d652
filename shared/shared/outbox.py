"""Messages to be sent: written in the transaction that makes them true, published by the one relay of a schema.

The relay publishes in the order of ids and, once the broker has acknowledged, moves a message to `sent`. It takes
what is there rather than "ids greater than the last", so a row that committed late is never skipped. A crash
between publishing and moving sends a message twice; the inbox of every receiver takes it once.
"""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg
import structlog
import uuid_utils.compat as uuid_utils
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, OutOfOrderSequenceNumber, ProducerFenced, UnknownProducerId

from shared import observability, postgres
from shared.contracts import Message
from shared.postgres import Transaction

log = structlog.get_logger()

MESSAGE_ID = "message-id"
TRACEPARENT = "traceparent"
BATCH = 1_000
PUBLISH_TIMEOUT_S = 30.0
BUSY_PAUSE_S, IDLE_PAUSE_S = 0.02, 0.25
BROKEN_PRODUCER = (OutOfOrderSequenceNumber, ProducerFenced, UnknownProducerId)


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
        pause = 0.1
        while not self._stopping:
            try:
                await self._own_and_publish()
                pause = 0.1
            except Exception as error:
                # Whatever it was: a relay that ended would hold up all that this service ever says again.
                known = isinstance(error, (KafkaError, *postgres.TROUBLE))
                log.warning(
                    "relay interrupted", schema=self.schema, error=repr(error), retry_in_s=pause, exc_info=not known
                )
                await self._sleep(pause)
                pause = min(pause * 2, 5.0)
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
            "SELECT id, message_id, topic, key, value, traceparent, created_at, now() AS at"
            " FROM outbox ORDER BY id LIMIT $1",
            BATCH,
        )
        observability.OUTBOX_AGE.labels(self.schema).set(
            (rows[0]["at"] - rows[0]["created_at"]).total_seconds() if rows else 0
        )
        if not rows:
            return 0
        acknowledged, error = await self._publish(producer, rows)
        if acknowledged:
            await connection.execute(
                "WITH moved AS (DELETE FROM outbox WHERE id = ANY($1::bigint[])"
                " RETURNING id, message_id, topic, key, value, traceparent, created_at)"
                " INSERT INTO sent (id, message_id, topic, key, value, traceparent, created_at) SELECT * FROM moved",
                acknowledged,
            )
            observability.MESSAGES_SENT.labels(self.schema).inc(len(acknowledged))
        if error is not None:
            raise error
        return len(acknowledged)

    async def _publish(
        self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]
    ) -> tuple[list[int], BaseException | None]:
        """Send rows; return the ids that count as sent: of each key those before its first failure."""
        futures: list[asyncio.Future[object]] = []
        error: BaseException | None = None
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                for row in rows:
                    futures.append(
                        await producer.send(
                            self.topic(row["topic"]), row["value"], key=row["key"].encode(), headers=_headers(row)
                        )
                    )
                await asyncio.wait(futures)
        except (TimeoutError, KafkaError) as trouble:
            error = trouble
        acknowledged: list[int] = []
        stuck: set[str] = set()
        for row, future in zip(rows, futures, strict=False):
            failed = not future.done() or future.cancelled() or future.exception() is not None
            if failed:
                stuck.add(row["key"])
                error = error or (future.exception() if future.done() and not future.cancelled() else TimeoutError())
            elif row["key"] not in stuck:
                acknowledged.append(row["id"])
        if isinstance(error, BROKEN_PRODUCER):
            log.error("the broker lost acknowledged messages; redrive will send them again", schema=self.schema)
            observability.BROKER_LOSSES.labels(self.schema).inc()
        return acknowledged, error

    async def _sleep(self, seconds: float) -> None:
        """Sleep, or less when there is something new or the service stops."""
        self._woken.clear()
        if self._stopping:
            return
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return


def _headers(row: asyncpg.Record) -> list[tuple[str, bytes]]:
    message_id: UUID = row["message_id"]
    headers = [(MESSAGE_ID, str(message_id).encode())]
    if row["traceparent"]:
        headers.append((TRACEPARENT, row["traceparent"].encode()))
    return headers
