"""Orders, version 2: a retailer places one and follows it."""

from datetime import UTC, datetime
from typing import Any

import orjson
import uuid_utils.compat as uuid_utils
from fastapi import APIRouter, Request, Response

from order_intake.api import answers, schemas, taking
from order_intake.api.order_address import OrderNumber, Retailer
from order_intake.api.shown_v2 import OrderShownV2, shown
from order_intake.document import V2, OrderV2, order_placed, read_order
from order_intake.placing import NewOrder
from shared import edge, observability

router = APIRouter(prefix="/v2/orders", tags=["orders of version 2"])


@router.put(
    "",
    summary="Place an order",
    description="Validates and keeps the order, then routes it. The same order again answers the stored one;"
    " another order with its number is a conflict. Answered once the order is safely stored.",
    response_model=None,
    openapi_extra={"requestBody": schemas.json_body(OrderV2)},
    responses={
        200: {"model": OrderShownV2, "description": "The order as it is stored"},
        409: {"description": "Another order has this externalId"},
    },
)
async def place_order_v2(request: Request, caller: Retailer) -> Response:
    """Place an order."""
    body = await edge.read_body(request)
    read = read_order(body, request.app.state.settings.max_rows, V2)
    placed = order_placed(uuid_utils.uuid7(), caller.organisation, read.document, datetime.now(UTC))
    order = NewOrder(placed, body, observability.traceparent(), read.mended)
    placement = await taking.take(request, order)
    if placement.outcome == "same":
        return await show_order_v2(request, caller, placed.external_id)
    return _answer(shown(read.values, taking.just_placed(order, placement.at)))


@router.get(
    "/order/{order_number:path}",
    summary="Show an order",
    description="The order as posted, with the statuses of the order and its rows, what was delivered, and where it"
    " was routed.",
    response_model=None,
    responses={200: {"model": OrderShownV2, "description": "The order"}},
)
async def show_order_v2(request: Request, caller: Retailer, order_number: OrderNumber) -> Response:
    """Show an order."""
    placed = await answers.stored(request, caller, order_number)
    return _answer(shown(answers.document_of(placed), placed))


def _answer(order: dict[str, Any]) -> Response:
    return Response(orjson.dumps(order), media_type="application/json")
