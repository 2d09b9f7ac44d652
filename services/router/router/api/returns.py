"""Returns as they are looked up by either side: the supplier they come back to, and the retailer of the order."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from router.api import return_requests, return_shown, shipment_requests
from router.api.return_requests import TAGGED, ReturnId
from router.api.return_shown import ReturnShown
from router.api.shipment_requests import Party
from router.api.shipments import OVERLAP, NotGiven
from router.domain.returns import STATUSES
from router.store import returns
from router.store.returns import WantedReturns
from router.tracking import following
from shared import problems, wire
from shared.contracts import ReturnStatus
from shared.problems import FieldError

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
    updated_from: Annotated[
        wire.Moment | None,
        Query(
            alias="updatedFrom",
            description="Changed at this moment or later. What changed up to two seconds before is listed as well,"
            " because it may not have been visible then",
            examples=["2026-01-02T00:00:00Z"],
        ),
        NotGiven,
    ] = None,
    role: Annotated[
        Literal["RETAILER", "SUPPLIER"] | None,
        Query(description="As whom, for an organisation that is both; without it, as a supplier"),
        NotGiven,
    ] = None,
) -> Response:
    """An envelope with a page of returns."""
    as_supplier = role == "SUPPLIER" if role else "supplier" in caller.roles
    wanted = WantedReturns(
        supplier_id=caller.organisation if as_supplier else None,
        retailer_id=None if as_supplier else caller.organisation,
        order_external_id=order_external_id,
        shipment_id=shipment_id,
        tracking_code=tracking_code,
        statuses=_statuses(status),
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


def _statuses(listed: str) -> tuple[ReturnStatus, ...] | None:
    """The statuses of a comma list, None for all. 400 for one that no return has."""
    named = [status for part in listed.split(",") if (status := part.strip())]
    unknown = [status for status in named if status not in STATUSES]
    if unknown:
        raise problems.invalid(FieldError("status", "unknown_status", f"{name} is no status") for name in unknown)
    return tuple(status for status in STATUSES if status in named) or None
