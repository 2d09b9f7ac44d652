"""A name server on this machine that knows a few hosts, and keeps silent about others, for ever."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import cast

A = 1
GOOD, NO_SUCH_NAME = 0x8180, 0x8183


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """Answers with the addresses in `hosts`; `asked` are the names whose addresses it was asked for."""

    hosts: dict[str, tuple[str, ...]]
    silent_about: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)
    port: int = 0
    _transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be there."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, question: bytes, asker: tuple[str | object, int]) -> None:
        """Answer, or not."""
        assert self._transport is not None
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        (kind,) = struct.unpack_from("!H", question, at + 1)
        name = ".".join(labels).lower()
        if kind == A:
            self.asked.append(name)
        if name in self.silent_about:
            return
        known = self.hosts.get(name)
        addresses = known if known and kind == A else ()
        head = question[:2] + struct.pack("!5H", GOOD if known else NO_SUCH_NAME, 1, len(addresses), 0, 0)
        answers = (struct.pack("!HHHIH", 0xC00C, A, 1, 0, 4) + IPv4Address(one).packed for one in addresses)
        self._transport.sendto(head + question[12 : at + 5] + b"".join(answers), asker)

    async def names_asked(self) -> set[str]:
        """The names whose addresses it was asked for."""
        return set(self.asked)


@asynccontextmanager
async def running(
    hosts: dict[str, tuple[str, ...]], silent_about: frozenset[str] = frozenset()
) -> AsyncIterator[NameServer]:
    """A name server on a port of its own."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: NameServer(hosts, silent_about), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
