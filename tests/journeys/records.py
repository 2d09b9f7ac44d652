"""Records as they lie in Kafka, put there behind the services' backs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from shared import outbox
from tests import builders
from tests.builders import Record
from tests.journeys.running import Running


@dataclass(frozen=True)
class Said:
    """A message as a service sends it."""

    topic: str
    key: str
    value: bytes
    message_id: UUID

    def again(self) -> "Said":
        """The same under another id."""
        return replace(self, message_id=uuid4())

    @property
    def record(self) -> Record:
        """What Kafka keeps of it."""
        return Record(
            self.topic, 0, self.key.encode(), self.value, [(outbox.MESSAGE_ID, str(self.message_id).encode())]
        )


async def publish(running: Running, records: Iterable[Record]) -> None:
    """Write records to Kafka as a stranger would."""
    async with AIOKafkaProducer(bootstrap_servers=str(running.system.values["kafka"]), acks="all") as producer:
        for record in records:
            topic = f"{running.system.options.namespace}{record.topic}"
            await producer.send_and_wait(topic, record.value, key=record.key, headers=list(record.headers))


async def said_of(running: Running, shipment_id: str) -> list[Said]:
    """Everything the services have said of the order of a shipment."""
    async with running.databases["router"].transaction() as tx:
        order_id = await tx.fetch_value("SELECT order_id FROM shipments WHERE id = $1", UUID(shipment_id))
    said: list[Said] = []
    for database in running.databases.values():
        async with database.transaction() as tx:
            rows = await tx.fetch(
                "SELECT topic, key, value, message_id FROM sent WHERE position($1::bytea IN value) > 0 ORDER BY id",
                str(order_id).encode(),
            )
        said += [Said(row["topic"], row["key"], row["value"], row["message_id"]) for row in rows]
    return said


async def until_taken(running: Running, service: str, ids: set[UUID]) -> None:
    """Wait until a service has taken these messages."""
    database = running.databases[service]

    async def lacking() -> int:
        async with database.transaction() as tx:
            count: int = await tx.fetch_value(
                "SELECT count(*) FROM unnest($1::uuid[]) AS id"
                " WHERE NOT EXISTS (SELECT FROM inbox WHERE message_id = id)",
                list(ids),
            )
        return count

    await builders.eventually(lacking, lambda count: count == 0)
