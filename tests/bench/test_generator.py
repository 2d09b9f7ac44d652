"""The generator puts every order once, when it is due, and notes what became of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench import orders
from bench.generator import Connection, Generator, Outcome, Plan

Door = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
BODY = b'{"externalId":"' + orders.NUMBER + b'","rows":[]}'


@asynccontextmanager
async def door(answer: Door) -> AsyncIterator[int]:
    """A server on the loopback that reads requests with a length and lets `answer` write; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                await answer(await reader.readexactly(length), writer)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class Nowhere(asyncio.Transport):
    """Takes whatever is written."""

    def write(self, _: bytes | bytearray | memoryview) -> None:
        """Take it."""


def plan(port: int, count: int, **more: object) -> Plan:
    """A plan of so many orders."""
    told = {"port": port, "token": "-", "run": "ABCDEF", "orders": count, "bodies": [BODY.decode()], "connections": 4}
    return Plan.model_validate({**told, "outcome": Path("unused"), **more})


async def ran(chosen: Plan) -> Outcome:
    """What became of a plan's orders."""
    generator = Generator(chosen)
    await generator.run()
    return generator.outcome


async def test_every_order_is_put_once_under_its_own_number() -> None:
    seen: Counter[bytes] = Counter()

    async def answer(body: bytes, writer: asyncio.StreamWriter) -> None:
        seen[body] += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async with door(answer) as port:
        outcome = await ran(plan(port, 50))
    assert seen == {BODY.replace(orders.NUMBER, orders.number("ABCDEF", n).encode()): 1 for n in range(50)}
    assert list(outcome.statuses) == [200] * 50


async def test_an_answer_may_come_in_pieces_and_its_headers_in_any_case() -> None:
    generator = Generator(plan(0, 2, connections=1))
    connection = Connection(generator)
    connection.connection_made(Nowhere())
    connection.send(0, b"")
    for piece in (b"HTTP/1.1 2", b"01 OK\r\ncontent-LENGTH: 5\r", b"\n\r\nab", b"cd"):
        connection.data_received(piece)
    assert list(generator.outcome.statuses) == [0, 0]
    connection.data_received(b"e")
    assert list(generator.outcome.statuses) == [201, 0]


async def test_what_is_refused_is_noted_with_its_status() -> None:
    async def answer(body: bytes, writer: asyncio.StreamWriter) -> None:
        status = b"503 Busy" if body.partition(b"-")[2].startswith(b"000000001") else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    async with door(answer) as port:
        outcome = await ran(plan(port, 3))
    assert list(outcome.statuses) == [200, 503, 200]


async def test_an_order_is_due_at_its_moment_however_long_others_wait_for_their_answers() -> None:
    arrived = 0
    all_there = asyncio.Event()

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 4:
            all_there.set()
        # One connection a request: whoever waited for the first answer before the next order would wait for ever.
        await all_there.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with door(answer) as port:
        outcome = await ran(plan(port, 4, rate=1_000.0))
    gaps = [later - earlier for earlier, later in zip(outcome.due, outcome.due[1:], strict=False)]
    assert gaps == pytest.approx([0.001] * 3, abs=1e-6)
    assert all(answered >= due for due, answered in zip(outcome.due, outcome.answered, strict=True))


async def test_without_a_free_connection_an_order_stays_due_at_its_moment() -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with door(answer) as port:
        outcome = await ran(plan(port, 5, connections=1))
    assert len(set(outcome.due)) == 1
    assert list(outcome.answered) == sorted(outcome.answered)


async def test_an_order_whose_connection_breaks_has_no_status_and_the_others_go_on() -> None:
    async def answer(body: bytes, writer: asyncio.StreamWriter) -> None:
        if body.partition(b"-")[2].startswith(b"000000002"):
            raise ConnectionResetError
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with door(answer) as port:
        outcome = await ran(plan(port, 6, connections=1))
    assert list(outcome.statuses) == [200, 200, 0, 200, 200, 200]


def test_an_outcome_is_read_as_it_was_written(tmp_path: Path) -> None:
    outcome = Outcome.of(3)
    outcome.due[1], outcome.answered[2], outcome.statuses[0], outcome.cpu = 1.5, 2.25, 429, 0.75
    outcome.save(tmp_path / "outcome")
    read = Outcome.read(tmp_path / "outcome")
    assert (read.due, read.answered, read.statuses, read.cpu) == (
        *(outcome.due, outcome.answered, outcome.statuses),
        0.75,
    )
