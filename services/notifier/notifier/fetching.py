"""Asking the router for papers, by the links that stand in the mails: bounded in time and size, and nowhere else."""

import asyncio
from collections.abc import Mapping

import aiohttp
import structlog

from notifier import faults
from notifier.papers import Paper, Papers
from shared import links

log = structlog.get_logger()

FETCH_S = 10.0
"""The longest it may take to fetch the papers of a mail. What is made meanwhile is there when it is asked for again."""
CONNECT_S = 5.0
"""A router that cannot be reached in so many seconds is away."""
MOST_BYTES = 2_000_000
"""A larger paper is not attached: with two of them in base64, a mail stays below what mail servers take."""

_PDF = b"%PDF-"
_THERE, _NONE, _LATER = 200, frozenset({404, 410}), frozenset({408, 429})
_HEADERS = {"accept": "application/pdf", "accept-encoding": "identity", "user-agent": "Sluice-Notifier/1"}


class NotNow(Exception):
    """The router does not answer, or cannot at this moment: it may later."""


class Fetching:
    """Fetches papers. Connections are kept between them; `close` ends them."""

    def __init__(self, router_url: str, rest_s: float) -> None:
        """`rest_s` seconds long nothing is asked of a router that could not be reached."""
        self._router_url = router_url.rstrip("/")
        self._rest_s = rest_s
        self._resting_until = 0.0
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, addresses: Mapping[Paper, str], *, last: bool = False) -> Papers:
        """The papers behind links, given as path and query. Raises NotNow, also without having asked.

        The `last` time that they are asked for, they are asked for in any case, and those count that can be had.
        """
        clock = asyncio.get_running_loop().time
        if clock() < self._resting_until and not last:
            raise NotNow("the router does not answer")
        attached: dict[Paper, bytes] = {}
        none: set[Paper] = set()
        missing = False
        try:
            async with asyncio.timeout(FETCH_S):
                for paper, address in addresses.items():
                    status, certain, content = await self._ask(address)
                    if not last and (status in _LATER or status >= 500):
                        raise NotNow(f"the router answers {status}")
                    if status in _NONE and certain:
                        none.add(paper)
                    elif status == _THERE and len(content) <= MOST_BYTES and content.startswith(_PDF):
                        attached[paper] = content
                    else:
                        log.warning("paper not attached", paper=paper, status=status, size=len(content))
                        missing = True
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            log.warning("papers cannot be fetched", **faults.of(error))
            if isinstance(error, aiohttp.ClientConnectionError):
                self._resting_until = clock() + self._rest_s
            raise NotNow("the router does not answer") from error
        return Papers(attached, frozenset(none), missing)

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(self, address: str) -> tuple[int, bool, bytes]:
        """What is answered: a status, whether it is certain that there is no such paper, and no more of the content
        than shows that it is too much.
        """
        async with self._opened().get(f"{self._router_url}{address}", allow_redirects=False) as answer:
            content = bytearray()
            while len(content) <= MOST_BYTES and (part := await answer.content.read(MOST_BYTES + 1 - len(content))):
                content += part
            if not answer.content.at_eof():
                answer.close()
            return answer.status, links.NO_PAPER in answer.headers, bytes(content)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=FETCH_S, sock_connect=CONNECT_S),
                headers=_HEADERS,
                auto_decompress=False,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session
