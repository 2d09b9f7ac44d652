"""The edge of every HTTP interface: addresses and queries as clients write them, size limits, one shape for errors."""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import orjson
import structlog
import uuid_utils.compat as uuid_utils
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import failures, observability, postgres, problems
from shared.express import Application, Lane
from shared.room import Room

log = structlog.get_logger()

ALIASES = (("/v3/", "/ecommerce/v3/"), ("/ecommerce/v2/", "/v2/"))
REQUEST_ID = "x-request-id"


def canonical(path: str) -> str:
    """The one spelling of an address: `/v3/…` is `/ecommerce/v3/…`, and a slash at the end does not count."""
    for alias, meant in ALIASES:
        if path.startswith(alias):
            path = meant + path[len(alias) :]
            break
    return path.rstrip("/") or "/"


def repaired_query(query: bytes) -> bytes:
    """A query as it was meant: a second `?` separates like `&`, of a repeated name the last value counts, and a blank
    value is none.
    """
    pairs = dict(parse_qsl(query.decode("latin-1").replace("?", "&"), keep_blank_values=True, encoding="latin-1"))
    return urlencode({name: value for name, value in pairs.items() if value.strip()}, encoding="latin-1").encode()


def methods_at(app: FastAPI, path: str) -> list[str]:
    """What can be done at an address: the methods of the routes that fit it best, and the two that are always there."""
    fitting = [route for route in iter_route_contexts(app.routes) if route.path_regex.match(path)]
    best = min((str(route.path).count("{") for route in fitting), default=0)
    found = {"OPTIONS"}.union(*(route.methods or () for route in fitting if str(route.path).count("{") == best))
    return sorted(found | {"HEAD"} if "GET" in found else found)


def refusal_of_nul(path: str, query: bytes) -> problems.Refused | None:
    """Why an address with a NUL is refused, which PostgreSQL cannot even compare with a text; None without one."""
    if "\x00" in path:
        return problems.not_found("such address: it contains a NUL character")
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    names = [name.replace("\x00", "%00") for name, value in pairs if "\x00" in name + value]
    if not names:
        return None
    return problems.invalid(problems.FieldError(name, "nul", "must not contain a NUL character") for name in names)


class Bounds(NamedTuple):
    """How large the body of a request may be, in bytes, and how long it may take to come, in seconds."""

    body_bytes: int
    body_s: float


class Edge:
    """ASGI: repairs the address, bounds the body and all bodies together, names the request, counts and traces it."""

    def __init__(self, app: ASGIApp, *, service: str, bounds: Bounds, room: Room) -> None:
        self.app = app
        self.service = service
        self.bounds = bounds
        self.room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = canonical(scope["path"])
        scope = {
            **scope,
            "path": path,
            "raw_path": path.encode(),
            "query_string": repaired_query(scope["query_string"]),
        }
        if scope["method"] == "HEAD":
            # As GET; the server sends no body then.
            scope["method"] = "GET"
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request_id = headers.get(REQUEST_ID, "")
        if not (8 <= len(request_id) <= 64 and request_id.replace("-", "").isalnum()):
            request_id = str(uuid_utils.uuid7())
        began, status = perf_counter(), 500
        body = _Body(receive, self.bounds, self.room)

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID.encode(), request_id.encode())]
            await send(message)

        with (
            structlog.contextvars.bound_contextvars(service=self.service, request_id=request_id),
            observability.request_span(f"{scope['method']} {path}", headers),
        ):
            try:
                if int(headers.get("content-length") or 0) > self.bounds.body_bytes:
                    await _too_large(path, self.bounds.body_bytes)(scope, receive, send_named)
                elif refusal := refusal_of_nul(path, scope["query_string"]):
                    await _refuse(refusal, path)(scope, receive, send_named)
                else:
                    await self.app(scope, body.receive, send_named)
            finally:
                self.room.leave(body.read)
                route = getattr(scope.get("route"), "path", "unknown")
                observability.HTTP_SECONDS.labels(self.service, scope["method"], route, str(status)).observe(
                    perf_counter() - began
                )


class _Body:
    """The body of a request: no more of it is read than the limit, whether or not it says its length, and no longer."""

    def __init__(self, receive: Receive, bounds: Bounds, room: Room) -> None:
        self.read = 0
        self._receive = receive
        self._bounds = bounds
        self._room = room
        self._until: float | None = None
        self._whole = False

    async def receive(self) -> Message:
        """The next part of it. Raises problems.Refused: 408 when it is late, 413 past the limit, 503 without room.

        Once it is whole, what comes is that the client has gone, and that may take any time.
        """
        if self._whole:
            return await self._receive()
        message = await self._in_time()
        self._whole = not message.get("more_body", False)
        if more := len(message.get("body", b"")):
            if self.read + more > self._bounds.body_bytes:
                raise problems.Refused(413, f"The body is larger than {self._bounds.body_bytes} bytes")
            self._room.take(more, self.read)
            self.read += more
        return message

    async def _in_time(self) -> Message:
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + self._bounds.body_s
        try:
            async with asyncio.timeout_at(self._until):
                return await self._receive()
        except TimeoutError:
            raise problems.Refused(
                408, f"The body took longer than {self._bounds.body_s:.0f} s to come", headers={"Connection": "close"}
            ) from None


def _too_large(path: str, limit: int) -> Response:
    return _error(413, f"The body is larger than {limit} bytes", path)


def _refuse(refusal: problems.Refused, path: str) -> Response:
    return _error(refusal.status, refusal.message, path, refusal.errors, refusal.headers)


def _error(status: int, message: str, path: str, errors: Any = (), headers: dict[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(problems.body(status, message, path, errors)),
        status_code=status,
        media_type="application/json",
        headers=headers,
    )


def install(app: Application, service: str, bounds: Bounds, max_bodies_bytes: int, lanes: Sequence[Lane] = ()) -> None:
    """Put the edge around an application and its lanes, and answer every error in the one shape."""
    room = Room(max_bodies_bytes)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=4)
    app.add_middleware(Edge, service=service, bounds=bounds, room=room)
    app.open_lanes(
        *lanes,
        edge=lambda served: Edge(served, service=service, bounds=bounds, room=room),
        refuse=_answer_to,
    )

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            # Starlette names the methods of one route only, and an address may have several.
            allowed = {"Allow": ", ".join(methods_at(app, request.url.path))}
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=allowed)
            return _error(405, f"{request.method} is not possible here", request.url.path, headers=allowed)
        return _error(error.status_code, str(error.detail), request.url.path, headers=dict(error.headers or {}))

    async def answered(request: Request, error: Exception) -> Response:
        return _answer_to(request, error)

    # Each by itself: what is left to the last of them, Starlette raises again for the server to log once more.
    for kind in (problems.Refused, RequestValidationError, ValidationError, *postgres.TROUBLE, Exception):
        app.add_exception_handler(kind, answered)


def _answer_to(request: Request, error: Exception) -> Response:
    """The answer to a request that failed: with what is wrong with it, or, if it is our fault, that it is."""
    path = request.url.path
    if isinstance(error, problems.Refused):
        return _refuse(error, path)
    if isinstance(error, ValidationError):
        return _refuse(problems.invalid(problems.field_errors(error)), path)
    if isinstance(error, RequestValidationError):
        found = [
            problems.from_pydantic(
                [step for step in e["loc"] if step not in ("body", "query", "path")], e["type"], e["msg"]
            )
            for e in error.errors()
        ]
        return _refuse(problems.invalid(found), path)
    said = failures.describe(error)
    for applies, why in ((postgres.is_away, "away"), (postgres.is_passing, "busy")):
        if applies(error):
            log.warning("database cannot answer", why=why, path=path, error=said)
            return _error(503, f"The database is {why}; send it again", path, headers={"Retry-After": "1"})
    if postgres.is_unfit(error):
        log.warning("value does not fit", path=path, error=said, trace=failures.trace(error))
        return _error(400, "A value is out of range, or has a character that cannot be stored", path)
    log.error("request failed", path=path, error=said, trace=failures.trace(error))
    return _error(500, "Something went wrong here; nothing was changed by this request", path)


async def said(request: Request) -> bytes:
    """A body that may be left out, without the blanks around it; empty when nothing is said.

    Clients in PHP send a scalar where they have nothing to say (glue-api.md B).
    """
    body = (await request.body()).strip()
    return b"" if body in (b'""', b"null") else body


async def read_body(request: Request) -> bytes:
    """The raw body; 400 when there is none."""
    body = await request.body()
    if not body.strip():
        raise problems.invalid([problems.FieldError("body", "missing", "a JSON body is required")])
    return body
