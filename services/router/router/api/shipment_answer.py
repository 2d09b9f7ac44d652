"""A shipment as it is answered (glue-api.md A.9): no prices, and no rows of other suppliers."""

from collections.abc import Mapping
from decimal import Decimal

from pydantic import Field

from router import domain
from router.domain import Parcel, Row, Shipment
from shared import wire
from shared.contracts import Party


class FromContract(wire.WireModel):
    """A part of the order that is shown as it was placed."""

    model_config = wire.WireModel.model_config | {"from_attributes": True}


class ReferenceShown(FromContract):
    """The retailer's own number for the order."""

    name: str
    value: str


class PartyShown(FromContract):
    """A name and an address."""

    external_id: str | None = None
    name: str | None = None
    street_address: str | None = None
    postal_code: str | None = None
    post_office: str | None = None
    country: str | None = None
    telephone: str | None = None
    email: str | None = None


class AttributeShown(FromContract):
    """A named detail of an additional service."""

    name: str
    value: str


class AdditionalServiceShown(FromContract):
    """An additional service of the carrier."""

    service_code: str
    telephone: str | None = None
    email: str | None = None
    attributes: tuple[AttributeShown, ...] = ()


class CommentShown(FromContract):
    """A note of the retailer."""

    type: str
    value: str
    name: str | None = None


class Metadata(wire.WireModel):
    """Who the shipment is for, and when it was made and last changed."""

    source_organization: str
    document_type: str
    insert_date: wire.Moment
    update_date: wire.Moment


class StatusShown(wire.WireModel):
    """How far it is, and since when."""

    value: str
    timestamp: wire.Moment


class RowShown(wire.WireModel):
    """A row of the order as far as it is in this shipment."""

    external_id: str
    item_id: str
    product_ean_code: str | None = Field(default=None, alias="productEANCode")
    external_warehouse_id: str
    quantity: wire.Number
    delivered_quantity: wire.Number
    product_description: str | None = None
    product_unit_of_measure: str | None = None
    tracking_codes: tuple[str, ...] = ()


class ParcelRowShown(wire.WireModel):
    """A row in a parcel: what was ordered of it, and how much this parcel carries once that is known."""

    external_id: str
    item_id: str
    external_warehouse_id: str
    quantity: wire.Number
    delivered_quantity: wire.Number | None = None


class ParcelShown(wire.WireModel):
    """A parcel, with the carrier's service and the codes it is followed by."""

    parcel_id: str
    package_type: str
    service_code: str | None = None
    delivery_operator: str | None = None
    additional_services: tuple[AdditionalServiceShown, ...] = ()
    pickup_point_id: str | None = None
    routing_service_code: str | None = None
    ready: bool
    tracking_codes: tuple[str, ...] = ()
    rows: tuple[ParcelRowShown, ...] = ()


class Consignment(wire.WireModel):
    """What is to be sent, from whom and to whom."""

    reference: str
    contract_number: str | None = None
    order_date: wire.Moment
    requested_ship_date: wire.Moment | None = None
    requested_delivery_date: wire.Moment | None = None
    vendor: PartyShown | None = None
    sender: PartyShown | None = None
    client: PartyShown | None = None
    delivery_address: PartyShown
    delivery_operator: str | None = None
    comments: tuple[CommentShown, ...] = ()
    rows: tuple[RowShown, ...]
    parcels: tuple[ParcelShown, ...]


class ShipmentShown(wire.WireModel):
    """A shipment. `acceptBy` is the moment until which its supplier should have opened it."""

    shipment_id: str
    external_id: str | None = None
    client_id: str
    metadata: Metadata
    references: tuple[ReferenceShown, ...] = ()
    created_date: wire.Moment
    accept_by: wire.Moment
    status: StatusShown
    consignment: Consignment


def shown(shipment: Shipment, organisation: str) -> ShipmentShown:
    """A shipment as an organisation may see it: the supplier's own reference is for the supplier alone."""
    delivery = shipment.delivery
    return ShipmentShown(
        shipment_id=str(shipment.shipment_id),
        external_id=shipment.external_reference if organisation == shipment.supplier_id else None,
        client_id=shipment.supplier_id,
        metadata=Metadata(
            source_organization=shipment.retailer_id,
            document_type=delivery.document_type or "SalesOrder",
            insert_date=shipment.created_at,
            update_date=shipment.updated_at,
        ),
        references=tuple(ReferenceShown.model_validate(reference) for reference in delivery.references),
        created_date=shipment.created_at,
        accept_by=shipment.accept_by,
        status=StatusShown(value=shipment.status, timestamp=shipment.status_at),
        consignment=_consignment(shipment),
    )


def _consignment(shipment: Shipment) -> Consignment:
    delivery = shipment.delivery
    codes = domain.tracking_codes(shipment)
    quantities = {(row.row_id, row.product_id): row.quantity for row in shipment.rows}
    return Consignment(
        reference=shipment.order_external_id,
        contract_number=shipment.contract_number,
        order_date=delivery.order_date,
        requested_ship_date=delivery.requested_ship_date,
        requested_delivery_date=delivery.requested_delivery_date,
        vendor=_party(delivery.vendor),
        sender=_party(delivery.sender),
        client=_party(delivery.client),
        delivery_address=PartyShown.model_validate(delivery.delivery_address),
        delivery_operator=delivery.delivery_operator,
        comments=tuple(CommentShown.model_validate(comment) for comment in delivery.comments),
        rows=tuple(_row(shipment, row, codes[row.row_id, row.product_id]) for row in shipment.rows),
        parcels=tuple(_parcel(shipment, parcel, quantities) for parcel in domain.packing(shipment)),
    )


def _party(party: Party | None) -> PartyShown | None:
    return None if party is None else PartyShown.model_validate(party)


def _row(shipment: Shipment, row: Row, codes: tuple[str, ...]) -> RowShown:
    return RowShown(
        external_id=row.row_id,
        item_id=row.product_id,
        product_ean_code=row.ean,
        external_warehouse_id=shipment.catalogue_id,
        quantity=row.quantity,
        delivered_quantity=row.delivered,
        product_description=row.description,
        product_unit_of_measure=row.unit,
        tracking_codes=codes,
    )


def _parcel(shipment: Shipment, parcel: Parcel, quantities: Mapping[tuple[str, str], Decimal]) -> ParcelShown:
    return ParcelShown(
        parcel_id=parcel.parcel_id,
        package_type=parcel.package_type,
        service_code=parcel.service_code,
        delivery_operator=parcel.delivery_operator,
        additional_services=tuple(
            AdditionalServiceShown.model_validate(service) for service in parcel.additional_services
        ),
        pickup_point_id=parcel.pickup_point_id,
        routing_service_code=parcel.routing_service_code,
        ready=parcel.ready,
        tracking_codes=parcel.tracking_codes,
        rows=tuple(
            ParcelRowShown(
                external_id=packed.row_id,
                item_id=packed.product_id,
                external_warehouse_id=shipment.catalogue_id,
                quantity=quantities[packed.row_id, packed.product_id],
                delivered_quantity=domain.ZERO if shipment.closed and packed.delivered is None else packed.delivered,
            )
            for packed in parcel.rows
        ),
    )
