"""Shipments as they are looked up: a supplier polls for them, and the retailer of an order may see where it is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from router import domain, store
from router.api import listing, shipment_answer, shipment_requests
from router.api.listing import OVERLAP
from router.api.shipment_change import NotGiven
from router.api.shipment_requests import TAGGED, Party, ShipmentId
from router.api.shipment_shown import ShipmentShown
from router.tracking import following
from shared import wire

router = APIRouter(tags=["shipments"])


@router.get(
    "/ecommerce/v3/shipments",
    summary="List shipments",
    description=(
        "Oldest first. A supplier gets those it has to send; a retailer those of its orders. Who asks for what has"
        " changed gets the longest unchanged first, so that whoever goes on from the last page misses nothing."
    ),
    response_description="A page of shipments",
    response_model=wire.Page[ShipmentShown],
)
async def list_shipments(
    request: Request,
    caller: Party,
    asked: Annotated[wire.PageRequest, Depends(wire.page_request(20))],
    since: Annotated[
        wire.Moment | None,
        Query(
            alias="from",
            description="Made at this moment or later. What was made up to two seconds before is listed as well,"
            " because it may not have been visible then",
            examples=["2026-01-02T00:00:00Z"],
        ),
        NotGiven,
    ] = None,
    status: Annotated[
        str, Query(description="Statuses, separated by commas: only these", examples=["Created,Viewed"])
    ] = "",
    updated_from: listing.ChangedFrom = None,
    modified_from: Annotated[
        wire.Moment | None,
        Query(
            alias="modifiedFromDate",
            description="Another name of `updatedFrom`; of both, the later counts",
            examples=["2026-01-02T00:00:00Z"],
        ),
        NotGiven,
    ] = None,
    role: listing.Role = None,
) -> Response:
    """An envelope with a page of shipments."""
    as_supplier = listing.is_supplier(caller, role)
    changed = max((moment for moment in (updated_from, modified_from) if moment is not None), default=None)
    wanted = store.Wanted(
        supplier_id=caller.organisation if as_supplier else None,
        retailer_id=None if as_supplier else caller.organisation,
        since=None if since is None else since - OVERLAP,
        changed_since=None if changed is None else changed - OVERLAP,
        statuses=listing.statuses(status, domain.STATUSES),
    )
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        total = await store.count_shipments(tx, wanted)
        found = await store.shipments(tx, wanted, limit=asked.size, offset=asked.offset)
        followed = await following.following(tx)
    return shipment_answer.page(found, caller.organisation, followed, total, asked, request.url)


@router.get(
    "/ecommerce/v3/shipments/{shipment_id}",
    summary="Show a shipment",
    response_description="The shipment, with its version as ETag",
    response_model=ShipmentShown,
    responses=TAGGED,
)
async def show_shipment(request: Request, caller: Party, shipment_id: ShipmentId) -> Response:
    """To the supplier who sends it, and to the retailer who ordered it."""
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        found = await shipment_requests.find(tx, shipment_id)
        followed = await following.following_of(tx, found)
    return shipment_answer.one(found, caller.organisation, followed)
