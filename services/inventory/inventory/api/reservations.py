"""Timed holds: a cart can promise before it pays."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Request, Response

from inventory import holding, store
from inventory.api import reservation_bodies
from inventory.api.requests import Retailer, database
from inventory.api.reservation_bodies import ReservationAnswer, ReservationBody, reservation_answer
from shared import edge, problems, wire
from shared.problems import FieldError

api = APIRouter(tags=["reservations"])

ReservationId = Annotated[UUID, Path(description="The reservation, by the id that was answered")]


@api.post(
    "/ecommerce/v3/reservations",
    summary="Keep stock for a cart",
    response_description="What can be promised from where",
    response_model=ReservationAnswer,
    openapi_extra=reservation_bodies.body(),
)
async def post_reservation(request: Request, caller: Retailer) -> Response:
    """Nobody else gets what is kept until it expires or an order names it, for which it then counts as free.

    Rows are ranked and served as those of an order are, from the shelf only. What cannot be kept is `short`, and where
    nothing can there is no reservation. An order that gets nothing, because it is refused or there is nothing left,
    leaves it as it is. A supplier that counts its stock anew may still turn out to have less. A row that names a
    product, EAN or catalogue you do not have is an error, and nothing is kept.
    """
    body = ReservationBody.model_validate_json(await edge.read_body(request))
    wanted = body.wanted
    most: int = request.app.state.settings.max_reservations
    async with database(request).transaction_of(caller.organisation) as tx:
        if await store.count_holds(tx, caller.organisation) >= most:
            message = f"You have {most} reservations; delete some, or wait until they expire"
            raise problems.Refused(429, message, headers={"Retry-After": "60"})
        made = await holding.hold(tx, uuid4(), caller.organisation, wanted, timedelta(minutes=body.minutes))
    if isinstance(made, list):
        raise problems.invalid(FieldError(f"rows[{one.place}].{one.field}", one.code, one.message) for one in made)
    return wire.answer(reservation_answer(made))


@api.get(
    "/ecommerce/v3/reservations/{reservation_id}",
    summary="Show a reservation",
    response_model=ReservationAnswer,
)
async def show_reservation(request: Request, caller: Retailer, reservation_id: ReservationId) -> Response:
    """As it was answered when it was made. One that has expired, or that an order has taken from, is there no more."""
    async with database(request).transaction_of(caller.organisation) as tx:
        found = await store.live_hold(tx, caller.organisation, reservation_id)
    if found is None:
        raise problems.not_found(f"reservation {reservation_id}")
    return wire.answer(reservation_answer(found))


@api.delete("/ecommerce/v3/reservations/{reservation_id}", status_code=204, summary="Give a reservation up")
async def delete_reservation(request: Request, caller: Retailer, reservation_id: ReservationId) -> Response:
    """What it kept is there for others at once."""
    async with database(request).transaction_of(caller.organisation) as tx:
        found = await store.live_hold(tx, caller.organisation, reservation_id)
        if found is not None:
            await store.act_as_inventory(tx)
        if found is None or not await holding.end(tx, [found.id]):
            raise problems.not_found(f"reservation {reservation_id}")
    return Response(status_code=204)
