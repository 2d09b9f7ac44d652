"""Shipments as they are looked up: a supplier polls for them, and the retailer of an order may see where it is."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator

from router import domain, store
from router.api import shipment_answer, shipment_requests
from router.api.shipment_requests import TAGGED, Party, ShipmentId
from router.api.shipment_shown import ShipmentShown
from router.tracking import following
from shared import problems, wire
from shared.problems import FieldError

router = APIRouter(tags=["shipments"])

OVERLAP = timedelta(seconds=2)
"""A shipment is seen once the transaction that made or changed it has ended, and bears the moment when that began."""


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


NotGiven = BeforeValidator(_none_if_blank)


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
    modified_from: Annotated[
        wire.Moment | None,
        Query(
            alias="modifiedFromDate",
            description="Another name of `updatedFrom`; of both, the later counts",
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
    """An envelope with a page of shipments."""
    as_supplier = role == "SUPPLIER" if role else "supplier" in caller.roles
    changed = max((moment for moment in (updated_from, modified_from) if moment is not None), default=None)
    wanted = store.Wanted(
        supplier_id=caller.organisation if as_supplier else None,
        retailer_id=None if as_supplier else caller.organisation,
        since=None if since is None else since - OVERLAP,
        changed_since=None if changed is None else changed - OVERLAP,
        statuses=_statuses(status),
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


def _statuses(listed: str) -> tuple[str, ...] | None:
    """The statuses of a comma list, None for all. 400 for one that no shipment has."""
    statuses = tuple(status for part in listed.split(",") if (status := part.strip()))
    unknown = [status for status in statuses if status not in domain.STATUSES]
    if unknown:
        raise problems.invalid(FieldError("status", "unknown_status", f"{name} is no status") for name in unknown)
    return statuses or None
