"""What a supplier may say of a shipment: any part of it, as Glue's suppliers send it (glue-api.md A.9)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from router import domain
from shared import problems, wire
from shared.contracts import AdditionalService, ServiceAttribute
from shared.problems import FieldError

MOST_ERRORS = 100
"""So many errors of one change are told; the others are counted."""

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
    attributes: Annotated[tuple[AttributeGiven, ...], Field(max_length=50, fail_fast=True)] = ()


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
        fail_fast=True,
        validation_alias=AliasChoices("additionalServices", "addtionalServices"),
    )
    pickup_point_id: PlainText = None
    routing_service_code: PlainText = None
    ready: bool | None = None
    tracking_codes: Annotated[tuple[Identifier, ...], Field(max_length=100, fail_fast=True)] | None = None
    rows: Annotated[tuple[ParcelRowGiven, ...], Field(max_length=domain.MOST_PACKED, fail_fast=True)] | None = None


def _not_too_many(parcels: object) -> object:
    """Counted before they are read: what is wrong with a row takes far more room than a row."""
    if isinstance(parcels, list):
        if len(parcels) > domain.MOST_PARCELS:
            raise PydanticCustomError("too_long", f"has at most {domain.MOST_PARCELS} parcels, not {len(parcels)}")
        rows = sum(_rows_in(parcel) for parcel in parcels)
        if rows > domain.MOST_PACKED:
            raise PydanticCustomError("too_long", f"has at most {domain.MOST_PACKED} rows in all parcels, not {rows}")
    return parcels


def _rows_in(parcel: object) -> int:
    rows = parcel.get("rows") if isinstance(parcel, dict) else None
    return len(rows) if isinstance(rows, list) else 0


class ConsignmentGiven(wire.WireModel):
    """What is sent. Only the parcels are the supplier's to change."""

    parcels: Annotated[tuple[ParcelGiven, ...] | None, BeforeValidator(_not_too_many)] = Field(
        default=None,
        description=f"At most {domain.MOST_PARCELS}, with {domain.MOST_PACKED} rows in all of them together",
    )


class ShipmentGiven(wire.WireModel):
    """A shipment, or the part of it that changes. Whatever else is sent along is left as it is."""

    status: StatusGiven | None = None
    external_id: PlainText = Field(default=None, description="The supplier's own reference")
    consignment: ConsignmentGiven | None = None


def read(body: bytes) -> ShipmentGiven:
    """A change as it was sent. 400 with up to a hundred failing fields."""
    try:
        return ShipmentGiven.model_validate_json(body)
    except ValidationError as error:
        raise invalid(problems.field_errors(error)) from None


def invalid(wrong: Sequence[FieldError]) -> problems.Refused:
    """400 with the first hundred errors and the number of the others."""
    more = len(wrong) - MOST_ERRORS
    beyond = (FieldError("body", "more_errors", f"has {more} more errors"),) if more > 0 else ()
    return problems.invalid((*wrong[:MOST_ERRORS], *beyond))


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
