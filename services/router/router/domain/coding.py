"""Which parcels of a shipment get tracking codes from Sluice, and how codes are put on them (glue-api.md A.9, 4 on)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from router.domain.delivery_service import DeliveryService
from router.domain.shipment import CANCELLED, DELIVERED, Parcel, Shipment, packing

Codes = tuple[str, ...]

NSHIFT = "nShift"
NAMES_OF_NSHIFT = frozenset({"unifaun", "nshift"})
"""What nShift's service is called where a carrier is named."""


def is_nshift(operator: str | None) -> bool:
    """Whether what is named as carrier is nShift, which books parcels at the carriers themselves."""
    return (operator or "").strip().casefold() in NAMES_OF_NSHIFT


def uncoded(shipment: Shipment) -> tuple[Parcel, ...]:
    """The parcels that leave without a code: those of a delivered shipment that carry something and have none."""
    if shipment.status != DELIVERED:
        return ()
    return tuple(
        parcel
        for parcel in packing(shipment)
        if not parcel.tracking_codes and any(packed.delivered for packed in parcel.rows)
    )


def carrier_of(parcel: Parcel, services: Mapping[str, DeliveryService]) -> str | None:
    """Who carries a parcel: the one it names, else the one whose service it goes by; None when neither is known.

    A service that is booked through nShift is carried by that, as far as codes are concerned.
    """
    named = (parcel.delivery_operator or "").strip()
    if named:
        return NSHIFT if is_nshift(named) else named
    service = services.get(parcel.service_code or "")
    if service is None:
        return None
    return NSHIFT if is_nshift(service.provider) else service.delivery_operator


def coded(shipment: Shipment, codes: Mapping[str, tuple[Codes, str | None]]) -> Shipment:
    """The shipment, in the same version, whose parcels (by id) bear codes, each with whom they are from."""
    return replace(
        shipment,
        parcels=tuple(
            parcel.model_copy(
                update=dict(zip(("tracking_codes", "tracking_from"), codes[parcel.parcel_id], strict=True))
            )
            if parcel.parcel_id in codes
            else parcel
            for parcel in packing(shipment)
        ),
    )


def are_late_codes(before: Sequence[Parcel], after: Sequence[Parcel]) -> bool:
    """Whether parcels differ in the supplier's own codes and in nothing else."""
    return len(before) == len(after) and all(
        was == now or (was.tracking_from is None and _without_codes(was) == _without_codes(now))
        for was, now in zip(before, after, strict=True)
    )


def why_no_codes(shipment: Shipment, parcel_id: str, codes: Codes) -> str | None:
    """Why a parcel does not take codes of its supplier's own, as a sentence; None when it does.

    Also a parcel of a shipment that is Delivered does: who prints with a system of its own knows the codes later.
    """
    if shipment.status == CANCELLED:
        return "the shipment is Cancelled"
    parcel = next((parcel for parcel in packing(shipment) if parcel.parcel_id == parcel_id), None)
    if parcel is None:
        return f"there is no parcel {parcel_id} in the shipment"
    if parcel.tracking_from is not None and parcel.tracking_codes != codes:
        return f"parcel {parcel_id} has {', '.join(parcel.tracking_codes)} of {parcel.tracking_from} on its label"
    return None


def with_own_codes(shipment: Shipment, codes: Mapping[str, Codes], at: datetime) -> Shipment:
    """The shipment's next version with a supplier's own codes, in place of such as its parcels (by id) had.

    The very same when they have them already.
    """
    parcels = tuple(
        parcel.model_copy(update={"tracking_codes": codes[parcel.parcel_id]}) if parcel.parcel_id in codes else parcel
        for parcel in packing(shipment)
    )
    if parcels == packing(shipment):
        return shipment
    return replace(shipment, parcels=parcels, version=shipment.version + 1, updated_at=at)


def _without_codes(parcel: Parcel) -> Parcel:
    return parcel.model_copy(update={"tracking_codes": ()})
