"""Sending one request to a receiver that nobody knows: bounded in time and size, and not led elsewhere."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import perf_counter, time

import aiohttp
from yarl import URL

from notifier import domain
from notifier.webhooks import signing
from notifier.webhooks.guard import OUT_OF_REACH, Guard, NotAllowed, NotPublic, Resolver
from notifier.webhooks.judging import Reply

MOST_HEARD = 16_384
"""So many bytes of an answer are read; the rest is not waited for."""
KEPT_S = 4.0
USER_AGENT = "Sluice-Webhooks/1"


@dataclass(frozen=True)
class Outgoing:
    """An event on its way to a receiver, to be signed with each of the keys."""

    url: str
    keys: tuple[str, ...]
    id: str
    content: bytes


class Posting:
    """Sends events. Connections are kept between them; `close` ends them."""

    def __init__(self, guard: Guard, timeout_s: float) -> None:
        self.guard = guard
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, event: Outgoing) -> tuple[datetime, Reply]:
        """Send an event; return when that was, and what came of it. Whatever the receiver does, it is a reply."""
        seconds, began = int(time()), perf_counter()
        try:
            url = self.guard.url(event.url)
            reply = await self._post(url, signing.headers(event.keys, event.id, seconds, event.content), event.content)
        except NotAllowed as error:
            reply = Reply(None, f"not sent: the URL {error}", 0)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            reply = Reply(None, _words(error), 0)
        took = round((perf_counter() - began) * 1_000)
        return datetime.fromtimestamp(seconds, UTC), Reply(reply.status, reply.text, took, reply.retry_after_s)

    async def close(self) -> None:
        """Close all connections, and look up no more names."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        await self.guard.names.close()

    async def _post(self, url: URL, headers: dict[str, str], body: bytes) -> Reply:
        # The beginning of an answer is for people to read in the log: it is not to come compressed.
        ours = {"content-type": "application/json", "accept-encoding": "identity", "user-agent": USER_AGENT}
        headers = {**ours, **headers}
        async with self._opened().post(url, data=body, headers=headers, allow_redirects=False) as answer:
            heard = bytearray()
            # Who has said that it took the event has taken it, however long its text goes on.
            with suppress(aiohttp.ClientError, asyncio.TimeoutError):
                while part := await answer.content.read(MOST_HEARD - len(heard)):
                    heard += part
            if not answer.content.at_eof():
                answer.close()
            text = domain.one_line(heard.decode(errors="replace"), domain.MAX_ANSWER)
            if answer.status in range(300, 400):
                text = domain.one_line(f"redirects are not followed. {text}", domain.MAX_ANSWER)
            wish = _seconds(answer.headers.get("retry-after", ""))
            return Reply(answer.status, text, 0, wish)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=Resolver(self.guard),
                use_dns_cache=False,
                socket_factory=self.guard.open_socket,
                limit=0,
                # Shorter than servers keep theirs: what is sent into a connection that just closes counts as refused.
                keepalive_timeout=KEPT_S,
                ssl=ssl.create_default_context(),
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                auto_decompress=False,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _seconds(retry_after: str) -> float:
    """The pause that a Retry-After asks for, in seconds; 0 for one that nobody understands."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max((parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _words(error: BaseException) -> str:
    """Why there is no answer, without what our own network looks like."""
    match error:
        case asyncio.TimeoutError():
            return "no answer in time"
        case _ if isinstance(error, NotPublic) or isinstance(error.__cause__, NotPublic):
            return f"not sent: the host {OUT_OF_REACH}"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "the certificate is not valid, or no TLS could be agreed on"
        case aiohttp.ClientConnectorDNSError():
            return f"not sent: the host {OUT_OF_REACH}"
        case aiohttp.ClientConnectorError():
            return "no connection"
        case _:
            return "the connection broke, or what came was no HTTP"
