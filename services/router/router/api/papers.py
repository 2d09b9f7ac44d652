"""The papers of a parcel: its address label and its delivery note."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from router import domain
from router.api import shipment_requests
from router.api.shipment_requests import Answers, Party, ShipmentId
from shared import auth, problems

router = APIRouter(tags=["shipments"])

ParcelId = Annotated[str, Path(description="The parcel's id within the shipment", examples=["1"])]

NOT_YET = "Sluice does not make papers yet, so each of them is answered as not found, and the message says so."
PDF: Answers = {200: {"description": "The paper", "content": {"application/pdf": {}}}}


@router.get(
    "/ecommerce/v3/shipments/{shipment_id}/parcels/{parcel_id}/label",
    summary="Get the address label of a parcel",
    description=NOT_YET,
    responses=PDF,
    response_class=Response,
)
async def label_of(request: Request, caller: Party, shipment_id: ShipmentId, parcel_id: ParcelId) -> Response:
    """404 for a shipment or a parcel that is not there, and for a label that is not made."""
    raise await _not_made(request, caller, shipment_id, parcel_id, "address label")


@router.get(
    "/ecommerce/v3/shipments/{shipment_id}/parcels/{parcel_id}/note",
    summary="Get the delivery note of a parcel",
    description=NOT_YET,
    responses=PDF,
    response_class=Response,
)
async def delivery_note_of(request: Request, caller: Party, shipment_id: ShipmentId, parcel_id: ParcelId) -> Response:
    """404 for a shipment or a parcel that is not there, and for a note that is not made."""
    raise await _not_made(request, caller, shipment_id, parcel_id, "delivery note")


async def _not_made(
    request: Request, caller: auth.Caller, shipment_id: str, parcel_id: str, paper: str
) -> problems.Refused:
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        found = await shipment_requests.find(tx, shipment_id)
    if parcel_id not in {parcel.parcel_id for parcel in domain.packing(found)}:
        return problems.not_found(f"parcel {parcel_id} in shipment {shipment_id}")
    return problems.not_found(f"{paper} of parcel {parcel_id}: papers are not made by this version of Sluice")
