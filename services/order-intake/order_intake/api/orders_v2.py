"""Orders, version 2: a retailer places one and follows it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import uuid_utils.compat as uuid_utils
from fastapi import APIRouter, Depends, Request, Response

from order_intake import store
from order_intake.api import schemas
from order_intake.api.shown import OrderShown, shown
from order_intake.document import OrderDocument, order_placed, read_order, reading
from order_intake.domain import Order, Row
from order_intake.gathering import Gathering
from order_intake.placing import NewOrder, Placement
from order_intake.store import Placed
from shared import auth, edge, observability, problems
from shared.contracts import OrderPlaced
from shared.postgres import Database

router = APIRouter(prefix="/v2/orders", tags=["orders"])

Retailer = Annotated[auth.Caller, Depends(auth.caller_with("retailer"))]


@router.put(
    "",
    summary="Place an order",
    description="Validates and keeps the order, then routes it. The same order again answers the stored one;"
    " another order with its number is a conflict. Answered once the order is safely stored.",
    response_model=None,
    openapi_extra={"requestBody": schemas.json_body(OrderDocument)},
    responses={
        200: {"model": OrderShown, "description": "The order as it is stored"},
        409: {"description": "Another order has this externalId"},
        503: {"description": "Too busy, or the database is away: send it again"},
    },
)
async def place_order(request: Request, caller: Retailer) -> Response:
    """Place an order."""
    body = await edge.read_body(request)
    document, posted = read_order(body, request.app.state.settings.max_rows)
    placed = order_placed(uuid_utils.uuid7(), caller.organisation, document, datetime.now(UTC))
    gathering: Gathering[NewOrder, Placement] = request.app.state.gathering
    placement = await gathering.join(NewOrder(placed, body, observability.traceparent()))
    if placement.outcome == "other":
        raise problems.conflict(f"There is another order {document.external_id} already")
    if placement.outcome == "same":
        return await show_order(request, caller, document.external_id)
    return _answer(shown(posted, _just_placed(placed, body, placement.at)))


@router.get(
    "/order/{order_number:path}",
    summary="Show an order",
    description="The order as posted, with the statuses of the order and its rows, what was delivered, and where it"
    " was routed.",
    response_model=None,
    responses={200: {"model": OrderShown}, 404: {"description": "You have no such order"}},
)
async def show_order(request: Request, caller: Retailer, order_number: str) -> Response:
    """Show an order."""
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        placed = await store.placed_order(tx, caller.organisation, order_number)
        if placed is None:
            raise problems.not_found(f"order {order_number}")
        order_id = placed.order.id
        rows = await store.rows_of(tx, [order_id], await store.parts_of(tx, [order_id]))
    placed = replace(placed, order=replace(placed.order, rows=rows[order_id]))
    return _answer(shown(reading.as_posted(placed.posted), placed))


def _just_placed(placed: OrderPlaced, posted: bytes, at: datetime) -> Placed:
    """What reading the order back would give."""
    rows = {row.external_id: Row(row.external_id, row.quantity) for row in placed.rows}
    return Placed(Order(placed.order_id, placed.retailer_id, rows), posted, at, at)


def _answer(order: dict[str, Any]) -> Response:
    return Response(orjson.dumps(order), media_type="application/json")
