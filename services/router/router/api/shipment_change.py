"""What a supplier may say of a shipment: any part of it, as Glue's suppliers send it (glue-api.md A.9)."""

from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, Field, StringConstraints

from router import domain
from shared import wire
from shared.contracts import AdditionalService, ServiceAttribute

PLAIN = r"^[^\x00-\x1f\x7f]*$"

Identifier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PLAIN)]
PlainText = Annotated[wire.Text, Field(default=None, max_length=200, pattern=PLAIN)]
Quantity = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]


class StatusGiven(wire.WireModel):
    """The status a shipment is to have."""

    value: Identifier


class AttributeGiven(wire.WireModel):
    """A named detail of an additional service."""

    name: Identifier
    value: Annotated[str, Field(max_length=200, pattern=PLAIN)]


class AdditionalServiceGiven(wire.WireModel):
    """An additional service of the carrier."""

    service_code: Identifier
    telephone: PlainText = None
    email: PlainText = None
    attributes: Annotated[tuple[AttributeGiven, ...], Field(max_length=50)] = ()


class ParcelRowGiven(wire.WireModel):
    """How much of a row is in a parcel. `quantity` repeats what was ordered and is not read."""

    external_id: PlainText = Field(default=None, description="The order row's id; needed when rows share a product")
    item_id: PlainText = Field(default=None, description="The supplier's product id")
    external_warehouse_id: PlainText = None
    quantity: Quantity | None = None
    delivered_quantity: Quantity | None = Field(default=None, description="This parcel's share of the row")


class ParcelGiven(wire.WireModel):
    """A parcel: a new one when its id is new, else a change of the one with that id."""

    parcel_id: Identifier
    package_type: PlainText = None
    service_code: PlainText = None
    delivery_operator: PlainText = None
    additional_services: tuple[AdditionalServiceGiven, ...] | None = Field(
        default=None,
        max_length=50,
        validation_alias=AliasChoices("additionalServices", "addtionalServices"),
    )
    pickup_point_id: PlainText = None
    routing_service_code: PlainText = None
    ready: bool | None = None
    tracking_codes: Annotated[tuple[Identifier, ...], Field(max_length=100)] | None = None
    rows: Annotated[tuple[ParcelRowGiven, ...], Field(max_length=10_000)] | None = None


class ConsignmentGiven(wire.WireModel):
    """What is sent. Only the parcels are the supplier's to change."""

    parcels: Annotated[tuple[ParcelGiven, ...], Field(max_length=500)] | None = None


class ShipmentGiven(wire.WireModel):
    """A shipment, or the part of it that changes. Whatever else is sent along is left as it is."""

    status: StatusGiven | None = None
    external_id: PlainText = Field(default=None, description="The supplier's own reference")
    consignment: ConsignmentGiven | None = None


def wanted(given: ShipmentGiven) -> domain.Change:
    """The change that is asked for."""
    parcels = (given.consignment.parcels if given.consignment else None) or ()
    return domain.Change(
        status=given.status.value if given.status else None,
        external_reference=given.external_id,
        parcels=tuple(_parcel(parcel) for parcel in parcels),
    )


def _parcel(given: ParcelGiven) -> domain.ParcelChange:
    return domain.ParcelChange(
        parcel_id=given.parcel_id,
        package_type=given.package_type,
        service_code=given.service_code,
        delivery_operator=given.delivery_operator,
        additional_services=None
        if given.additional_services is None
        else tuple(_additional_service(service) for service in given.additional_services),
        pickup_point_id=given.pickup_point_id,
        routing_service_code=given.routing_service_code,
        ready=given.ready,
        tracking_codes=given.tracking_codes,
        rows=None
        if given.rows is None
        else tuple(
            domain.PackedChange(row.external_id, row.item_id, row.external_warehouse_id, row.delivered_quantity)
            for row in given.rows
        ),
    )


def _additional_service(given: AdditionalServiceGiven) -> AdditionalService:
    return AdditionalService(
        service_code=given.service_code,
        telephone=given.telephone,
        email=given.email,
        attributes=tuple(ServiceAttribute(name=named.name, value=named.value) for named in given.attributes),
    )
