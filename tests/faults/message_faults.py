"""Messages that nobody should ever have sent: each is parked or harmless, and its neighbours go on."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer

from deploy.local import services
from shared import outbox
from tests.faults.fault import Fault, Missed
from tests.faults.ground import Ground

Headers = Sequence[tuple[str, bytes]]
ORDER_PLACED, ORDER_ALLOCATED = "order-intake.order-placed.v1", "inventory.order-allocated.v1"


@dataclass(frozen=True)
class Sent:
    """A message as a service said it."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


async def said(ground: Ground, count: int) -> list[Sent]:
    """The last messages that were said of orders, in the order in which they were."""
    connection = await asyncpg.connect(ground.dsn)
    try:
        rows = await connection.fetch(
            " UNION ALL ".join(
                f"(SELECT topic, key, value, message_id, sent_at FROM {schema}.sent ORDER BY id DESC LIMIT $1)"
                for schema in ("inventory", "order_intake", "router")
            ),
            count,
        )
    finally:
        await connection.close()
    return [
        Sent(row["topic"], row["key"].encode(), row["value"], [(outbox.MESSAGE_ID, str(row["message_id"]).encode())])
        for row in sorted(rows, key=lambda row: row["sent_at"])
    ]


async def send(ground: Ground, messages: Sequence[Sent]) -> None:
    """Send messages past all outboxes."""
    producer = AIOKafkaProducer(
        bootstrap_servers=ground.servers.kafka, acks="all", max_request_size=8_000_000, request_timeout_ms=40_000
    )
    await producer.start()
    try:
        for one in messages:
            await producer.send_and_wait(one.topic, one.value, key=one.key, headers=list(one.headers))
    finally:
        await producer.stop()


def fresh() -> Headers:
    """A message id that nobody has seen."""
    return [(outbox.MESSAGE_ID, str(uuid4()).encode())]


def sent(make: Callable[[random.Random, str], Sent]) -> Callable[[Ground, random.Random], Awaitable[None]]:
    """A few topics get such a message, in the midst of others; each receiver of each must have parked it."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        topics = chance.sample(sorted(services.receivers()), 4)
        before = await parked(ground)
        await send(ground, [make(chance, topic) for topic in topics])
        wanted = before + sum(len(services.receivers()[topic]) for topic in topics)
        async with asyncio.timeout(60):
            while (now := await parked(ground)) < wanted:
                await asyncio.sleep(0.1)
        assert now == wanted, f"{now - before} parked, not {wanted - before}"
        ground.note("parked")

    return strike


async def parked(ground: Ground) -> int:
    """How many messages are parked, in all services."""
    connection = await asyncpg.connect(ground.dsn)
    try:
        counts = " + ".join(f"(SELECT count(*) FROM {service.package}.parked)" for service in services.SERVICES)
        number: int = await connection.fetchval(f"SELECT {counts}")
        return number
    finally:
        await connection.close()


def undecodable(chance: random.Random, topic: str) -> Sent:
    """Bytes that are no JSON."""
    return Sent(topic, b"k", chance.randbytes(chance.randint(1, 2_000)), fresh())


def truncated(chance: random.Random, topic: str) -> Sent:
    """The beginning of what might have been a message."""
    whole = (
        b'{"order_id":"01a2013e-726b-8cd1-876a-86e18121bdd3","retailer_id":"9000011-0","rows":[{"external_id":"1"}]}'
    )
    return Sent(topic, b"k", whole[: chance.randint(1, len(whole) - 1)], fresh())


def without_header(chance: random.Random, topic: str) -> Sent:
    """No message id, or one that is none, or one that is no text."""
    headers: Headers = chance.choice(([], [(outbox.MESSAGE_ID, b"17")], [(outbox.MESSAGE_ID, b"\xff\xfe\x00")]))
    return Sent(topic, b"k", b"{}", headers)


def alien(_: random.Random, topic: str) -> Sent:
    """JSON of another kind."""
    return Sent(topic, b"k", b'[{"temperature": 21.5, "unit": "C"}, null]', fresh())


def empty(_: random.Random, topic: str) -> Sent:
    """Nothing at all."""
    return Sent(topic, b"k", b"", fresh())


def oversized(_: random.Random, topic: str) -> Sent:
    """Three million bytes of one field."""
    return Sent(topic, b"k", b'{"order_id":"' + b"9" * 3_000_000 + b'"}', fresh())


async def repeated(ground: Ground, chance: random.Random) -> None:
    """What was said is said again, each message twice, under its own id."""
    await send(ground, [one for one in await said(ground, 40) for _ in range(2)])


async def reordered(ground: Ground, chance: random.Random) -> None:
    """What was said is said again in any order."""
    messages = await said(ground, 40)
    chance.shuffle(messages)
    await send(ground, messages)


async def said_anew(ground: Ground, chance: random.Random) -> None:
    """What was said of orders is said again under new ids, in any order: handlers look at the state first."""
    kinds = (ORDER_PLACED, "inventory.allocate-order.v1", ORDER_ALLOCATED, "router.order-routed.v1")
    messages = [one for one in await said(ground, 40) if one.topic in kinds]
    chance.shuffle(messages)
    await send(ground, [Sent(one.topic, one.key, one.value, fresh()) for one in messages])


async def of_unknown_orders(ground: Ground, chance: random.Random) -> None:
    """News of orders that never were."""
    of_orders = [one for one in await said(ground, 60) if one.topic in (ORDER_ALLOCATED, "inventory.order-filled.v1")]
    strangers = []
    for one in of_orders[:20]:
        order_id = one.key.decode()
        stranger = str(uuid4())
        value = one.value.replace(order_id.encode(), stranger.encode())
        strangers.append(Sent(one.topic, stranger.encode(), value, fresh()))
    if not strangers:
        raise Missed
    await send(ground, strangers)


FAULTS = [
    *(
        Fault(f"message: {name}", words, sent(make), orders=12, parks=True)
        for name, words, make in (
            ("undecodable", "bytes that are no JSON: parked", undecodable),
            ("truncated", "half of a message: parked", truncated),
            ("without header", "no message id, or an unreadable one: parked", without_header),
            ("alien", "JSON of another kind: parked", alien),
            ("empty", "no bytes at all: parked", empty),
            ("oversized", "three million bytes: parked", oversized),
        )
    ),
    Fault("message: repeated", "everything once more, twice, under its own id", repeated, orders=12, moment=(0.5, 1)),
    Fault("message: reordered", "everything once more, in any order", reordered, orders=12, moment=(0.5, 1)),
    Fault("message: said anew", "everything of orders again, under new ids", said_anew, orders=12, moment=(0.5, 1)),
    Fault("message: unknown order", "news of orders that never were", of_unknown_orders, orders=12, moment=(0.5, 1)),
]
