"""A shipment as its supplier works on it: rows of an order from one catalogue, packed into parcels."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from shared.contracts import AdditionalService, Delivery, Part, Quantity, RowProgress, ShipmentChanged

PROGRESS = ("Created", "Submitted", "Viewed", "Picking", "Packing", "Shipping", "Delivered")
"""The way of a shipment, always forward (glue-api.md A.11)."""

CANCELLED, DELIVERED = "Cancelled", "Delivered"
FINAL = frozenset({CANCELLED, DELIVERED})
FIRST_PARCEL = "1"

ZERO = Decimal(0)


class Packed(Part):
    """A row in a parcel; `delivered` is None unless the supplier has said how much of it the parcel carries.

    Of a closed shipment, None is nothing: the row's quantity is in another parcel, or is not coming.
    """

    row_id: str
    product_id: str
    delivered: Quantity | None = None


class Parcel(Part):
    """A parcel of a shipment, with the carrier's service and the codes it is followed by."""

    parcel_id: str
    package_type: str = "PC"
    service_code: str | None = None
    delivery_operator: str | None = None
    additional_services: tuple[AdditionalService, ...] = ()
    pickup_point_id: str | None = None
    routing_service_code: str | None = None
    ready: bool = False
    tracking_codes: tuple[str, ...] = ()
    rows: tuple[Packed, ...] = ()


@dataclass(frozen=True)
class Row:
    """A row of the order as far as it is in this shipment; `delivered` counts once the shipment is closed."""

    row_id: str
    product_id: str
    quantity: Decimal
    delivered: Decimal = ZERO
    ean: str | None = None
    description: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Shipment:
    """What a supplier has to send for an order out of one catalogue. Each change makes the next version.

    `parcels` is empty as long as the supplier has said nothing of them; see `packing`.
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
    external_reference: str | None = None
    parcels: tuple[Parcel, ...] = ()

    @property
    def closed(self) -> bool:
        """Whether nothing more comes from this shipment."""
        return self.status in FINAL


def packing(shipment: Shipment) -> tuple[Parcel, ...]:
    """The parcels of a shipment: unless the supplier made others, one with all rows, delivered as the order wants."""
    delivery = shipment.delivery
    return shipment.parcels or (
        Parcel(
            parcel_id=FIRST_PARCEL,
            service_code=delivery.service_code,
            delivery_operator=delivery.delivery_operator,
            additional_services=delivery.additional_services,
            pickup_point_id=delivery.pickup_point_id,
            routing_service_code=delivery.routing_service_code,
            rows=tuple(Packed(row_id=row.row_id, product_id=row.product_id) for row in shipment.rows),
        ),
    )


def shipment_changed(shipment: Shipment) -> ShipmentChanged:
    """The event that tells of a shipment as it is now."""
    codes = tracking_codes(shipment)
    return ShipmentChanged(
        shipment_id=shipment.shipment_id,
        order_id=shipment.order_id,
        retailer_id=shipment.retailer_id,
        supplier_id=shipment.supplier_id,
        catalogue_id=shipment.catalogue_id,
        status=shipment.status,
        closed=shipment.closed,
        changed_at=shipment.updated_at,
        version=shipment.version,
        rows=tuple(
            RowProgress(
                external_id=row.row_id,
                product_id=row.product_id,
                quantity=row.quantity,
                delivered=row.delivered,
                tracking_codes=codes[row.row_id, row.product_id],
            )
            for row in shipment.rows
        ),
    )


def tracking_codes(shipment: Shipment) -> dict[tuple[str, str], tuple[str, ...]]:
    """The codes of the parcels each row (row id, product) is in; a parcel that carries nothing of it does not count."""
    codes: dict[tuple[str, str], dict[str, None]] = {(row.row_id, row.product_id): {} for row in shipment.rows}
    for parcel in packing(shipment):
        followed = dict.fromkeys(parcel.tracking_codes)
        for packed in parcel.rows if followed else ():
            if packed.delivered or (packed.delivered is None and not shipment.closed):
                codes.setdefault((packed.row_id, packed.product_id), {}).update(followed)
    return {key: tuple(found) for key, found in codes.items()}
