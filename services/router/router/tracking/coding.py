"""Codes for the parcels of a shipment that is confirmed, from whichever carriers they go by."""

from collections.abc import Sequence
from typing import NamedTuple

from router.carriers import choosing
from router.delivery import services
from router.domain import coding
from router.domain.coding import Codes
from router.domain.shipment import Parcel, Shipment
from shared.postgres import Transaction


class Coded(NamedTuple):
    """A confirmed shipment with its codes, and its parcels (by id) that are yet to be booked."""

    shipment: Shipment
    to_book: tuple[str, ...] = ()


async def with_codes(tx: Transaction, shipment: Shipment) -> Coded:
    """A shipment that has just been confirmed, each parcel that carries something with a code.

    A parcel whose carrier gives none stays without. Raises problems.Refused with 409 when its carrier is out of codes.
    """
    uncoded = coding.uncoded(shipment)
    if not uncoded:
        return Coded(shipment)
    codes: dict[str, tuple[Codes, str | None]] = {}
    to_book: tuple[str, ...] = ()
    for carrier, parcels in choosing.shared_out(await _carriers(tx, uncoded)):
        booked = await carrier.book(tx, shipment, parcels)
        codes |= booked.codes
        to_book += booked.later
    return Coded(coding.coded(shipment, codes) if codes else shipment, to_book)


async def _carriers(tx: Transaction, parcels: Sequence[Parcel]) -> dict[str, str]:
    """Who carries each parcel, by its id, as far as that is known. Services are looked up only if one names none."""
    by_id = {}
    if any(not (parcel.delivery_operator or "").strip() for parcel in parcels):
        by_id = {service.id: service for service in await services.offered(tx)}
    carriers = ((parcel.parcel_id, coding.carrier_of(parcel, by_id)) for parcel in parcels)
    return {parcel_id: carrier for parcel_id, carrier in carriers if carrier is not None}
