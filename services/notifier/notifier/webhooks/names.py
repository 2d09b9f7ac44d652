"""What the hosts of strangers stand for, asked without a thread for each question.

A name server of a stranger may never answer. Questions that wait in threads would keep all others waiting: there are
few threads, and this whole process, its database and its mail server share them.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

import aiodns

ANSWER_S = 2.0
"""Patience for one answer of a name server; twice as much for its second."""
TRIES = 2


@dataclass(frozen=True)
class Found:
    """An address that a host stands for."""

    family: int
    address: str


class Names:
    """Asks the name servers of this machine, after its own list of hosts; or others, all on the same port."""

    def __init__(self, servers: Sequence[str] = (), port: int | None = None) -> None:
        self._servers = [*servers]
        self._port = port
        self._resolver: aiodns.DNSResolver | None = None

    async def addresses(self, host: str, family: int = socket.AF_UNSPEC) -> list[Found]:
        """What a host stands for, at least one address. Raises OSError when that is nothing, or nobody says."""
        try:
            answer = await self._opened().getaddrinfo(
                host, family=socket.AddressFamily(family), type=socket.SOCK_STREAM
            )
        except aiodns.error.DNSError as error:
            raise OSError("the host cannot be found") from error
        found = [Found(int(node.family), node.addr[0].decode()) for node in answer.nodes]
        if not found:
            raise OSError("the host has no address")
        return found

    async def close(self) -> None:
        """Ask no more; what is being asked is not waited for."""
        resolver, self._resolver = self._resolver, None
        if resolver is not None:
            await resolver.close()

    def _opened(self) -> aiodns.DNSResolver:
        if self._resolver is None:
            where = {} if self._port is None else {"udp_port": self._port, "tcp_port": self._port}
            self._resolver = aiodns.DNSResolver(self._servers or None, None, timeout=ANSWER_S, tries=TRIES, **where)
        return self._resolver
