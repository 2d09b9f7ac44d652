"""Returns as they are looked up by either side: the supplier they come back to, and the retailer of the order."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from router.api import listing, return_requests, return_shown, shipment_requests
from router.api.listing import OVERLAP
from router.api.return_requests import TAGGED, ReturnId
from router.api.return_shown import ReturnShown
from router.api.shipment_change import NotGiven
from router.api.shipment_requests import Party
from router.domain.returns import STATUSES
from router.store import returns
from router.store.returns import WantedReturns
from router.tracking import following
from shared import wire

router = APIRouter(tags=["returns"])


@router.get(
    "/ecommerce/v3/returns",
    summary="List returns",
    description=(
        "Oldest first. A supplier gets those that come back to it; a retailer those of its orders. Who asks for what"
        " has changed gets the longest unchanged first, so that whoever goes on from the last page misses nothing."
    ),
    response_description="A page of returns",
    response_model=wire.Page[ReturnShown],
)
async def list_returns(
    request: Request,
    caller: Party,
    asked: Annotated[wire.PageRequest, Depends(wire.page_request(20))],
    external_id: Annotated[
        str | None,
        Query(
            alias="externalId",
            description="Only those that whoever registered them gave this number, as it is printed on their labels",
            examples=["RMA-17"],
        ),
        NotGiven,
    ] = None,
    order_external_id: Annotated[
        str | None, Query(alias="orderExternalId", description="Only those of this order", examples=["BAR1"]), NotGiven
    ] = None,
    shipment_id: Annotated[
        UUID | None,
        Query(
            alias="shipmentId",
            description="Only those of this shipment",
            examples=["019b7d62-e400-8f5c-93ad-27c2f1a5d3b0"],
        ),
        NotGiven,
    ] = None,
    tracking_code: Annotated[
        str | None,
        Query(
            alias="trackingCode",
            description="Only the one whose parcel has this code, as a scanner reads it",
            examples=["JJFI65432100000000224"],
        ),
        NotGiven,
    ] = None,
    status: Annotated[
        str, Query(description="Statuses, separated by commas: only these", examples=["Registered"])
    ] = "",
    updated_from: listing.ChangedFrom = None,
    role: listing.Role = None,
) -> Response:
    """An envelope with a page of returns."""
    as_supplier = listing.is_supplier(caller, role)
    wanted = WantedReturns(
        supplier_id=caller.organisation if as_supplier else None,
        retailer_id=None if as_supplier else caller.organisation,
        reference=external_id,
        order_external_id=order_external_id,
        shipment_id=shipment_id,
        tracking_code=tracking_code,
        statuses=listing.statuses(status, STATUSES),
        changed_since=None if updated_from is None else updated_from - OVERLAP,
    )
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        total = await returns.count_returns(tx, wanted)
        found = await returns.returns(tx, wanted, limit=asked.size, offset=asked.offset)
        followed = await following.following(tx)
    content = [return_shown.shown(one, followed) for one in found]
    return wire.answer(wire.page_of(content, total, asked, request.url))


@router.get(
    "/ecommerce/v3/returns/{return_id}",
    summary="Show a return",
    response_description="The return, with its version as ETag",
    response_model=ReturnShown,
    responses=TAGGED,
)
async def show_return(request: Request, caller: Party, return_id: ReturnId) -> Response:
    """To the supplier it comes back to, and to the retailer of the order."""
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        found = await return_requests.find(tx, return_id)
        followed = await following.following(tx)
    return return_shown.answer(found, followed)
