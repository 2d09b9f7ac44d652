"""One of the floor's four processes:

python -m bench.floor intake|router|inventory|notifier DSN KAFKA PORT IDEMPOTENT
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
import uvloop

from bench.floor import messages
from bench.floor.carrying import Carrier, Handler
from bench.floor.steps import Intake, Inventory, Notifier, Router
from deploy.local import ports
from shared import service

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LARGEST = 500


class Door:
    """Orders over HTTP: concurrent requests share a transaction. Everything but PUT is answered with 200, empty."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self._waiting: list[tuple[bytes, messages.Order, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        body = b""
        if scope["method"] == "PUT":
            got = await receive()
            body = got["body"]
            while got.get("more_body"):
                got = await receive()
                body += got["body"]
            kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((body, messages.Order.model_validate_json(body), kept))
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write())
            await kept
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
            await self.intake.place([(posted, order) for posted, order, _ in batch])
            for _, _, kept in batch:
                if not kept.done():
                    kept.set_result(None)


async def main(part: str, dsn: str, kafka: str, port: int, *, idempotent: bool) -> None:
    """Run one process until SIGTERM. Only intake listens, at the port."""
    carrier = Carrier(dsn, kafka, part, idempotent=idempotent)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    handlers: dict[type[messages.Wire], Handler]
    intake = Intake(carrier)
    if part == "intake":
        handlers = {messages.Routed: intake.show}
    elif part == "router":
        router = Router(carrier)
        handlers = {messages.Placed: router.ask, messages.Allocated: router.ship}
    elif part == "inventory":
        handlers = {messages.Allocate: Inventory(carrier).promise}
    else:
        handlers = {messages.Shipment: Notifier(carrier).notice}
    await carrier.start(handlers)
    if part == "intake":
        config = uvicorn.Config(
            Door(intake), host=ports.LOOPBACK, port=port, lifespan="off", log_config=None, access_log=False
        )
        carrier.tasks.append(asyncio.create_task(uvicorn.Server(config).serve()))
    service.spare_the_long_lived()
    print("ready", flush=True)
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait((stopped, *carrier.tasks), return_when=asyncio.FIRST_COMPLETED)
    for task in carrier.tasks:
        if task.done() and not stopped.done():
            task.result()


if __name__ == "__main__":
    name, address, broker, listen, safe = sys.argv[1:]
    uvloop.run(main(name, address, broker, int(listen), idempotent=safe == "yes"))
