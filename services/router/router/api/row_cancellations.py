"""A retailer wants less of a row than it ordered."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field, ValidationError

from router import part_cancelling, store
from router.api import sent_once
from router.api.sent_once import IdempotencyKey
from router.settings import Settings
from shared import auth, edge, problems, wire
from shared.postgres import Database

router = APIRouter(tags=["orders"])

Quantity = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]


class CancellationGiven(wire.WireModel):
    """How much of a row is not wanted any more."""

    quantity: Quantity = Field(description="How much; if less can still be cancelled, that is", examples=[2])


class CancellationShown(wire.WireModel):
    """What was really cancelled of a row, and what is left of it."""

    external_id: str = Field(description="The order's number, as its shop gave it", examples=["BAR1"])
    row_external_id: str = Field(description="The row's id in the order", examples=["1"])
    requested: wire.Number = Field(description="How much was asked for", examples=[2])
    released: wire.Number = Field(
        description="How much of that was cancelled by this request: never what was delivered already", examples=[2]
    )
    cancelled: wire.Number = Field(description="How much of the row is not coming, in all", examples=[2])
    remaining: wire.Number = Field(description="How much of the row was delivered or is still to come", examples=[3])


CANCELLATION = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": CancellationGiven.model_json_schema(), "example": {"quantity": 2}},
        },
    }
}


@router.post(
    "/ecommerce/v3/orders/{external_id:path}/rows/{row_external_id:path}/cancellations",
    summary="Cancel a part of a row",
    description=(
        "So much of the row is not sent, or as much as is not delivered yet. First goes what nobody serves, then what"
        " waits for stock or is held, and last what is in shipments, the least far and newest of them first. A shipment"
        " with nothing left is cancelled. Each request cancels that much more, unless an `Idempotency-Key` says that it"
        " is the same one."
    ),
    response_description="What was really cancelled",
    response_model=CancellationShown,
    responses={409: {"description": "The order is not decided yet, or cancelled; or the key is another request's"}},
    openapi_extra=CANCELLATION,
)
async def cancel_part(
    request: Request,
    caller: Annotated[auth.Caller, Depends(auth.caller_with("retailer"))],
    external_id: Annotated[str, Path(description="The order's number, as its shop gave it", examples=["BAR1"])],
    row_external_id: Annotated[str, Path(description="The row's id in the order", examples=["1"])],
    key: IdempotencyKey = None,
) -> Response:
    """404 for an order or row that is not there or somebody else's, 409 for one of which nothing can be cancelled."""
    body = await edge.read_body(request)
    given = _read(body)
    once = sent_once.once(request, caller.organisation, key, body)
    database: Database = request.app.state.database
    settings: Settings = request.app.state.settings
    async with database.transaction_of(caller.organisation) as tx:
        found = await store.route_called(tx, external_id)
    if found is None:
        raise problems.not_found(f"order {external_id}")
    # What follows of it is not the retailer's to write: shipments of suppliers, and what is asked of inventory.
    async with database.transaction() as tx:
        if (before := await once.answered(tx)) is not None:
            return before
        done = await part_cancelling.cancel(tx, settings, found.order.order_id, row_external_id, given.quantity)
        if done is None:
            raise problems.not_found(f"row {row_external_id} in order {external_id}")
        if isinstance(done, str):
            raise problems.conflict(done)
        shown = CancellationShown(
            external_id=external_id,
            row_external_id=row_external_id,
            requested=given.quantity,
            released=done.released,
            cancelled=done.row.cancelled,
            remaining=done.row.quantity - done.row.cancelled,
        )
        return await once.keep(tx, wire.answer(shown))


def _read(body: bytes) -> CancellationGiven:
    try:
        return CancellationGiven.model_validate_json(body)
    except ValidationError as error:
        raise problems.invalid(problems.field_errors(error)) from None
