"""An order as it leaves the order book."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.message import Event, Part, Quantity


class Reference(Part):
    """A retailer's own number for the order: `PO` between shop and supplier, `SO` between shop and consumer."""

    name: str
    value: str


class Party(Part):
    """A name and an address, as printed on labels and delivery notes. `country` is ISO 3166-1 alpha-2."""

    external_id: str | None = None
    name: str | None = None
    street_address: str | None = None
    postal_code: str | None = None
    post_office: str | None = None
    country: str | None = None
    telephone: str | None = None
    email: str | None = None


class ServiceAttribute(Part):
    """A named detail of an additional service, such as the telephone number of the notice of arrival."""

    name: str
    value: str


class AdditionalService(Part):
    """An additional service of the carrier, such as `3104` (fragile)."""

    service_code: str
    telephone: str | None = None
    email: str | None = None
    attributes: tuple[ServiceAttribute, ...] = ()


class Comment(Part):
    """A note of the retailer to whoever picks, packs or reads the delivery note."""

    type: str
    value: str
    name: str | None = None


class FreeText(Part):
    """A text of the retailer for the delivery note, with a heading if `name` says one."""

    name: str | None = None
    value: str


class Delivery(Part):
    """All that a shipment needs to know of its order apart from the rows; the router keeps it as it is.

    `delivery_address` is where the parcel goes: the order's delivery address, else its recipient, else its client.
    """

    references: tuple[Reference, ...] = ()
    document_type: str | None = None
    language: str | None = None
    order_date: datetime
    requested_ship_date: datetime | None = None
    requested_delivery_date: datetime | None = None
    vendor: Party | None = None
    sender: Party | None = None
    client: Party | None = None
    delivery_address: Party
    delivery_operator: str | None = None
    service_code: str | None = None
    routing_service_code: str | None = None
    pickup_point_id: str | None = None
    additional_services: tuple[AdditionalService, ...] = ()
    comments: tuple[Comment, ...] = ()
    free_texts: tuple[FreeText, ...] = ()


class OrderRow(Part):
    """A row asks for a quantity of a product, by the supplier's product id, by EAN, or by both.

    `catalogue_id` pins the row to that catalogue. `parent` is the `external_id` of another row of the order.
    """

    external_id: str
    product_id: str | None = None
    ean: str | None = None
    description: str | None = None
    unit: str | None = None
    quantity: Quantity
    catalogue_id: str | None = None
    back_order: bool = False
    mandatory: bool = False
    partial_delivery_allowed: bool = True
    parent: str | None = None
    product_type: str | None = None


class OrderPlaced(Event):
    """A retailer's order is in the order book. Said again, with the same content, when nobody answered.

    `held`: stock is promised, and no shipment made until an `OrderAmended` releases it. `replaces` is the earlier
    order with the same number that this one takes the place of: what that one holds and has not delivered is let go.
    `all_or_nothing` (any short row refuses the order) and `strategy` are the retailer's own settings when they are
    None. `reservation_id` names a hold that the order may take from.
    """

    topic: ClassVar[str] = "order-intake.order-placed.v1"

    order_id: UUID
    retailer_id: str
    external_id: str
    placed_at: datetime
    receiver: str | None = Field(default=None, description="metadata.receiverOrganization, binding when there is a PO")
    held: bool = False
    replaces: UUID | None = None
    all_or_nothing: bool | None = None
    strategy: str | None = None
    reservation_id: UUID | None = None
    delivery: Delivery
    rows: tuple[OrderRow, ...]

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)


class OrderAmended(Event):
    """A retailer changed its mind about an order that was placed. A whole snapshot: the highest version wins.

    `cancelled`: whatever is not delivered yet is not wanted any more, for good. `held` is as in `OrderPlaced`; once
    released, an order is not held again. `delivery` replaces the one it was placed with. The rows stay as they are,
    but those of `no_waiting` (by their `external_id`) take only what is in stock from now on: what waits is cancelled.
    `external_id` is the order's number, for people.
    """

    topic: ClassVar[str] = "order-intake.order-amended.v1"

    order_id: UUID
    retailer_id: str
    external_id: str | None = None
    amended_at: datetime
    version: int
    cancelled: bool = False
    held: bool = False
    no_waiting: tuple[str, ...] = ()
    delivery: Delivery

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)


class OrderForgotten(Event):
    """The order book has deleted an order that ended long ago: nobody need keep anything of it any more.

    The number it had is free: an order that comes under it is a new order with an id of its own.
    """

    topic: ClassVar[str] = "order-intake.order-forgotten.v1"

    order_id: UUID

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)
