"""Which way a return goes: its carrier and the service (glue-api.md A.10 knows such a one), and why it has no label."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from router.domain import coding
from router.domain.delivery_service import RETURN, DeliveryService
from router.domain.moving import RowKey, Wrong
from router.domain.number_series import key_of
from router.domain.returns import CANCELLED, Return
from router.domain.shipment import FIRST_PARCEL, Parcel, Shipment, packing
from shared.contracts import Party


@dataclass(frozen=True)
class WayBack:
    """Who carries a return, and by which of its services; None is not known."""

    delivery_operator: str | None = None
    service_code: str | None = None

    @property
    def labelled(self) -> bool:
        """Whether Sluice may make a label for it."""
        return None not in (self.delivery_operator, self.service_code) and not coding.is_nshift(self.delivery_operator)


def way_back(
    shipment: Shipment,
    rows: Collection[RowKey],
    services: Mapping[str, DeliveryService],
    operator: str | None,
    service_code: str | None,
) -> WayBack | Wrong:
    """The way that is asked for; else back by the carrier that brought it, by the first service it has for returns.

    A service and another carrier than its own contradict each other.
    """
    if service_code is not None:
        service = services.get(service_code)
        if service is None:
            return Wrong("serviceCode", "unknown_service", f"{service_code} is no service that is offered")
        booked = coding.NSHIFT if coding.is_nshift(service.provider) else service.delivery_operator
        if operator is not None and not _is_by(service, operator):
            message = f"{service_code} is a service of {service.delivery_operator}, and {operator} is to carry it"
            return Wrong("serviceCode", "other_carrier", message)
        return WayBack(booked if operator is None or booked == coding.NSHIFT else operator, service_code)
    carrier = operator or _came_by(shipment, rows, services)
    return WayBack(carrier, _return_service(services.values(), carrier))


def parcel_of(returned: Return) -> Parcel:
    """The parcel that a return comes in."""
    return Parcel(
        parcel_id=FIRST_PARCEL,
        service_code=returned.service_code,
        delivery_operator=returned.delivery_operator,
        tracking_codes=returned.tracking_codes,
        tracking_from=returned.tracking_from,
    )


def missing_of(party: Party) -> tuple[str, ...]:
    """What an address lacks that no parcel arrives without, by the names of a party's fields."""
    needed = ("name", "street_address", "post_office")
    return tuple(name for name in needed if not (getattr(party, name) or "").strip())


def why_no_return_label(returned: Return) -> str | None:
    """Why a return has no label; None when it has one."""
    if returned.status == CANCELLED:
        return "the return is Cancelled"
    if returned.tracking_from is not None:
        return None
    if returned.tracking_codes:
        return "its tracking code is not of Sluice's, and so its label is not either"
    if returned.delivery_operator is None:
        return "nobody said who carries it"
    if coding.is_nshift(returned.delivery_operator):
        return f"returns are not booked through {coding.NSHIFT}"
    if returned.service_code is None:
        return f"no service of {returned.delivery_operator} for returns is offered"
    if returned.return_address is None:
        return "nobody said where it goes: it takes a returnAddress with name, street and town"
    return f"there was no number series of {returned.delivery_operator} when it was registered"


def _is_by(service: DeliveryService, operator: str) -> bool:
    """Whether a carrier is that of a service; nShift is that of those it books."""
    if coding.is_nshift(operator):
        return coding.is_nshift(service.provider)
    return key_of(operator) == key_of(service.delivery_operator)


def _came_by(shipment: Shipment, rows: Collection[RowKey], services: Mapping[str, DeliveryService]) -> str | None:
    """The carrier of the first parcel that brought any of these rows."""
    parcels = (
        parcel
        for parcel in packing(shipment)
        if any(packed.delivered and (packed.row_id, packed.product_id) in rows for packed in parcel.rows)
    )
    first = next(parcels, None)
    return None if first is None else coding.carrier_of(first, services)


def _return_service(services: Collection[DeliveryService], carrier: str | None) -> str | None:
    found: Sequence[str] = [
        service.id
        for service in services
        if carrier is not None
        and RETURN in service.tags
        and not coding.is_nshift(service.provider)
        and key_of(service.delivery_operator) == key_of(carrier)
    ]
    return found[0] if found else None
