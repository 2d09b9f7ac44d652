"""The feed as a stream of server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from notifier import faults
from notifier.api.events import TOO_OLD, Cursor, Party
from notifier.feed import reading
from notifier.feed.store import Told
from shared import postgres, problems
from shared.postgres import Database
from shared.service import Service

log = structlog.get_logger()

router = APIRouter(prefix="/ecommerce/v3/events", tags=["events"])

AT_ONCE = 100
SIGN_OF_LIFE_S = 15.0
"""So long nothing may come: proxies hang up on what is silent for longer."""
UNREAD_S = 30.0
"""So long a client may leave a piece of a stream lie before it has to come again."""
SENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "The cursor behind the event"},
        "event": {"type": "string", "description": "Its type"},
        "data": {"type": "string", "description": "The event, as JSON", "contentMediaType": "application/json"},
        "retry": {"type": "integer", "description": "Milliseconds after which a client that was cut off comes again"},
    },
}
"""One event of the stream. What has no `data` says when to come again, or that we are still here."""


class Stream(StreamingResponse):
    """A stream that has one of its organisation's places among the readers until it ends, and that has to be read."""

    def __init__(self, organisation: str, told: AsyncIterator[bytes], unread_s: float = UNREAD_S) -> None:
        super().__init__(told, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self._organisation = organisation
        self._unread_s = unread_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. What is refused, with 429 when there is no place, is refused before anything of it was sent."""

        async def patient(message: Message) -> None:
            async with asyncio.timeout(self._unread_s):
                await send(message)

        with reading.readers.taken_by(self._organisation):
            try:
                await super().__call__(scope, receive, patient)
            except (TimeoutError, ClientDisconnect):
                log.info("stream of events ended: nobody reads it")


@router.get(
    "/stream",
    summary="Follow what happens as it happens",
    description="The same events as server-sent events: `id` is the cursor, `event` the type and `data` the event. A"
    " client that comes again with `Last-Event-ID` goes on where it was. A stream ends after a quarter of an hour.",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Events as they come", "content": {"text/event-stream": {"schema": SENT}}},
        **TOO_OLD,
    },
)
async def stream_events(
    request: Request,
    caller: Party,
    cursor: Cursor = None,
    last_event_id: Annotated[
        str | None, Header(description="The `id` of the last event that came; it counts before `cursor`")
    ] = None,
) -> StreamingResponse:
    """The caller's feed from a cursor on, without end. 400 for a bad cursor, 410 for one that is too old."""
    database: Database = request.app.state.database
    position = await reading.begin(database, caller.organisation, (last_event_id or "").strip() or cursor)
    seconds: float = request.app.state.settings.stream_seconds
    told = follow(request.app.state.service, database, caller.organisation, position, seconds)
    return Stream(caller.organisation, told)


async def follow(
    service: Service, database: Database, organisation: str, position: int, seconds: float
) -> AsyncIterator[bytes]:
    """The events of a feed behind a position as they come, for so many seconds; comments when nothing comes.

    It ends so that who is not to read any more does not: a client comes again, with a token that is good then.
    """
    clock, was_ready = asyncio.get_running_loop().time, service.ready
    until = clock() + seconds
    yield b"retry: 2000\n\n"
    while clock() < until and (service.ready or not was_ready):
        try:
            patience = min(SIGN_OF_LIFE_S, max(until - clock(), 0.0))
            found = await reading.wait(service, database, organisation, position, AT_ONCE, patience)
        except (problems.Refused, *postgres.TROUBLE) as error:
            # An answer that has begun cannot be an error any more: the client comes again and is told.
            log.warning("stream of events ended", **faults.of(error))
            return
        position = found.position
        yield b"".join(map(_as_event, found.events)) or b":\n\n"


def _as_event(told: Told) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (told.position, told.type.encode(), told.content)
