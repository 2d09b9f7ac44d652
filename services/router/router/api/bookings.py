"""How the booking of a parcel at a carrier's own system stands: shown, asked for once more, or given up."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from router import domain
from router.api import shipment_requests
from router.api.shipment_requests import Party, ShipmentId, Supplier
from router.carriers import choosing
from router.domain import Parcel, Shipment
from router.store import bookings
from shared import problems, wire
from shared.postgres import Transaction

router = APIRouter(tags=["tracking"])

PATH = "/ecommerce/v3/shipments/{shipment_id}/parcels/{parcel_id:path}/booking"

ParcelId = Annotated[str, Path(description="The parcel's id within the shipment", examples=["1"])]


class BookingShown(wire.WireModel):
    """How the booking of a parcel stands."""

    state: str = Field(
        description="`pending`: it is being tried; `booked`: the parcel has the carrier's code; `refused`: see"
        " `message`; `cancelling` and `cancelled`: it was given up; `not wanted`: the parcel had codes of its"
        " supplier's own",
        examples=["booked"],
    )
    attempts: int = Field(description="How often it was tried, fetching its label included", examples=[1])
    message: str | None = Field(
        default=None, description="What the carrier said last, or why the parcel is not booked or has no label"
    )
    next_at: wire.Moment | None = Field(
        default=None,
        description="When it is tried next: to book, to give up, or, if it is `booked`, to fetch the label. Left out"
        " when nothing is to be tried",
    )
    changed_at: wire.Moment = Field(description="Since when it stands so")


@router.get(PATH, summary="Show the booking of a parcel", response_model=BookingShown)
async def show_booking(request: Request, caller: Party, shipment_id: ShipmentId, parcel_id: ParcelId) -> Response:
    """404 for a parcel that is not there, or that nobody wanted to be booked."""
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        found = await shipment_requests.find(tx, shipment_id)
        _parcel(found, parcel_id)
        return wire.answer(await _booking(tx, found, parcel_id))


@router.post(
    PATH,
    summary="Book a parcel once more",
    description="Of a shipment that is Delivered, a parcel without codes. What was refused before is tried again, such"
    " as after the catalogue has got an account. A booking that is under way goes on. Of a parcel that is booked and"
    " lacks its label, the label is fetched.",
    response_model=BookingShown,
    responses={409: {"description": "The shipment is not Delivered, or the parcel has codes"}},
)
async def book_parcel(request: Request, caller: Supplier, shipment_id: ShipmentId, parcel_id: ParcelId) -> Response:
    """For the supplier alone."""
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        found = await _own(tx, caller.organisation, shipment_id)
        parcel = _parcel(found, parcel_id)
        if found.status != domain.DELIVERED:
            raise problems.conflict(f"The shipment is {found.status}: a parcel is booked once it is Delivered")
        if not parcel.tracking_codes:
            await bookings.ask_for_bookings(tx, found, [parcel_id])
        elif not await bookings.ask_for_label(tx, found.shipment_id, parcel_id):
            raise problems.conflict(f"Parcel {parcel_id} has codes already: {', '.join(parcel.tracking_codes)}")
        return wire.answer(await _booking(tx, found, parcel_id))


@router.delete(
    PATH,
    summary="Give up the booking of a parcel",
    description="The carrier is told, and the parcel loses the code of the booking once it has agreed.",
    response_model=BookingShown,
    responses={409: {"description": "It is not booked, or has a code that cannot be given up"}},
)
async def give_up_booking(request: Request, caller: Supplier, shipment_id: ShipmentId, parcel_id: ParcelId) -> Response:
    """For the supplier alone."""
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        found = await _own(tx, caller.organisation, shipment_id)
        parcel = _parcel(found, parcel_id)
        if (why := await choosing.that_coded(parcel).cancel(tx, found, parcel)) is not None:
            raise problems.conflict(why)
        return wire.answer(await _booking(tx, found, parcel_id))


async def _own(tx: Transaction, organisation: str, shipment_id: str) -> Shipment:
    found = await shipment_requests.find(tx, shipment_id)
    if found.supplier_id != organisation:
        raise problems.Refused(403, "A parcel is booked by its supplier alone")
    return found


def _parcel(shipment: Shipment, parcel_id: str) -> Parcel:
    for parcel in domain.packing(shipment):
        if parcel.parcel_id == parcel_id:
            return parcel
    raise problems.not_found(f"parcel {parcel_id} in shipment {shipment.shipment_id}")


async def _booking(tx: Transaction, shipment: Shipment, parcel_id: str) -> BookingShown:
    found = await bookings.booking_of(tx, shipment.shipment_id, parcel_id)
    if found is None:
        raise problems.not_found(f"booking of parcel {parcel_id}")
    return BookingShown(
        state=found.state,
        attempts=found.attempts,
        message=found.answer,
        next_at=found.next_at,
        changed_at=found.changed_at,
    )
