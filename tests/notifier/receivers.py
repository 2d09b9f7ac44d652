"""Receivers of webhooks: real HTTP servers on this machine, which do what a test tells them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import standardwebhooks
from aiohttp import web

Way = Callable[[web.Request, "Received"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Received:
    """A request that came: its headers and bytes."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The `webhook-id`."""
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """The event, once the public library has found that it was signed with this secret."""
        return standardwebhooks.Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """A receiver that notes what comes and answers as `way` says; `took` are the ids that it has answered 200 to."""

    address: str = ""
    way: Way | None = None
    received: list[Received] = field(default_factory=list)
    took: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Take an event, or do otherwise."""
        got = Received({name.lower(): value for name, value in request.headers.items()}, await request.read())
        self.received.append(got)
        answer = web.Response(text="thanks") if self.way is None else await self.way(request, got)
        if 200 <= answer.status < 300:
            self.took.append(got.id)
        return answer


@asynccontextmanager
async def running() -> AsyncIterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/{tail:.*}", receiver.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.address = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


def says(status: int, text: str = "no", **headers: str) -> Way:
    """Answer everything with a status."""

    async def way(_: web.Request, __: Received) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return way


def refuses(times: int) -> Way:
    """Answer 503 so many times, and 200 from then on."""
    return _changes(times, 503, 200)


def goes_away(after: int) -> Way:
    """Answer 200 so many times, and 410 from then on."""
    return _changes(after, 200, 410)


def _changes(times: int, first: int, then: int) -> Way:
    left = times

    async def way(_: web.Request, __: Received) -> web.StreamResponse:
        nonlocal left
        left -= 1
        return web.Response(status=first if left >= 0 else then)

    return way


def waits_for(event: asyncio.Event) -> Way:
    """Answer 200 once an event has happened."""

    async def way(_: web.Request, __: Received) -> web.StreamResponse:
        await event.wait()
        return web.Response()

    return way
