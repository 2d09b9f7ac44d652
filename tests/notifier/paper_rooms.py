"""A stand-in for the router, of which papers are asked: a real HTTP server on this machine that obeys a test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from shared import links

LABEL, NOTE = b"%PDF-1.7 a label", b"%PDF-1.7 a delivery note"


@dataclass
class PaperRoom:
    """It notes what is asked, by path and token, and answers as `status` and `content` say: `certain` that
    there is no such paper, if it gives none; `slow` waits until it is `released`.
    """

    address: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    status: Callable[[str], int] = lambda path: 200
    content: Callable[[str], bytes] = lambda path: LABEL if path.endswith("label") else NOTE
    certain: bool = False
    slow: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)
    runner: web.AppRunner | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Give a paper, or do otherwise."""
        self.asked.append((request.path, request.query.get("t", "")))
        if self.slow:
            await self.released.wait()
        status = self.status(request.path)
        headers = {"location": f"{self.address}/elsewhere"} if 300 <= status < 400 else {}
        headers |= {links.NO_PAPER: "certain"} if self.certain and status in (404, 410) else {}
        return web.Response(status=status, body=self.content(request.path), headers=headers)

    async def open(self) -> None:
        """Listen, on the same port as before if there was one."""
        application = web.Application()
        application.router.add_get("/{tail:.*}", self.answer)
        self.runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
        await self.runner.setup()
        port = int(self.address.rpartition(":")[2]) if self.address else 0
        await web.TCPSite(self.runner, "127.0.0.1", port).start()
        self.address = f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    async def close(self) -> None:
        """Hang up on everybody."""
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None


@asynccontextmanager
async def running() -> AsyncIterator[PaperRoom]:
    """A stand-in that gives every paper."""
    room = PaperRoom()
    await room.open()
    try:
        yield room
    finally:
        await room.close()
