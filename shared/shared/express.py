"""The few addresses that are asked a thousand times a second are served past the framework.

FastAPI finds a route, solves its dependencies and wraps the answer in layers of its own: for an order that costs as
much as to check, write and answer it. A lane is one method at one address whose function needs nothing but the request
and its caller. It is declared with FastAPI as any other, which describes it and serves its other spellings (an alias, a
slash at the end, a query); asked for to the letter it is called here. Errors are answered the same, by the same code.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.auth import Caller, CallerWith


@dataclass(frozen=True)
class Lane:
    """A method at an address (`/v2/orders`), who may ask it, and the function that answers."""

    method: str
    path: str
    who: CallerWith
    answer: Callable[[Request, Caller], Awaitable[Response]]


class Application(FastAPI):
    """A FastAPI application with lanes past it, once `open_lanes` has been called."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._served: ASGIApp | None = None

    def open_lanes(
        self, *lanes: Lane, edge: Callable[[ASGIApp], ASGIApp], refuse: Callable[[Request, Exception], Response]
    ) -> None:
        """Serve lanes behind an edge; `refuse` answers what their functions raise."""
        self._lanes |= {(lane.method, lane.path): lane for lane in lanes}

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            lane = self._lanes[scope["method"], scope["path"]]
            scope["app"], scope["route"] = self, lane
            request = Request(scope, receive)
            try:
                response = await lane.answer(request, await lane.who(request))
            except Exception as error:
                response = refuse(request, error)
            await response(scope, receive, send)

        self._served = edge(serve)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if (
            self._served is not None
            and scope["type"] == "http"
            and (scope["method"], scope["path"]) in self._lanes
            and not scope["query_string"]
        ):
            await self._served(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
