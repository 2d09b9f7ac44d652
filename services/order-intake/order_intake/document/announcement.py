"""An order document as the other services hear of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from order_intake.document.order import OrderDocument
from order_intake.document.parties import Address
from order_intake.document.preferences import Preferences
from order_intake.document.row import RowDocument
from order_intake.document.services import AdditionalServiceDocument
from shared.contracts import (
    AdditionalService,
    Comment,
    Delivery,
    FreeText,
    OrderPlaced,
    OrderRow,
    Party,
    Reference,
    ServiceAttribute,
)

Value = TypeVar("Value")


def order_placed(order_id: UUID, retailer_id: str, document: OrderDocument, placed_at: datetime) -> OrderPlaced:
    """The event that an order is in the book."""
    preferences = document.preferences or Preferences()
    return OrderPlaced(
        order_id=order_id,
        retailer_id=retailer_id,
        external_id=document.external_id,
        placed_at=placed_at,
        receiver=document.metadata.receiver_organization,
        held=preferences.auto_submit is False,
        all_or_nothing=preferences.all_or_nothing,
        strategy=preferences.strategy,
        reservation_id=preferences.reservation_id,
        delivery=_delivery(document),
        rows=tuple(_row(row) for row in document.rows),
    )


def _delivery(document: OrderDocument) -> Delivery:
    rows = document.rows
    return Delivery(
        references=tuple(Reference(name=told.name, value=told.value) for told in document.references or ()),
        document_type=document.metadata.document_type,
        language=document.metadata.language,
        order_date=document.order_date,
        requested_ship_date=document.requested_ship_date,
        requested_delivery_date=document.requested_delivery_date,
        vendor=_party(document.vendor) if document.vendor else None,
        sender=_party(document.sender) if document.sender else None,
        client=_party(document.client),
        delivery_address=_party(document.delivery_address or document.recipient or document.client),
        delivery_operator=document.delivery_operator or _agreed(row.delivery_operator for row in rows),
        service_code=document.service_code or _agreed(row.service_code for row in rows),
        routing_service_code=document.routing_service_code or _agreed(row.routing_service_code for row in rows),
        pickup_point_id=document.pickup_point_id,
        additional_services=_services(
            document.additional_services or _agreed(row.additional_services for row in rows) or ()
        ),
        comments=tuple(
            Comment(type=comment.type, value=comment.value, name=comment.name) for comment in document.comments or ()
        ),
        free_texts=tuple(
            FreeText(name=text.name, value=text.value)
            for printed in document.print or ()
            for text in printed.free_text or ()
            if text.value
        ),
    )


def _agreed(values: Iterable[Value | None]) -> Value | None:
    """What all rows ask for alike holds for the order; what they ask for differently is nobody's."""
    first, *others = values
    return first if all(other == first for other in others) else None


def _party(address: Address) -> Party:
    return Party(
        external_id=address.external_id,
        name=address.name,
        street_address=address.street_address,
        postal_code=address.postal_code,
        post_office=address.post_office,
        country=address.country,
        telephone=address.telephone,
        email=address.email,
    )


def _services(services: Sequence[AdditionalServiceDocument]) -> tuple[AdditionalService, ...]:
    return tuple(
        AdditionalService(
            service_code=service.service_code,
            telephone=service.telephone,
            email=service.email,
            attributes=tuple(
                ServiceAttribute(name=attribute.name, value=attribute.value) for attribute in service.attributes or ()
            ),
        )
        for service in services
    )


def _row(row: RowDocument) -> OrderRow:
    return OrderRow(
        external_id=row.external_id,
        product_id=row.external_product_id,
        ean=row.product_ean_code,
        description=row.product_description,
        unit=row.product_unit_of_measure,
        quantity=row.quantity,
        catalogue_id=row.external_warehouse_id,
        back_order=bool(row.back_order) and not row.back_order_cancelled,
        mandatory=bool(row.mandatory),
        partial_delivery_allowed=row.partial_delivery_allowed is not False,
        parent=row.parent_row_reference,
        product_type=row.product_type,
    )
