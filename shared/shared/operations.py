"""What an operator does over HTTP, the same for every service: parked messages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from shared import auth, parked, problems
from shared.parked import ParkedMessage
from shared.postgres import Database

LARGEST_ID = 2**63 - 1

Operator = Annotated[auth.Caller, Depends(auth.caller_with("operator"))]


class Ids(BaseModel):
    """Which parked messages."""

    ids: list[Annotated[int, Field(ge=1, le=LARGEST_ID)]]


def router(service: str) -> APIRouter:
    """The operator's addresses of a service, under `/operations/<service>`."""
    api = APIRouter(prefix=f"/operations/{service}", tags=["operations"])

    def database(request: Request) -> Database:
        found: Database = request.app.state.database
        return found

    @api.get("/parked", summary="List the messages this service gave up")
    async def list_parked(
        request: Request,
        _: Operator,
        after: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[ParkedMessage]:
        async with database(request).transaction() as tx:
            return await parked.parked(tx, after=after, limit=limit)

    @api.get("/parked/{parked_id}", summary="Show a message this service gave up")
    async def show_parked(
        request: Request, _: Operator, parked_id: Annotated[int, Path(ge=1, le=LARGEST_ID)]
    ) -> ParkedMessage:
        async with database(request).transaction() as tx:
            found = await parked.parked_message(tx, parked_id)
        if found is None:
            raise problems.not_found(f"parked message {parked_id}")
        return found

    @api.post("/parked/send", summary="Send parked messages again")
    async def send_parked(request: Request, _: Operator, which: Ids) -> Ids:
        try:
            async with database(request).transaction() as tx:
                return Ids(ids=await parked.send_again(tx, which.ids))
        except parked.NothingToSend as error:
            raise problems.invalid([problems.FieldError("ids", "no_value", str(error))]) from None

    @api.post("/parked/discard", summary="Discard parked messages for good")
    async def discard_parked(request: Request, _: Operator, which: Ids) -> Ids:
        async with database(request).transaction() as tx:
            return Ids(ids=await parked.discard(tx, which.ids))

    return api
