"""A link does to those who talk over it what a strike asks for, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, suppress

import pytest

from tests.faults.proxy import Link

SOON_S = 0.2


class Caller:
    """Somebody who says something, and is told it again."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def of(cls, link: Link) -> "Caller":
        host, _, port = link.address.rpartition(":")
        return cls(*await asyncio.open_connection(host, int(port)))

    async def hears(self) -> bytes:
        """What is told again; nothing when the connection is broken."""
        try:
            self._writer.write(b"hello")
            return await self._reader.read(100)
        except ConnectionError:
            return b""

    def close(self) -> None:
        self._writer.transport.abort()


Call = Callable[[], Awaitable[Caller]]


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    """A link to somebody who says again what is said."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(100):
                writer.write(piece)
        writer.transport.abort()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    made = Link(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await made.start()
    yield made
    await made.stop()
    server.close()
    await server.wait_closed()


@pytest.fixture
async def call(link: Link) -> AsyncIterator[Call]:
    """Opens a connection over the link, closed at the end."""
    with ExitStack() as stack:

        async def caller() -> Caller:
            made = await Caller.of(link)
            stack.callback(made.close)
            return made

        yield caller
    await asyncio.sleep(0)


async def test_what_is_sent_arrives_and_is_answered(call: Call) -> None:
    assert await (await call()).hears() == b"hello"


async def test_a_cut_breaks_what_is_open_and_lets_new_connections_in(link: Link, call: Call) -> None:
    before = await call()
    assert await before.hears() == b"hello"
    assert await link.cut() == 1
    assert await before.hears() == b""
    assert await (await call()).hears() == b"hello"


async def test_a_link_that_swallows_accepts_and_answers_nothing_until_it_is_restored(link: Link, call: Call) -> None:
    link.swallow()
    swallowed = await call()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(swallowed.hears(), SOON_S)
    await link.restore()
    assert await swallowed.hears() == b""
    assert await (await call()).hears() == b"hello"


async def test_a_link_that_refuses_hangs_up_until_it_is_restored(link: Link, call: Call) -> None:
    await link.refuse()
    assert await (await call()).hears() == b""
    await link.restore()
    assert await (await call()).hears() == b"hello"
