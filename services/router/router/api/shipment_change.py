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


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


NotGiven = BeforeValidator(_none_if_blank)
"""Blank means that nothing is said, as `null` does."""

Identifier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PLAIN)]
PlainText = Annotated[Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)] | None, NotGiven]
LongText = Annotated[Annotated[str, StringConstraints(max_length=1_000, pattern=r"^[^\x00]*$")] | None, NotGiven]
Flag = Annotated[bool | None, NotGiven]
Quantity = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]


class StatusGiven(wire.WireModel):
    """The status a shipment is to have."""

    value: Identifier = Field(
        description=f"One of {', '.join(domain.STATUSES[1:])}; the one it has already changes nothing",
        examples=["Viewed"],
    )
    reason: LongText = Field(default=None, description="Why, above all of an `Error`", examples=["Label unreadable"])


class AttributeGiven(wire.WireModel):
    """A named detail of an additional service."""

    name: Identifier = Field(description="Which detail", examples=["CashOnDelivery"])
    value: Annotated[str, Field(max_length=200, pattern=PLAIN)] = Field(description="What it is")


class AdditionalServiceGiven(wire.WireModel):
    """An additional service of the carrier."""

    service_code: Identifier = Field(description="The carrier's code of it", examples=["3104"])
    telephone: PlainText = Field(default=None, description="Whom the carrier tells, by telephone")
    email: PlainText = Field(default=None, description="Whom the carrier tells, by e-mail")
    attributes: Annotated[tuple[AttributeGiven, ...], Field(max_length=50, fail_fast=True)] = Field(
        default=(), description="Further details"
    )


class ParcelRowGiven(wire.WireModel):
    """How much of a row is in a parcel. A row that is listed without any is not in it."""

    external_id: PlainText = Field(
        default=None, description="The order row's id; needed when rows share a product", examples=["1"]
    )
    item_id: PlainText = Field(default=None, description="The supplier's product id", examples=["0109357-9-5002"])
    external_warehouse_id: PlainText = Field(
        default=None, description="The shipment's catalogue, if it is given at all", examples=["01093579"]
    )
    quantity: Annotated[Quantity | None, NotGiven] = Field(
        default=None, description="What was ordered, once more; it is not read", examples=[5]
    )
    delivered_quantity: Annotated[Quantity | None, NotGiven] = Field(
        default=None, description="This parcel's share of the row", examples=[2]
    )


class ParcelGiven(wire.WireModel):
    """A parcel: a new one when its id is new, else a change of the one with that id.

    What a new parcel does not say it takes over from the first.
    """

    parcel_id: Identifier = Field(description="Its id within the shipment; Sluice made `1`", examples=["2"])
    package_type: PlainText = Field(default=None, description="What it is packed in", examples=["PC"])
    service_code: PlainText = Field(default=None, description="The carrier's service", examples=["2103"])
    delivery_operator: PlainText = Field(default=None, description="Who carries it", examples=["Posti"])
    additional_services: Annotated[tuple[AdditionalServiceGiven, ...], Field(max_length=50, fail_fast=True)] | None = (
        Field(
            default=None,
            validation_alias=AliasChoices("additionalServices", "addtionalServices"),
            description="Additional services, in place of those it had",
        )
    )
    pickup_point_id: PlainText = Field(default=None, description="Where it is picked up", examples=["002303200"])
    routing_service_code: PlainText = Field(default=None, description="The carrier's routing code", examples=["3200"])
    ready: Flag = Field(default=None, description="Whether it is packed", examples=[True])
    weight: Annotated[Quantity | None, NotGiven] = Field(
        default=None, description="What it weighs, in kilograms; printed on its papers", examples=[2.5]
    )
    tracking_codes: Annotated[tuple[Identifier, ...], Field(max_length=100, fail_fast=True)] | None = Field(
        default=None,
        description="Codes of a carrier of one's own; without any, a confirmed parcel gets Sluice's if there are some",
        examples=[["JJFI65432100000000224"]],
    )
    rows: Annotated[tuple[ParcelRowGiven, ...], Field(max_length=domain.MOST_PACKED, fail_fast=True)] | None = Field(
        default=None, description="What is in it, in place of what was"
    )


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

    status: StatusGiven | None = Field(default=None, description="How far it is now")
    external_id: PlainText = Field(
        default=None, description="The supplier's own reference; the retailer does not see it", examples=["S-1001"]
    )
    consignment: ConsignmentGiven | None = Field(default=None, description="How it is packed, and what is delivered")


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
        reason=given.status.reason if given.status else None,
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
        weight=given.weight,
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
