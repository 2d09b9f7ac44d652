"""Where requests may go that strangers ask us to send: to public addresses, and never into the network we are in.

What counts is the address that is really connected to. A name is resolved for each connection, and everything it
stands for must be public; the socket to any other address is never made.
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from notifier.webhooks.names import Found, Names

PORTS = frozenset({443, 8443})
LONGEST_URL = 2_000
RESOLVE_S = 5.0
OUT_OF_REACH = "cannot be found, or is not public"
"""One text for both, or we would tell strangers which names there are in our network."""

_NAT64 = ip_network("64:ff9b::/96")

Address = IPv4Address | IPv6Address
AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


class NotAllowed(Exception):
    """Nothing is sent there; the text says why, fit for whoever asked for it."""


class NotPublic(OSError):
    """A name stands for an address that nothing is sent to."""


class Guard:
    """Says where requests may go. `networks` may be called as public addresses are, `http` allows http and any port.

    `names` says what hosts stand for; it is to be closed by whoever ends the guard.
    """

    def __init__(self, networks: Sequence[str] = (), *, http: bool = False, names: Names | None = None) -> None:
        self._networks = [ip_network(network) for network in networks]
        self._http = http
        self.names = names or Names()

    def url(self, text: str) -> URL:
        """An address to send to, as far as it can be told without looking its host up. Raises NotAllowed."""
        try:
            url = URL(text)
            host, port = url.host, url.port
        except ValueError:
            raise NotAllowed("is not a URL") from None
        schemes = ("https", "http") if self._http else ("https",)
        if url.scheme not in schemes or not host:
            raise NotAllowed(f"is not a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        if len(text) > LONGEST_URL:
            raise NotAllowed(f"is longer than {LONGEST_URL} characters")
        if not text.isprintable() or " " in text:
            raise NotAllowed("contains characters that a URL cannot have")
        if url.user is not None or url.password is not None:
            raise NotAllowed("contains a user or a password; check the signature instead")
        if url.raw_fragment:
            raise NotAllowed("contains a fragment (#), which is never sent")
        if not self._http and port not in PORTS:
            raise NotAllowed(f"has another port than {' or '.join(map(str, sorted(PORTS)))}")
        try:
            address = ip_address(host)
        except ValueError:
            return url
        if not self.allows(address):
            raise NotAllowed("is not a public address")
        return url

    async def look_up(self, url: URL) -> None:
        """Look a host up as it is now. Raises NotAllowed when there is none, or it is not public."""
        try:
            async with asyncio.timeout(RESOLVE_S):
                await self.addresses(url.host or "")
        except (OSError, UnicodeError, TimeoutError):
            raise NotAllowed(f"has a host that {OUT_OF_REACH}") from None

    async def addresses(self, host: str, family: int = socket.AF_UNSPEC) -> list[Found]:
        """What a host stands for. Raises NotPublic when any of it may not be called, OSError when there is nothing."""
        found = await self.names.addresses(host, family)
        if not all(self.allows(ip_address(one.address.partition("%")[0])) for one in found):
            raise NotPublic("the host stands for an address that is not public")
        return found

    def allows(self, address: Address) -> bool:
        """Whether an address may be called: a public one, also as what it is carried in, or one that was allowed."""
        if any(address in network for network in self._networks):
            return True
        inner = _inner(address)
        if inner is not None:
            return self.allows(inner)
        reserved = address.is_multicast or address.is_reserved or getattr(address, "is_site_local", False)
        return address.is_global and not reserved

    def open_socket(self, info: AddressInfo) -> socket.socket:
        """The socket for a connection, made at the last moment. Raises NotPublic for where none may go."""
        if not self.allows(ip_address(str(info[4][0]).partition("%")[0])):
            raise NotPublic("the address is not public")
        return socket.socket(info[0], info[1], info[2])


class Resolver(AbstractResolver):
    """Resolves names for the HTTP client as a guard allows it."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """What a host stands for, all of it public."""
        return [
            ResolveResult(
                hostname=host,
                host=found.address,
                port=port,
                family=found.family,
                proto=socket.IPPROTO_TCP,
                flags=int(socket.AI_NUMERICHOST | socket.AI_NUMERICSERV),
            )
            for found in await self._guard.addresses(host, family)
        ]

    async def close(self) -> None:
        """The names are closed with the guard's owner."""


def _inner(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address carries, if it does: mapped, 6to4, Teredo or NAT64."""
    if isinstance(address, IPv4Address):
        return None
    if address.teredo is not None:
        return address.teredo[1]
    if isinstance(_NAT64, IPv6Network) and address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour
