"""What lies between the services: topics whose partitions keep their order, and receivers that are anywhere in them.

It promises what Kafka promises and nothing more: messages of one key and topic stay in order, topics overtake one
another, and whoever was given something may be given it again. Which of that happens, the dice say. Everything else is
the real thing: outboxes and inboxes in PostgreSQL, and the services' own handlers.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from shared import outbox
from shared.inbox import Inbox
from shared.postgres import Database
from tests.builders import Record

PARTITIONS = 3
MOST_AT_ONCE, LARGEST = 60, 500


class Crash(Exception):
    """A service ends before its transaction has."""


@dataclass
class Queue:
    """A partition of a topic as one receiver reads it: what lies there, and how far it has come."""

    inbox: Inbox
    records: list[Record]
    offset: int = 0

    @property
    def waiting(self) -> int:
        """How many it has not taken."""
        return len(self.records) - self.offset


@dataclass
class Postbox:
    """All topics and all who read them. `taken` counts the messages that were handed over, repeated ones too.

    A service that is `behind` takes nothing until everything is to arrive.
    """

    databases: Mapping[str, Database]
    inboxes: Sequence[Inbox]
    dice: random.Random
    taken: int = 0
    behind: str | None = None
    _topics: dict[tuple[str, int], list[Record]] = field(default_factory=dict)
    _queues: list[Queue] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Give every receiver its queues."""
        for inbox in self.inboxes:
            for partition in range(PARTITIONS):
                records = self._topics.setdefault((inbox.type_of_message.topic, partition), [])
                self._queues.append(Queue(inbox, records))

    async def relay(self, service: str, *, forgetful: bool = False) -> int:
        """Send what a service has to say. A forgetful relay dies before it has noted that, and says it again."""
        async with self.databases[service].transaction() as tx:
            rows = await tx.fetch("SELECT message_id, topic, key, value FROM outbox ORDER BY id LIMIT 1000")
            for row in rows:
                partition = crc32(row["key"].encode()) % PARTITIONS
                records = self._topics.setdefault((row["topic"], partition), [])
                header = [(outbox.MESSAGE_ID, str(row["message_id"]).encode())]
                records.append(Record(row["topic"], len(records), row["key"].encode(), row["value"], header, partition))
            if rows and not forgetful:
                await tx.execute(
                    "WITH gone AS (DELETE FROM outbox WHERE message_id = ANY($1::uuid[]) RETURNING *)"
                    " INSERT INTO sent (id, message_id, topic, key, value, traceparent, created_at)"
                    " SELECT id, message_id, topic, key, value, traceparent, created_at FROM gone ORDER BY id",
                    [row["message_id"] for row in rows],
                )
        return len(rows)

    async def hand_over(self, most: int = 1, largest: int = MOST_AT_ONCE) -> int:
        """Let some take of what waits for them, at the same time; they may crash, or take again what they had."""
        waiting = [queue for queue in self._queues if queue.waiting and queue.inbox.service != self.behind]
        chosen = self.dice.sample(waiting, min(len(waiting), self.dice.randint(1, most)))
        return sum(await asyncio.gather(*(self._let_take(queue, largest) for queue in chosen)))

    async def settle(self) -> None:
        """Go on until nobody has anything to say or to take."""
        while True:
            said = sum(await asyncio.gather(*map(self.relay, self.databases)))
            waiting = [queue for queue in self._queues if queue.waiting]
            if not said and not waiting:
                return
            await asyncio.gather(*(self._take(queue, min(queue.waiting, LARGEST)) for queue in waiting))

    async def _let_take(self, queue: Queue, largest: int) -> int:
        if queue.offset and self.dice.random() < 0.1:
            queue.offset -= self.dice.randint(1, min(queue.offset, 10))
        count = min(queue.waiting, self.dice.choice((1, 2, 5, 20, largest)))
        if self.dice.random() < 0.05:
            self.taken += count
            await self._crash(queue.inbox, queue.records[queue.offset : queue.offset + count])
        else:
            await self._take(queue, count)
        return count

    async def _take(self, queue: Queue, count: int) -> None:
        self.taken += count
        await queue.inbox.take(queue.records[queue.offset : queue.offset + count])
        queue.offset += count

    async def _crash(self, inbox: Inbox, batch: Sequence[Record]) -> None:
        """Do all the work and lose it: the transaction ends without a commit."""
        messages = [inbox.type_of_message.model_validate_json(record.value or b"") for record in batch]
        try:
            async with inbox.database.transaction() as tx:
                await inbox.handler(messages, tx)
                raise Crash
        except Crash:
            pass
