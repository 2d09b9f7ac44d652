"""Which papers of a parcel there are (glue-api.md A.9, 4), and what a delivery note says of the order's rows."""

from decimal import Decimal
from typing import NamedTuple

from router.domain.shipment import CANCELLED, Parcel, Shipment


class OrderedRow(NamedTuple):
    """How much of a row was ordered, and how much of that is to come: with this shipment, and with what follows it."""

    ordered: Decimal
    coming: Decimal


def why_no_label(shipment: Shipment, parcel: Parcel) -> str | None:
    """Why a parcel has no address label: nothing is sent, or the label is not ours to make; None when it has one."""
    if shipment.status == CANCELLED:
        return why_no_note(shipment)
    if not parcel.tracking_codes:
        later = "" if shipment.closed else "; it gets one when it is confirmed as Delivered"
        return f"it has no tracking code{later}"
    if parcel.own_tracking_codes:
        return "its tracking code is the supplier's own, and so is its label"
    return None


def why_no_note(shipment: Shipment) -> str | None:
    """Why a parcel has no delivery note; None when it has one."""
    return "the shipment is Cancelled, so nothing is sent" if shipment.status == CANCELLED else None
