"""A shop that posts the orders of a run while things die, and keeps the history of what it was told of each."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from deploy.local import demo, demo_world
from tests.faults.ground import Ground

AT_A_TIME = 12
PATIENCE_S = 8.0
TRIES, PAUSE_S, GIVES_UP = 10, 0.3, 0.1

Told = Literal["taken", "refused", "not now", "nothing"]
"""What a shop knows of an order: 200; another answer that is final; 503, or no answer at all, however often asked."""


@dataclass
class History:
    """What the shop was told of each order of a run, by its number; how many rows each has; how often each status."""

    window: str
    told: dict[str, Told] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    """0 is no answer."""

    def those(self, told: Told) -> set[str]:
        """The numbers of the orders of which this is known."""
        return {number for number, known in self.told.items() if known == told}


class Load:
    """The orders of one run: those of its `window` of order numbers, of which every third is for things that are few.

    An order that was refused for now, or whose fate is unknown, is sent again as it was, or given up: now and then.
    """

    def __init__(self, ground: Ground, window: str, run: int, chance: random.Random) -> None:
        self.ground = ground
        self.history = History(window)
        self._chance = chance
        self._answered = 0
        self._more = asyncio.Condition()
        self._documents = [self._document(number, run) for number in range(ground.fault.orders)]

    async def post(self) -> None:
        """Post all, several at a time."""
        waiting = asyncio.Queue[dict[str, Any]]()
        for document in self._documents:
            waiting.put_nowait(document)
        # A task's chances are its own: which of them comes first is not to change what the others do.
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_A_TIME):
                group.create_task(self._post_some(waiting, random.Random(self._chance.random())))

    async def answered(self, part: float) -> None:
        """Wait until this part of the orders has been answered, or left unanswered."""
        async with self._more:
            await self._more.wait_for(lambda: self._answered >= part * len(self._documents))

    async def _post_some(self, waiting: asyncio.Queue[dict[str, Any]], chance: random.Random) -> None:
        connection = Connection()
        try:
            while not waiting.empty():
                document = waiting.get_nowait()
                number = document["externalId"]
                self.history.rows[number] = len(document["rows"])
                self.history.told[number] = "nothing"
                self.history.told[number] = await self._send(connection, orjson.dumps(document), chance)
                async with self._more:
                    self._answered += 1
                    self._more.notify_all()
        finally:
            connection.close()

    async def _send(self, connection: "Connection", body: bytes, chance: random.Random) -> Told:
        status = 0
        for _ in range(TRIES):
            status = await connection.put(self.ground, body, chance)
            self.history.statuses[status] += 1
            if status == 200:
                return "taken"
            if status not in (0, 503):
                return "refused"
            if chance.random() < GIVES_UP:
                break
            await asyncio.sleep(PAUSE_S)
        return "not now" if status else "nothing"

    def _document(self, number: int, run: int) -> dict[str, Any]:
        document = demo.new_order(self._chance, demo_world.NORDIC, f"{self.history.window}-{number:03d}")
        if number % 3 == 0:
            for row in document["rows"]:
                row["externalProductId"] = self._chance.choice(few(run))
                row["quantity"] = self._chance.randint(1, 6)
        return document


def few(run: int) -> list[str]:
    """Products of which the run wants more than there are: one of each supplier, and others in the next run."""
    return [demo_world.product_ids(supplier)[40 * (1 + run % 6)] for supplier in demo_world.SUPPLIERS]


async def restock(ground: Ground, run: int, quantity: int) -> None:
    """Each supplier counts what is few: so many are there."""
    for supplier, product in zip(demo_world.SUPPLIERS, few(run), strict=True):
        item = {"productExternalId": product, "retailerId": demo_world.NORDIC.business_id, "quantity": quantity}
        await ground.ask("inventory", "PUT", "/ecommerce/v3/inventory/balances", supplier, [item])


class Connection:
    """One connection of the shop, opened when it is needed and as often."""

    def __init__(self) -> None:
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def put(self, ground: Ground, body: bytes, chance: random.Random) -> int:
        """Put an order; the status, or 0 when there is no answer."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                if self._writer is None:
                    self._reader, self._writer = await asyncio.open_connection(*ground.entrance(chance))
                assert self._reader is not None
                who = ground.headers[demo_world.NORDIC.business_id]["Authorization"]
                head = (
                    "PUT /v2/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    f"Authorization: {who}\r\nContent-Length: {len(body)}\r\n\r\n"
                )
                self._writer.write(head.encode() + body)
                await self._writer.drain()
                answer = await self._reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.partition(b":")[2])
                    for line in answer.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                )
                await self._reader.readexactly(length)
                return int(answer.split(b" ", 2)[1])
        except (OSError, EOFError, TimeoutError):
            self.close()
            return 0

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None
