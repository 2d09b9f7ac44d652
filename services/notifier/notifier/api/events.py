"""The feed: what happened to an organisation's things, read by cursor."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from notifier.feed import reading, telling
from shared import auth, wire
from shared.postgres import Database

router = APIRouter(prefix="/ecommerce/v3/events", tags=["events"])

Party = Annotated[auth.Caller, Depends(auth.caller_with("retailer", "supplier"))]
Cursor = Annotated[
    str | None,
    Query(
        description="Where to go on: the `cursor` of your last answer. Left out, from the oldest event that is kept;"
        " `end` means from now on",
        examples=["4711"],
    ),
]
TOO_OLD: dict[int | str, dict[str, Any]] = {
    410: {"description": "Events behind this cursor are not kept any more; the message names the one to go on from"}
}

LONGEST_WAIT_S = 30


class FeedEvent(wire.WireModel):
    """Something that happened."""

    id: Annotated[
        str,
        Field(
            description="The same wherever and however often you meet this event",
            examples=["01985b7e-4c00-7d3a-9a55-0f3f1c2d4e01_accepted"],
        ),
    ]
    type: Annotated[telling.Type, Field(description="What happened", examples=["order.accepted"])]
    at: Annotated[wire.Moment, Field(description="When it happened")]
    data: Annotated[
        dict[str, Any],
        Field(description="To what it happened, and how that stands now; docs/events.md has the fields of each type"),
    ]


class FeedPage(wire.WireModel):
    """The next events of a feed."""

    events: Annotated[tuple[FeedEvent, ...], Field(description="What happened, in the order it is kept in for good")]
    cursor: Annotated[
        str, Field(description="Keep it when you have dealt with these events, and ask with it next", examples=["4711"])
    ]
    more: Annotated[bool, Field(description="Whether more may be read at once")]


@router.get(
    "",
    summary="Read what happened to your orders, shipments and stock",
    description="Every event of your organisation, in one order that never changes, for 30 days. Keep the cursor of"
    " the last answer you have dealt with, and you miss nothing and meet nothing twice, whatever fails in between. With"
    " `wait` an answer without events is held back until there is one.",
    response_model=FeedPage,
    responses=TOO_OLD,
)
async def read_events(
    request: Request,
    caller: Party,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="So many events at most; fewer when they are large")] = 100,
    wait: Annotated[
        int, Query(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for an event when there is none")
    ] = 0,
) -> Response:
    """A page of the caller's feed. 400 for a bad cursor, 410 for one that is too old."""
    database: Database = request.app.state.database
    organisation = caller.organisation
    position = await reading.begin(database, organisation, cursor)
    if wait:
        service, gone = request.app.state.service, request.is_disconnected
        with reading.readers.taken_by(organisation):
            found = await reading.wait(service, database, organisation, position, limit, wait, gone)
    else:
        found = await reading.page(database, organisation, position, limit)
    events = b",".join(event.content for event in found.events)
    more = b"true" if found.more else b"false"
    body = b'{"events":[%b],"cursor":"%d","more":%b}' % (events, found.position, more)
    return Response(body, media_type="application/json")
