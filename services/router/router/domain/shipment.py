"""A shipment as its supplier works on it: rows of an order from one catalogue, packed into parcels."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from router.domain.handling import with_handling
from shared.contracts import AdditionalService, CodedParcel, Delivery, Part, Quantity, RowProgress, ShipmentChanged

PROGRESS = ("Created", "Submitted", "Viewed", "Picking", "Packing", "Shipping", "Delivered")
"""The way of a shipment, always forward (glue-api.md A.11)."""

CANCELLED, DELIVERED, ERROR = "Cancelled", "Delivered", "Error"
STATUSES = (*PROGRESS, CANCELLED, ERROR)
FINAL = frozenset({CANCELLED, DELIVERED})
FIRST_PARCEL = "1"
WAY = ("service_code", "delivery_operator", "pickup_point_id")
"""How an order, and a parcel, is sent: the service, whose it is, and where the parcel waits."""
SHRUNK = "Shrunk"
"""The type of the event that is noted when less is to be sent."""

ZERO = Decimal(0)


class Packed(Part):
    """A row in a parcel; `delivered` is None unless the supplier has said how much of it the parcel carries.

    Of a closed shipment, None is nothing: the row's quantity is in another parcel, or is not coming.
    """

    row_id: str
    product_id: str
    delivered: Quantity | None = None


class Parcel(Part):
    """A parcel of a shipment, with the carrier's service and the codes it is followed by.

    `tracking_from` is where Sluice got these: the number series, or the carrier that booked it. None: the supplier's.
    `weight` is in kilograms.
    """

    parcel_id: str
    package_type: str = "PC"
    service_code: str | None = None
    delivery_operator: str | None = None
    additional_services: tuple[AdditionalService, ...] = ()
    pickup_point_id: str | None = None
    routing_service_code: str | None = None
    ready: bool = False
    weight: Quantity | None = None
    tracking_codes: tuple[str, ...] = ()
    tracking_from: str | None = None
    rows: tuple[Packed, ...] = ()

    @property
    def own_tracking_codes(self) -> bool:
        """Whether its codes are the supplier's own, of a carrier whose label Sluice does not make."""
        return bool(self.tracking_codes) and self.tracking_from is None


class Noted(Part):
    """What a supplier, or its carrier, noted of a shipment at a moment: where it is, or what is being done with it.

    `type` is what happened in the carrier's word; `status` the one it gave the shipment, if any.
    """

    type: str
    at: datetime
    status: str | None = None
    comment: str | None = None
    location: str | None = None
    parcel_id: str | None = None


class Row(NamedTuple):
    """A row of the order as far as it is in this shipment; `delivered` counts once the shipment is closed.

    `stocked` is False for a service or cost row.
    """

    row_id: str
    product_id: str
    quantity: Decimal
    delivered: Decimal = ZERO
    ean: str | None = None
    description: str | None = None
    unit: str | None = None
    stocked: bool = True


@dataclass(frozen=True)
class Shipment:
    """What a supplier has to send for an order out of one catalogue. Each change makes the next version.

    `parcels` is empty as long as the supplier has said nothing of them; see `packing`. `reached` is how far a shipment
    in Error had come. `status_reason` is why it is in Error, or who cancelled it. `handling` are the codes of the
    additional services that its goods need. `lot` is what it was promised in.
    """

    shipment_id: UUID
    order_id: UUID
    order_external_id: str
    retailer_id: str
    supplier_id: str
    catalogue_id: str
    status: str
    status_at: datetime
    version: int
    created_at: datetime
    updated_at: datetime
    accept_by: datetime
    delivery: Delivery
    rows: tuple[Row, ...]
    contract_number: str | None = None
    handling: tuple[str, ...] = ()
    external_reference: str | None = None
    parcels: tuple[Parcel, ...] = ()
    status_reason: str | None = None
    reached: str | None = None
    events: tuple[Noted, ...] = ()
    lot: int = 1

    @property
    def closed(self) -> bool:
        """Whether nothing more comes from this shipment."""
        return self.status in FINAL


def packing(shipment: Shipment) -> tuple[Parcel, ...]:
    """The parcels of a shipment: unless the supplier made others, one with all rows.

    It is delivered as the order wants, and as its goods need on top of that.
    """
    delivery = shipment.delivery
    return shipment.parcels or (
        Parcel(
            parcel_id=FIRST_PARCEL,
            service_code=delivery.service_code,
            delivery_operator=delivery.delivery_operator,
            additional_services=with_handling(delivery.additional_services, shipment.handling),
            pickup_point_id=delivery.pickup_point_id,
            routing_service_code=delivery.routing_service_code,
            rows=tuple(Packed(row_id=row.row_id, product_id=row.product_id) for row in shipment.rows),
        ),
    )


def called_off(shipment: Shipment, because: str, at: datetime) -> Shipment:
    """The shipment once its order is not wanted any more: cancelled, unless it is closed already."""
    if shipment.closed:
        return shipment
    return replace(
        shipment,
        status=CANCELLED,
        status_at=at,
        status_reason=because,
        reached=None,
        updated_at=at,
        version=shipment.version + 1,
        parcels=emptied(shipment.parcels),
    )


def redirected(shipment: Shipment, delivery: Delivery, at: datetime) -> Shipment:
    """The shipment when its order is to be sent otherwise; the very same when it is closed or that is nothing new.

    A parcel that goes the way its order wanted goes the new one, whatever else its supplier has said of it; the way
    that the supplier chose itself stays, and so does that of a parcel which bears a carrier's code already.
    """
    if shipment.closed or shipment.delivery == delivery:
        return shipment
    parcels = tuple(_following(parcel, shipment, delivery) for parcel in shipment.parcels)
    return replace(shipment, delivery=delivery, parcels=parcels, updated_at=at, version=shipment.version + 1)


def _following(parcel: Parcel, shipment: Shipment, delivery: Delivery) -> Parcel:
    """A parcel sent as its order says now, as far as it was sent as the order said before."""
    if parcel.tracking_codes:
        return parcel
    before = shipment.delivery
    changes: dict[str, object] = {}
    if _way(parcel) == _way(before):
        changes = dict(zip(WAY, _way(delivery), strict=True))
        # The carrier's code for sorting belongs to the way.
        if parcel.routing_service_code == before.routing_service_code or _way(delivery) != _way(before):
            changes["routing_service_code"] = delivery.routing_service_code
    if parcel.additional_services == with_handling(before.additional_services, shipment.handling):
        changes["additional_services"] = with_handling(delivery.additional_services, shipment.handling)
    return parcel.model_copy(update=changes)


def _way(sent: Parcel | Delivery) -> tuple[str | None, ...]:
    return tuple(getattr(sent, name) for name in WAY)


def emptied(parcels: Iterable[Parcel]) -> tuple[Parcel, ...]:
    """The parcels of a shipment that is not sent: nothing of any row is in them."""
    nothing = {"delivered": ZERO}
    return tuple(
        parcel.model_copy(update={"rows": tuple(packed.model_copy(update=nothing) for packed in parcel.rows)})
        for parcel in parcels
    )


def shipment_changed(shipment: Shipment) -> ShipmentChanged:
    """The event that tells of a shipment as it is now."""
    codes = tracking_codes(shipment)
    return ShipmentChanged(
        shipment_id=shipment.shipment_id,
        order_id=shipment.order_id,
        order_external_id=shipment.order_external_id,
        retailer_id=shipment.retailer_id,
        supplier_id=shipment.supplier_id,
        catalogue_id=shipment.catalogue_id,
        status=shipment.status,
        closed=shipment.closed,
        changed_at=shipment.updated_at,
        version=shipment.version,
        lot=shipment.lot,
        shrunk=any((noted.type, noted.at) == (SHRUNK, shipment.updated_at) for noted in shipment.events[-1:]),
        rows=tuple(
            RowProgress(
                external_id=row.row_id,
                product_id=row.product_id,
                quantity=row.quantity,
                delivered=row.delivered,
                tracking_codes=codes[row.row_id, row.product_id],
                stocked=row.stocked,
            )
            for row in shipment.rows
        ),
        parcels=tuple(
            CodedParcel(parcel_id=parcel.parcel_id, tracking_codes=parcel.tracking_codes, own=parcel.own_tracking_codes)
            for parcel in shipment.parcels
            if parcel.tracking_codes and any(_is_carried(shipment, packed) for packed in parcel.rows)
        ),
    )


def tracking_codes(shipment: Shipment) -> dict[tuple[str, str], tuple[str, ...]]:
    """The codes of the parcels each row (row id, product) is in; a parcel that carries nothing of it does not count."""
    codes: dict[tuple[str, str], dict[str, None]] = {(row.row_id, row.product_id): {} for row in shipment.rows}
    # A parcel that the supplier has said nothing of has no codes.
    for parcel in shipment.parcels:
        followed = dict.fromkeys(parcel.tracking_codes)
        for packed in parcel.rows if followed else ():
            if _is_carried(shipment, packed):
                codes.setdefault((packed.row_id, packed.product_id), {}).update(followed)
    return {key: tuple(found) for key, found in codes.items()}


def _is_carried(shipment: Shipment, packed: Packed) -> bool:
    """Whether a parcel carries something of a row, or may do so: nobody has said yet how much."""
    return bool(packed.delivered) or (packed.delivered is None and not shipment.closed)
