"""How a batch of records becomes one transaction, and what happens to a batch that fails.

Decode; open a transaction; insert the message ids and drop those already there; call the handler; commit; only then
may the offsets go. A batch that fails is rolled back and tried again with a growing pause; one that keeps failing,
or that the handler calls unprocessable, is taken apart by halves, so that a poison message is parked with its bytes
and reason while its neighbours go on. Where others were only in the way, a lock or a deadlock, it is tried for longer.
While the database is away nothing is given up: the records wait.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import orjson
import structlog
from pydantic import ValidationError

from shared import failpoints, failures, observability, outbox, postgres
from shared.contracts import Message
from shared.postgres import Database, Transaction

log = structlog.get_logger()

ATTEMPTS = 5
PATIENT_ATTEMPTS = 20
"""How often a batch is tried that others are in the way of."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 10.0


class Unprocessable(Exception):
    """This message can never work, whenever it is tried: it is parked at once."""


class KafkaRecord(Protocol):
    """What is read of a record as the Kafka client hands it over."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


Handler = Callable[[Sequence[Message], Transaction], Awaitable[None]]
"""Takes the fresh messages of a batch, all of one type, in the order of their partitions."""


@dataclass
class Arrival:
    """A record read so far as it can be: its id and message, or the error that made it poison."""

    record: KafkaRecord
    message_id: UUID | None = None
    message: Message | None = None
    error: str | None = None
    traceparent: str | None = None
    attempts: int = 0


@dataclass(frozen=True)
class Inbox:
    """Takes the batches of one topic for a service."""

    service: str
    database: Database
    type_of_message: type[Message]
    handler: Handler

    async def take(self, records: Sequence[KafkaRecord]) -> None:
        """Handle a batch. When this returns, every record is handled or parked, and its offset may go.

        Waits as long as the database is away. Raises only when cancelled.
        """
        arrivals = [self._read(record) for record in records]
        with (
            observability.BATCH_SECONDS.labels(self.service, self.type_of_message.topic).time(),
            observability.batch_span(
                f"{self.service} take {self.type_of_message.topic}",
                {arrival.traceparent for arrival in arrivals if arrival.traceparent},
            ),
        ):
            await self._take(arrivals, ATTEMPTS)

    def _read(self, record: KafkaRecord) -> Arrival:
        arrival = Arrival(record)
        headers = dict(record.headers)
        try:
            arrival.message_id = UUID(headers[outbox.MESSAGE_ID].decode())
        except (KeyError, ValueError):
            arrival.error = f"no readable {outbox.MESSAGE_ID!r} header"
            return arrival
        arrival.traceparent = headers.get(outbox.TRACEPARENT, b"").decode(errors="replace") or None
        try:
            arrival.message = self.type_of_message.model_validate_json(record.value or b"")
        except ValidationError as error:
            arrival.error = f"not a {self.type_of_message.__name__}: {failures.wrong_fields(error)}"
        return arrival

    async def _take(self, arrivals: list[Arrival], attempts: int) -> None:
        reason, tried = await self._try(arrivals, attempts)
        if reason is None:
            return
        if len(arrivals) == 1:
            arrivals[0].error, arrivals[0].attempts = reason, tried
            await self._try(arrivals, attempts=None)
            return
        self._count_batch("taken apart")
        middle = len(arrivals) // 2
        for half in (arrivals[:middle], arrivals[middle:]):
            await self._take(half, ATTEMPTS if len(half) == 1 else 1)

    async def _try(self, arrivals: list[Arrival], attempts: int | None) -> tuple[str | None, int]:
        """Commit the batch in so many attempts, None for as many as it takes; return why it failed, and how often.

        Attempts in which others were in the way are counted apart, and more of them are allowed.
        """
        pause, tried, hindered = FIRST_PAUSE_S, 0, 0
        while True:
            try:
                await self._commit(arrivals)
            except Unprocessable as error:
                return str(error) or "unprocessable", tried + hindered + 1
            except Exception as error:
                away, passing = postgres.is_away(error), postgres.is_passing(error)
                hindered += 1 if passing else 0
                tried += 0 if away or passing else 1
                last = attempts is not None and (tried >= attempts or hindered >= PATIENT_ATTEMPTS)
                self._count_batch("database away" if away else "hindered" if passing else "failed")
                log.warning(
                    "batch failed",
                    topic=self.type_of_message.topic,
                    records=len(arrivals),
                    error=failures.describe(error),
                    attempt=tried + hindered,
                    trace=failures.trace(error) if last else None,
                )
                if last:
                    return failures.describe(error), tried + hindered
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads replicas, hides nothing
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                return None, tried + hindered + 1

    async def _commit(self, arrivals: list[Arrival]) -> None:
        async with self.database.transaction() as tx:
            fresh_ids = await _insert_ids(tx, {a.message_id for a in arrivals if a.message_id is not None})
            fresh: list[Arrival] = []
            poison: list[Arrival] = []
            for arrival in arrivals:
                if arrival.message_id is None:
                    poison.append(arrival)
                elif arrival.message_id in fresh_ids:
                    fresh_ids.discard(arrival.message_id)
                    (fresh if arrival.error is None else poison).append(arrival)
            failpoints.reach("inbox.before-handler")
            if fresh:
                with structlog.contextvars.bound_contextvars(
                    service=self.service, topic=self.type_of_message.topic, message_ids=_few(fresh)
                ):
                    await self.handler([a.message for a in fresh if a.message is not None], tx)
            if poison:
                await _park(tx, self.type_of_message.topic, poison)
            failpoints.reach("inbox.before-commit")
        self._count(len(fresh), len(poison), len(arrivals) - len(fresh) - len(poison))
        for arrival in poison:
            log.error(
                "message parked",
                service=self.service,
                topic=arrival.record.topic,
                partition=arrival.record.partition,
                offset=arrival.record.offset,
                error=arrival.error,
            )

    def _count_batch(self, outcome: str) -> None:
        observability.BATCHES.labels(self.service, self.type_of_message.topic, outcome).inc()

    def _count(self, handled: int, parked: int, repeated: int) -> None:
        topic = self.type_of_message.topic
        self._count_batch("committed")
        observability.BATCH_TRANSACTIONS.labels(self.service, topic).inc()
        for outcome, count in (("handled", handled), ("parked", parked), ("repeated", repeated)):
            if count:
                observability.MESSAGES_TAKEN.labels(self.service, topic, outcome).inc(count)


def _few(arrivals: Sequence[Arrival]) -> list[str]:
    """The ids to bind to a batch's log lines: all of a small batch, the first of a large one."""
    return [str(arrival.message_id) for arrival in arrivals[:5]]


async def _insert_ids(tx: Transaction, ids: set[UUID]) -> set[UUID]:
    """Insert message ids, in one order so that two replicas cannot deadlock; return those that were new."""
    row = await tx.fetch_one(
        "WITH fresh AS (INSERT INTO inbox (message_id) SELECT id FROM unnest($1::uuid[]) AS id ORDER BY id"
        " ON CONFLICT DO NOTHING RETURNING message_id)"
        " SELECT now() AS at, ARRAY(SELECT message_id FROM fresh) AS ids",
        list(ids),
    )
    assert row is not None
    tx.began_at(row["at"])
    return set(row["ids"])


async def _park(tx: Transaction, topic: str, arrivals: Sequence[Arrival]) -> None:
    """Keep records that were given up, under the contract's topic."""
    await tx.execute(
        "INSERT INTO parked (message_id, topic, partition, record_offset, key, value, headers, error, attempts)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::bytea[], $6::bytea[], $7::jsonb[],"
        " $8::text[], $9::int[])",
        [a.message_id for a in arrivals],
        [topic for _ in arrivals],
        [a.record.partition for a in arrivals],
        [a.record.offset for a in arrivals],
        [a.record.key for a in arrivals],
        [a.record.value for a in arrivals],
        # As bytes: a list among the elements of an array would count as one more dimension.
        [orjson.dumps([[_text(name), _text(_readable(value))] for name, value in a.record.headers]) for a in arrivals],
        [_text(a.error or "")[:4_000] for a in arrivals],
        [max(a.attempts, 1) for a in arrivals],
    )


def _readable(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def _text(text: str) -> str:
    """PostgreSQL keeps no NUL in a text."""
    return text.replace("\x00", "\\x00")
