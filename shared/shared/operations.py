"""What an operator does over HTTP, the same for every service: parked messages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field
from pydantic.alias_generators import to_camel

from shared import auth, parked, problems
from shared.parked import ParkedMessage
from shared.postgres import Database

LARGEST_ID = 2**63 - 1

Operator = Annotated[auth.Caller, Depends(auth.caller_with("operator"))]


class Ids(BaseModel):
    """Which parked messages."""

    ids: list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] = Field(
        description="Their numbers; one that is not parked is passed over", examples=[[7, 8]]
    )


def router(service: str) -> APIRouter:
    """The operator's addresses of a service, under `/operations/<service>`."""
    api = APIRouter(prefix=f"/operations/{service}", tags=["operations"])

    def named(verb: str, what: str) -> str:
        """An operation's name, which has to be one of its own among those of all services."""
        return to_camel(f"{verb}_{service.replace('-', '_')}_{what}")

    def database(request: Request) -> Database:
        found: Database = request.app.state.database
        return found

    @api.get(
        "/parked",
        summary=f"List the messages that {service} gave up",
        operation_id=named("list", "parked"),
    )
    async def list_parked(
        request: Request,
        _: Operator,
        after: Annotated[int, Query(ge=0, le=LARGEST_ID, description="Only those with a greater number")] = 0,
        limit: Annotated[int, Query(ge=1, le=1000, description="So many at most")] = 100,
    ) -> list[ParkedMessage]:
        """Oldest first. For operators."""
        async with database(request).transaction() as tx:
            return await parked.parked(tx, after=after, limit=limit)

    @api.get(
        "/parked/{parked_id:int}",
        summary=f"Show a message that {service} gave up",
        operation_id=named("show", "parked"),
    )
    async def show_parked(
        request: Request,
        _: Operator,
        parked_id: Annotated[int, Path(ge=1, le=LARGEST_ID, description="The message's number")],
    ) -> ParkedMessage:
        """The whole message, with its headers. For operators."""
        async with database(request).transaction() as tx:
            found = await parked.parked_message(tx, parked_id)
        if found is None:
            raise problems.not_found(f"parked message {parked_id}")
        return found

    @api.post(
        "/parked/send",
        summary=f"Send messages that {service} gave up again",
        operation_id=named("send", "parked"),
        response_description="Those that are on their way",
    )
    async def send_parked(request: Request, _: Operator, which: Ids) -> Ids:
        """They are no longer parked, and are taken as if they had just come. For operators."""
        try:
            async with database(request).transaction() as tx:
                return Ids(ids=await parked.send_again(tx, which.ids))
        except parked.NothingToSend as error:
            raise problems.invalid([problems.FieldError("ids", "no_value", str(error))]) from None

    @api.post(
        "/parked/discard",
        summary=f"Discard messages that {service} gave up",
        operation_id=named("discard", "parked"),
        response_description="Those that are gone",
    )
    async def discard_parked(request: Request, _: Operator, which: Ids) -> Ids:
        """They are gone for good. For operators."""
        async with database(request).transaction() as tx:
            return Ids(ids=await parked.discard(tx, which.ids))

    return api
