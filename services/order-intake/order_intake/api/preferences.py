"""Handing over an order that was held."""

from fastapi import APIRouter, Request, Response
from pydantic import Field

from order_intake import changing
from order_intake.api import answers, changes, schemas, shown_v3
from order_intake.api.order_address import OF_ORDER, OrderNumber, Retailer
from order_intake.document import merging, reading
from order_intake.document.preferences import Preferences
from shared import edge

router = APIRouter(tags=["orders"])


class PreferencesGiven(Preferences):
    """How the order is to be handled from now on."""

    auto_submit: bool = Field(description="True hands a held order over to its suppliers", examples=[True])


@router.patch(
    OF_ORDER + "/preferences",
    summary="Release a held order",
    description="An order that was placed with autoSubmit false has its stock and waits: autoSubmit true hands it over"
    " to its suppliers. Once released, it cannot be held again. The answer is the whole order.",
    response_model=None,
    openapi_extra={"requestBody": schemas.json_body(PreferencesGiven, {"release": {"autoSubmit": True}})},
    responses={
        200: {"model": shown_v3.OrderShown, "description": "The order as it is now"},
        409: {"description": "The order has ended, or was released before and cannot be held again"},
    },
)
async def change_preferences(request: Request, caller: Retailer, external_id: OrderNumber) -> Response:
    """Release a held order."""
    body = await edge.read_body(request)
    given = reading.read_object(body)
    preferences = PreferencesGiven.model_validate_json(body)
    given["autoSubmit"] = preferences.auto_submit
    database = answers.database(request)
    if given == {"autoSubmit": True}:
        await changing.release_order(database, caller.organisation, external_id)
    else:
        change = changes.change(
            lambda document: merging.merge(document, {"preferences": given}),
            *(caller.organisation, external_id, request.app.state.settings),
        )
        await changing.change_order(database, caller.organisation, external_id, change)
    return await answers.answer_stored(request, caller, external_id)
