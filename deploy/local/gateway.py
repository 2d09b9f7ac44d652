"""One address for all services: a request goes to the service that has its route, in this process or in another."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import httpx
import orjson
import structlog
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.local import documents
from shared import edge, failures, problems
from shared.service import Service

log = structlog.get_logger()

OF_ONE_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-authorization", "host"}
)

POOLS = 32
"""Each with a few connections: for every request httpx looks at all connections and all requests of a pool."""
CONNECTIONS = 256
EVENT_CONNECTIONS = 1_024
"""So many requests may wait for events. They are kept apart: who waits for half a minute, or follows a stream for a
quarter of an hour, must not take the connections of those who bring orders."""
EVENTS = "/ecommerce/v3/events"

IDLE_S = 15
"""Connections to services are given up after so many idle seconds: long before a service would close them itself."""
ROOM_S = 5
"""So long a reader of events waits for a connection before it is told to come again."""
UNREAD_S = 60
"""So long a reader of events may leave a piece of an answer lie: then its connections are given up."""


class Lines:
    """The connections to services for one sort of requests, as so many clients that take turns."""

    def __init__(self, connections: int, tls: ssl.SSLContext, timeout: httpx.Timeout) -> None:
        limits = httpx.Limits(max_connections=max(connections // POOLS, 1), keepalive_expiry=IDLE_S)
        self._clients = [
            httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False, verify=tls) for _ in range(POOLS)
        ]
        for client in self._clients:
            # What a client does not ask for it may not understand: nothing is asked for in its name.
            client.headers.clear()
        self._turns = cycle(self._clients)

    def next(self) -> httpx.AsyncClient:
        """The client whose turn it is."""
        return next(self._turns)

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            await client.aclose()


@dataclass
class Backend:
    """A service behind the gateway: the one running here, or, with `upstream` (http://host:port), elsewhere."""

    service: Service
    upstream: str | None = None

    def serves(self, scope: Scope) -> Match:
        """How well one of the service's routes fits a request: by its path and method, by its path alone, or not."""
        return max((route.matches(scope)[0] for route in self.service.app.routes), key=lambda match: match.value)


class Gateway:
    """The application at the one address. `extra` are pages of its own, such as the mails of the sink."""

    def __init__(self, backends: Sequence[Backend], extra: Sequence[BaseRoute] = ()) -> None:
        self.backends = backends
        tls = ssl.create_default_context()
        self._lines = Lines(CONNECTIONS, tls, httpx.Timeout(60))
        self._event_lines = Lines(EVENT_CONNECTIONS, tls, httpx.Timeout(60, pool=ROOM_S))
        own = [Route("/livez", self._livez), Route("/readyz", self._readyz), Route("/metrics", self._metrics)]
        services = [backend.service for backend in backends]
        self._own: ASGIApp = Starlette(routes=[*own, *documents.routes(services), *extra])
        self._own_routes = [*own, *documents.routes(services), *extra]
        self.ready = False

    async def close(self) -> None:
        """Close the connections to services elsewhere."""
        await self._lines.close()
        await self._event_lines.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        asked = {**scope, "path": edge.canonical(scope["path"])}
        if any(route.matches(asked)[0] is Match.FULL for route in self._own_routes):
            await self._own(scope, receive, send)
            return
        fits = [(backend.serves(asked), backend) for backend in self.backends]
        best, backend = max(fits, key=lambda fit: fit[0].value)
        if best is Match.NONE:
            nothing = problems.body(404, f"There is nothing at {asked['path']}; see /docs", asked["path"])
            await Response(orjson.dumps(nothing), 404, media_type="application/json")(scope, receive, send)
        elif backend.upstream is None:
            await backend.service.app(scope, receive, send)
        elif asked["path"].startswith(EVENTS):
            answer = await self._forward(backend, Request(scope, receive), self._event_lines)
            try:
                await answer(scope, receive, _to_be_read(send))
            except (TimeoutError, ClientDisconnect):
                log.info("nobody reads these events", path=asked["path"])
            finally:
                if answer.background is not None:
                    await answer.background()
        else:
            await (await self._forward(backend, Request(scope, receive), self._lines))(scope, receive, send)

    async def _forward(self, backend: Backend, request: Request, lines: Lines) -> Response:
        query = request.url.query
        raw_path = request.scope.get("raw_path") or request.url.path.encode()
        address = f"{backend.upstream}{raw_path.decode('latin-1').partition('?')[0]}{'?' + query if query else ''}"
        headers = [(name, value) for name, value in request.headers.items() if name not in OF_ONE_HOP]
        if request.client is not None:
            # Bad tries of a secret are counted by where they come from, and that is not here.
            headers.append(("x-forwarded-for", request.client.host))
        client = lines.next()
        asking = client.build_request(request.method, address, headers=headers, content=request.stream())
        try:
            got = await client.send(asking, stream=True)
        except httpx.HTTPError as error:
            log.warning("service does not answer", service=backend.service.name, error=failures.describe(error))
            away = problems.body(503, f"The service {backend.service.name} does not answer", request.url.path)
            return Response(orjson.dumps(away), 503, {"retry-after": "2"}, "application/json")
        kept = {name: value for name, value in got.headers.items() if name not in OF_ONE_HOP}
        return StreamingResponse(got.aiter_raw(), got.status_code, kept, background=BackgroundTask(got.aclose))

    async def _livez(self, _: Request) -> Response:
        """Alive once everything behind it is ready for the first time."""
        return _status(self.ready, "alive")

    async def _readyz(self, _: Request) -> Response:
        return _status(self.ready and all([await self._is_ready(backend) for backend in self.backends]), "ready")

    async def _is_ready(self, backend: Backend) -> bool:
        if backend.upstream is None:
            return await backend.service.is_ready()
        try:
            return (await self._lines.next().get(f"{backend.upstream}/readyz")).status_code == 200
        except httpx.HTTPError:
            return False

    async def _metrics(self, _: Request) -> Response:
        """The metrics of this process, and after them those of each service elsewhere."""
        texts: list[Any] = []
        here = next((b.service for b in self.backends if b.upstream is None), None)
        if here is not None:
            texts.append(documents.metrics())
        for backend in self.backends:
            if backend.upstream is not None:
                try:
                    texts.append((await self._lines.next().get(f"{backend.upstream}/metrics")).content)
                except httpx.HTTPError:
                    texts.append(f"# {backend.service.name} does not answer\n".encode())
        return Response(b"\n".join(texts), media_type="text/plain; version=0.0.4")


def _to_be_read(send: Send) -> Send:
    """The same, ended with TimeoutError when nobody reads what is sent."""

    async def patient(message: Message) -> None:
        async with asyncio.timeout(UNREAD_S):
            await send(message)

    return patient


def _status(good: bool, word: str) -> Response:
    body = {"status": word if good else f"not {word}"}
    return Response(orjson.dumps(body), 200 if good else 503, media_type="application/json")
