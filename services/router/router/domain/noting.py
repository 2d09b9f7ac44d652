"""What is noted of a shipment on its way, and how that moves it."""

from dataclasses import replace
from datetime import datetime

from router.domain.moving import Change, Refusal, Wrong, move
from router.domain.shipment import ERROR, Noted, Shipment, packing

MOST_EVENTS = 500
"""Events of one shipment. Each answer tells all of them."""


def note(shipment: Shipment, noted: Noted, at: datetime) -> Shipment | Refusal:
    """The shipment with one event more; the very same when the event is noted already, or why it may not be.

    An event with a status moves the shipment as if that were set; any other leaves it where it is, so that the
    carrier's news of a delivered shipment is welcome too.
    """
    if noted in shipment.events:
        return shipment
    if noted.parcel_id is not None and noted.parcel_id not in {parcel.parcel_id for parcel in packing(shipment)}:
        return Refusal(wrong=(Wrong("parcelId", "unknown_parcel", f"{noted.parcel_id} is not in this shipment"),))
    if len(shipment.events) >= MOST_EVENTS:
        return Refusal(conflict=f"The shipment has {MOST_EVENTS} events, and no more are kept")
    reason = noted.comment if noted.status == ERROR else None
    moved = move(shipment, Change(status=noted.status, reason=reason), at)
    if isinstance(moved, Refusal):
        return moved
    return replace(moved, version=shipment.version + 1, updated_at=at, events=(*shipment.events, noted))
