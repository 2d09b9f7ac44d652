"""How the floor's processes carry messages: an inbox and an outbox in each transaction, a relay, a reader a topic."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from asyncpg.pool import PoolConnectionProxy

from bench.floor.messages import TOPICS, Wire

BATCH = 500
SESSION_MS = 6_000
"""Apache Kafka allows no less."""
Connection = asyncpg.Connection | PoolConnectionProxy
Handler = Callable[[Connection, Sequence[Any]], Awaitable[None]]


class Carrier:
    """The messages of one process: what it says goes through its outbox, what it takes through its inbox."""

    def __init__(self, dsn: str, kafka: str, schema: str, *, idempotent: bool) -> None:
        self.dsn, self.kafka, self.schema, self.idempotent = dsn, kafka, schema, idempotent
        self.pool: asyncpg.Pool
        self._said = asyncio.Event()

    async def start(self, handlers: Mapping[type[Wire], Handler]) -> None:
        """Open the pool, start the relay and a reader for each kind of message; they run as long as the process."""
        self.pool = await asyncpg.create_pool(
            self.dsn, min_size=2, max_size=8, server_settings={"search_path": self.schema, "timezone": "UTC"}
        )
        consumers = {kind: self._consumer(kind) for kind in handlers}
        await asyncio.gather(*(consumer.start() for consumer in consumers.values()))
        reading = (self._read(consumers[kind], kind, handler) for kind, handler in handlers.items())
        self.tasks = [asyncio.create_task(work) for work in (self._relay(), *reading)]

    def _consumer(self, kind: type[Wire]) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            TOPICS[kind],
            bootstrap_servers=self.kafka,
            group_id=f"floor.{self.schema}.{kind.__name__}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=1_000,
        )

    async def say(self, connection: Connection, told: Sequence[tuple[UUID, Wire]]) -> None:
        """Write messages to the outbox, each with its key; `wake` the relay once they are committed."""
        await connection.execute(
            "INSERT INTO outbox (topic, key, value) SELECT * FROM unnest($1::text[], $2::uuid[], $3::bytea[])",
            [TOPICS[type(message)] for _, message in told],
            [key for key, _ in told],
            [message.model_dump_json().encode() for _, message in told],
        )

    def wake(self) -> None:
        """Let the relay look now."""
        self._said.set()

    async def _relay(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.kafka,
            acks="all",
            enable_idempotence=self.idempotent,
            linger_ms=2,
            max_batch_size=131_072,
        )
        await producer.start()
        while True:
            self._said.clear()
            while await self._publish(producer) == BATCH:
                pass
            with suppress(TimeoutError):
                await asyncio.wait_for(self._said.wait(), 0.25)

    async def _publish(self, producer: AIOKafkaProducer) -> int:
        async with self.pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT $1)"
                " RETURNING id, topic, key, value",
                BATCH,
            )
            sent = [
                await producer.send(
                    row["topic"], row["value"], key=row["key"].bytes, headers=[("id", str(row["id"]).encode())]
                )
                for row in rows
            ]
            if sent:
                await asyncio.gather(*sent)
        return len(rows)

    async def _read(self, consumer: AIOKafkaConsumer, kind: type[Wire], handler: Handler) -> None:
        read, topic = kind.model_validate_json, TOPICS[kind]
        while True:
            batches = await consumer.getmany(timeout_ms=1_000, max_records=BATCH)
            records = [record for batch in batches.values() for record in batch]
            if not records:
                continue
            by_id = {int(record.headers[0][1]): record.value for record in records}
            async with self.pool.acquire() as connection, connection.transaction():
                fresh = await connection.fetch(
                    "INSERT INTO inbox (topic, message_id) SELECT $1, unnest($2::bigint[])"
                    " ON CONFLICT DO NOTHING RETURNING message_id",
                    topic,
                    list(by_id),
                )
                await handler(connection, [read(by_id[row["message_id"]]) for row in fresh])
            self.wake()
            await consumer.commit()
