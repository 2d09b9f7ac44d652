"""A process that puts orders, as cheaply as it can: it shares the cores with what it measures.

    python -m bench.generator PLAN.json

An open model: every order is due at its own moment, whether or not earlier ones were answered, and its latency counts
from then, so that waiting for a free connection counts too. Without a rate all are due at once, and each connection
asks again as soon as it is answered. No client library: requests are bytes made beforehand, answers are looked at for
their status and their length only. What happened is written to a file, see `Outcome`.
"""

import asyncio
import struct
import sys
import time
from array import array
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import cast

import uvloop
from pydantic import BaseModel

from bench import orders

TICK_S = 0.001
HEAD = struct.Struct("<qd")


class Plan(BaseModel):
    """What a generator is told. `rate` is orders a second, 0 for as fast as they are taken; `begin_at` a Unix time."""

    host: str = "127.0.0.1"
    port: int
    path: str = "/v2/orders"
    token: str
    run: str
    first: int = 0
    orders: int
    rate: float = 0.0
    begin_at: float = 0.0
    connections: int = 48
    bodies: list[str]
    give_up_s: float = 60.0
    outcome: Path


class Outcome:
    """When each order was due and answered, as Unix times, and the status, 0 where there was no answer; and the CPU
    seconds it took to ask."""

    def __init__(self, due: "array[float]", answered: "array[float]", statuses: "array[int]", cpu: float = 0.0) -> None:
        self.due, self.answered, self.statuses, self.cpu = due, answered, statuses, cpu

    @classmethod
    def of(cls, count: int) -> "Outcome":
        """An outcome of so many orders, none of them answered."""
        return cls(array("d", bytes(8 * count)), array("d", bytes(8 * count)), array("H", bytes(2 * count)))

    def save(self, file: Path) -> None:
        """Write it: the number of orders, the CPU seconds it took, then the three columns."""
        with file.open("wb") as out:
            out.write(HEAD.pack(len(self.due), self.cpu))
            for column in (self.due, self.answered, self.statuses):
                out.write(column.tobytes())

    @classmethod
    def read(cls, file: Path) -> "Outcome":
        """What `save` wrote."""
        content = file.read_bytes()
        count, cpu = HEAD.unpack_from(content)
        found, ends = cls(array("d"), array("d"), array("H"), cpu), [HEAD.size + 8 * count * n for n in range(3)]
        found.due.frombytes(content[ends[0] : ends[1]])
        found.answered.frombytes(content[ends[1] : ends[2]])
        found.statuses.frombytes(content[ends[2] :])
        return found


class Generator:
    """Sends what is due over whichever connection is free."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.outcome = Outcome.of(plan.orders)
        self.left = plan.orders
        self.done = asyncio.Event()
        self._pieces = [_pieces(plan, body) for body in plan.bodies]
        self._next = 0
        self._begun = False
        self._free: deque[Connection] = deque()

    async def run(self) -> None:
        """Send everything; done when all is answered, or when nothing is for `give_up_s`."""
        loop = asyncio.get_running_loop()
        plan = self.plan
        for _ in range(plan.connections):
            await self._connect()
        if plan.begin_at:
            await asyncio.sleep(max(0.0, plan.begin_at - time.time()))
        begin = plan.begin_at or time.time()
        due = self.outcome.due
        for at in range(plan.orders):
            due[at] = begin + at / plan.rate if plan.rate else begin
        self._begun = True
        pacing = loop.create_task(self._pace())
        left, patience = self.left, max(begin, time.time()) + plan.give_up_s
        while not self.done.is_set() and time.time() < patience:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.done.wait(), 1.0)
            if self.left != left:
                left, patience = self.left, time.time() + plan.give_up_s
        pacing.cancel()

    async def _pace(self) -> None:
        """Send what is due; what finds no free connection is sent by the next answer."""
        self.send_due()
        while self.plan.rate and self._next < self.plan.orders:
            await asyncio.sleep(max(TICK_S, self.outcome.due[self._next] - time.time()))
            self.send_due()

    def send_due(self) -> None:
        """Send what is due now, as far as connections are free."""
        now, due, free = time.time(), self.outcome.due, self._free
        while free and self._next < self.plan.orders and due[self._next] <= now:
            free.popleft().send(self._next, self._request(self._next))
            self._next += 1

    def answered(self, connection: "Connection", order: int, status: int) -> None:
        """Note an answer, and let the connection send what is due next."""
        self.outcome.answered[order] = time.time()
        self.outcome.statuses[order] = status
        self._ended(order)
        self._free.append(connection)
        if self._next < self.plan.orders:
            self.send_due()

    def gone(self, connection: "Connection", order: int | None) -> None:
        """Note that a connection broke, with or without an order on its way, and open another."""
        with suppress(ValueError):
            self._free.remove(connection)
        if order is not None:
            self._ended(order)
        if not self.done.is_set():
            asyncio.get_running_loop().call_later(0.1, self._reconnect)

    def _reconnect(self) -> None:
        self._connecting = asyncio.ensure_future(self._connect())

    def _ended(self, order: int) -> None:
        self.left -= 1
        if not self.left:
            self.done.set()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, made = await loop.create_connection(lambda: Connection(self), self.plan.host, self.plan.port)
        except OSError:
            loop.call_later(0.1, self._reconnect)
        else:
            self._free.append(made)
            if self._begun:
                self.send_due()

    def _request(self, order: int) -> bytes:
        number = orders.number(self.plan.run, self.plan.first + order).encode()
        return number.join(self._pieces[order % len(self._pieces)])


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request on its way."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._transport: asyncio.Transport
        self._order: int | None = None
        self._arrived = b""
        self._length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def send(self, order: int, request: bytes) -> None:
        """Send the request of an order."""
        self._order = order
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take part of an answer."""
        if self._arrived:
            data = self._arrived + data
        if not self._length:
            head = data.find(b"\r\n\r\n")
            if head < 0:
                self._arrived = data
                return
            at = data.lower().find(b"content-length:", 0, head)
            if at < 0:
                raise ValueError(f"an answer without a length: {data[:head]!r}")
            self._length = head + 4 + int(data[at + 15 : data.index(b"\r", at)])
        if len(data) < self._length:
            self._arrived = data
            return
        order, status = self._order, int(data[9:12])
        self._order, self._arrived, self._length = None, b"", 0
        assert order is not None
        self._generator.answered(self, order, status)

    def connection_lost(self, _: Exception | None) -> None:
        """Tell that there is no answer to come."""
        self._generator.gone(self, self._order)
        self._order = None


def _pieces(plan: Plan, body: str) -> list[bytes]:
    """A request cut where the number of its order goes."""
    content = body.encode()
    head = (
        f"PUT {plan.path} HTTP/1.1\r\nHost: {plan.host}:{plan.port}\r\nAuthorization: {plan.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return (head.encode() + content).split(orders.NUMBER)


def main() -> None:
    """Read the plan, send, write the outcome."""
    plan = Plan.model_validate_json(Path(sys.argv[1]).read_bytes())

    async def send() -> None:
        generator = Generator(plan)
        began = time.process_time()
        await generator.run()
        generator.outcome.cpu = time.process_time() - began
        generator.outcome.save(plan.outcome)

    uvloop.run(send())


if __name__ == "__main__":
    main()
