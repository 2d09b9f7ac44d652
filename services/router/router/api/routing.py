"""Why an order went where it went, for the retailer who placed it."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from router import domain, store
from router.api import routing_shown
from router.api.routing_shown import RoutingRecord
from shared import auth, problems, wire
from shared.postgres import Database

router = APIRouter(tags=["orders"])


@router.get(
    "/ecommerce/v3/orders/{external_id:path}/routing",
    summary="Why an order went where it went",
    description=(
        "Every row with every catalogue that has its product: what was seen, what was taken, or why not; what would"
        " have changed that; where the row is by now, and what has happened to the order since."
    ),
    response_description="The record; there is none until the order is decided",
    response_model=RoutingRecord,
)
async def routing_of(
    request: Request,
    caller: Annotated[auth.Caller, Depends(auth.caller_with("retailer"))],
    external_id: Annotated[str, Path(description="The order's number, as its shop gave it", examples=["BAR1"])],
) -> Response:
    """404 until the order is decided, and for somebody else's order."""
    database: Database = request.app.state.database
    route = None
    if "\x00" not in external_id:
        async with database.transaction_of(caller.organisation) as tx:
            route = await store.route_called(tx, external_id)
    if route is None or route.record is None:
        raise problems.not_found(f"decided order {external_id}")
    # Some orders take a while to think of, and others wait for this process meanwhile.
    changes = await asyncio.to_thread(domain.would_change, route.record, route.plan)
    return wire.answer(routing_shown.shown(route.record, route.standing, changes))
