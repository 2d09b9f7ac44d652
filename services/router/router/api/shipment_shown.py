"""What the parts of an answered shipment mean, for the description of the interface; `shipment_answer` writes them."""

from pydantic import Field

from shared import wire


class ReferenceShown(wire.WireModel):
    """The retailer's own number for the order."""

    name: str = Field(description="`PO` for a purchase order, `SO` for a sales order", examples=["PO"])
    value: str = Field(description="The number", examples=["111222333"])


class PartyShown(wire.WireModel):
    """A name and an address."""

    external_id: str | None = Field(default=None, description="The party's number with the retailer")
    name: str | None = Field(default=None, description="Who it is", examples=["Maija Meikäläinen"])
    street_address: str | None = Field(default=None, description="Street and number", examples=["Kotikatu 1"])
    postal_code: str | None = Field(default=None, description="Postal code", examples=["00100"])
    post_office: str | None = Field(default=None, description="Town", examples=["Helsinki"])
    country: str | None = Field(default=None, description="Country, in two letters", examples=["FI"])
    telephone: str | None = Field(default=None, description="Telephone", examples=["+358501234567"])
    email: str | None = Field(default=None, description="E-mail address", examples=["maija@example.com"])


class AttributeShown(wire.WireModel):
    """A named detail of an additional service."""

    name: str = Field(description="Which detail", examples=["CashOnDelivery"])
    value: str = Field(description="What it is")


class AdditionalServiceShown(wire.WireModel):
    """An additional service of the carrier."""

    service_code: str = Field(description="The carrier's code of it", examples=["3104"])
    telephone: str | None = Field(default=None, description="Whom the carrier tells, by telephone")
    email: str | None = Field(default=None, description="Whom the carrier tells, by e-mail")
    attributes: tuple[AttributeShown, ...] = Field(default=(), description="Further details")


class CommentShown(wire.WireModel):
    """A note of the retailer."""

    type: str = Field(description="Who is meant to read it", examples=["pickingNote"])
    value: str = Field(description="The note", examples=["Ring the bell"])
    name: str | None = Field(default=None, description="A heading")


class Metadata(wire.WireModel):
    """Who the shipment is for, and when it was made and last changed."""

    source_organization: str = Field(description="Business id of the retailer who ordered", examples=["1531864-4"])
    document_type: str = Field(description="What kind of order it comes from", examples=["SalesOrder"])
    insert_date: wire.Moment = Field(description="When it was made", examples=["2026-01-02T08:00:01.000Z"])
    update_date: wire.Moment = Field(description="When it last changed", examples=["2026-01-02T09:30:00.000Z"])


class StatusShown(wire.WireModel):
    """How far it is, and since when."""

    value: str = Field(description="The status; `Delivered` and `Cancelled` are the last", examples=["Created"])
    timestamp: wire.Moment = Field(description="Since when", examples=["2026-01-02T08:00:01.000Z"])
    reason: str | None = Field(
        default=None,
        description="Why, as far as somebody said: what the error is, or who cancelled",
        examples=["cancelled by the retailer"],
    )


class EventShown(wire.WireModel):
    """Something that was noted of the shipment on its way."""

    type: str = Field(
        description="What happened: a status, a word of the carrier's, or `Shrunk` when less is to be sent than before",
        examples=["InTransit"],
    )
    status: str | None = Field(default=None, description="The status it gave the shipment, if any")
    timestamp: wire.Moment = Field(description="When it happened", examples=["2026-01-02T12:00:00.000Z"])
    comment: str | None = Field(default=None, description="More about it, for people")
    location: str | None = Field(default=None, description="Where it happened", examples=["Tampere"])
    parcel_id: str | None = Field(default=None, description="The parcel it is about; without it, all", examples=["1"])


class RowShown(wire.WireModel):
    """A row of the order as far as it is in this shipment."""

    external_id: str = Field(description="The row's id in the order", examples=["1"])
    item_id: str = Field(description="The supplier's product id", examples=["0109357-9-5002"])
    product_ean_code: str | None = Field(
        default=None, alias="productEANCode", description="EAN of the product", examples=["6419835068484"]
    )
    external_warehouse_id: str = Field(description="The catalogue it is sent from", examples=["01093579"])
    quantity: wire.Number = Field(description="How much is to be sent; it may shrink", examples=[5])
    delivered_quantity: wire.Number = Field(description="How much was delivered; 0 until it is", examples=[0])
    product_description: str | None = Field(
        default=None, description="What the delivery note calls it", examples=["Fishing boots"]
    )
    product_unit_of_measure: str | None = Field(default=None, description="What is counted", examples=["KPL"])
    tracking_codes: tuple[str, ...] = Field(default=(), description="Codes of the parcels with some of it")


class ParcelRowShown(wire.WireModel):
    """A row in a parcel: what was ordered of it, and how much this parcel carries once that is known."""

    external_id: str = Field(description="The row's id in the order", examples=["1"])
    item_id: str = Field(description="The supplier's product id", examples=["0109357-9-5002"])
    external_warehouse_id: str = Field(description="The catalogue it is sent from", examples=["01093579"])
    quantity: wire.Number = Field(description="How much the shipment has of it in all parcels together", examples=[5])
    delivered_quantity: wire.Number | None = Field(
        default=None, description="This parcel's share; left out until it is said", examples=[2]
    )


class DocumentShown(wire.WireModel):
    """A paper of a parcel that there is."""

    type: str = Field(description="`label` for the address label, `note` for the delivery note", examples=["label"])
    uri: str = Field(
        description="Where to get it, on the same host and with the same token",
        examples=["/ecommerce/v3/shipments/019b7d62-e400-8f5c-93ad-27c2f1a5d3b0/parcels/1/label"],
    )


class ParcelShown(wire.WireModel):
    """A parcel, with the carrier's service and the codes it is followed by."""

    parcel_id: str = Field(description="Its id within the shipment; the first is `1`", examples=["1"])
    package_type: str = Field(description="What it is packed in", examples=["PC"])
    service_code: str | None = Field(default=None, description="The carrier's service", examples=["2103"])
    delivery_operator: str | None = Field(default=None, description="Who carries it", examples=["Posti"])
    additional_services: tuple[AdditionalServiceShown, ...] = Field(
        default=(),
        description="Additional services: those of the order, and in a new shipment what its goods need besides, 3104"
        " for fragile and 3174 for oversized ones",
    )
    pickup_point_id: str | None = Field(default=None, description="Where it is picked up", examples=["001003200"])
    routing_service_code: str | None = Field(default=None, description="The carrier's routing code", examples=["3200"])
    ready: bool = Field(description="Whether it is packed", examples=[False])
    weight: wire.Number | None = Field(
        default=None, description="What it weighs in kilograms, if its supplier said so", examples=[2.5]
    )
    tracking_codes: tuple[str, ...] = Field(
        default=(), description="The codes it is followed by", examples=[["JJFI65432100000000224"]]
    )
    own_tracking_codes: bool | None = Field(
        default=None,
        description="Whether the supplier gave these codes, so that there is no address label; left out without codes",
        examples=[False],
    )
    tracking_links: tuple[str, ...] | None = Field(
        default=None,
        description="Where the carrier shows where it is, for each code; left out when no such address is known",
        examples=[["https://www.posti.fi/fi/seuranta#/lahetys/JJFI65432100000000224"]],
    )
    documents: tuple[DocumentShown, ...] = Field(
        default=(),
        description="Its papers, as far as there are any: the note of what is sent, and the label once Sluice has given"
        " it a tracking code",
    )
    rows: tuple[ParcelRowShown, ...] = Field(default=(), description="What is in it")


class Consignment(wire.WireModel):
    """What is to be sent, from whom and to whom."""

    reference: str = Field(description="The order's number, as its shop gave it", examples=["BAR1"])
    contract_number: str | None = Field(
        default=None, description="The contract on which the carrier bills", examples=["612345"]
    )
    order_date: wire.Moment = Field(description="When it was ordered", examples=["2026-01-02T08:00:00.000Z"])
    requested_ship_date: wire.Moment | None = Field(default=None, description="When it should leave")
    requested_delivery_date: wire.Moment | None = Field(default=None, description="When it should arrive")
    vendor: PartyShown | None = Field(default=None, description="The shop, as the delivery note names it")
    sender: PartyShown | None = Field(default=None, description="The sender on the label")
    client: PartyShown | None = Field(default=None, description="Who bought it")
    delivery_address: PartyShown = Field(description="Where it goes")
    delivery_operator: str | None = Field(default=None, description="The carrier that was asked for")
    comments: tuple[CommentShown, ...] = Field(default=(), description="The retailer's notes")
    rows: tuple[RowShown, ...] = Field(description="What is to be sent")
    parcels: tuple[ParcelShown, ...] = Field(
        description="What it is packed into: one parcel with all of it, unless the supplier says otherwise"
    )


class ShipmentShown(wire.WireModel):
    """What one supplier sends of an order out of one catalogue."""

    shipment_id: str = Field(
        description="The shipment's id, made by Sluice", examples=["019b7d62-e400-8f5c-93ad-27c2f1a5d3b0"]
    )
    external_id: str | None = Field(
        default=None, description="The supplier's own reference, shown to the supplier alone", examples=["S-1001"]
    )
    client_id: str = Field(description="Business id of the supplier", examples=["0109357-9"])
    metadata: Metadata = Field(description="Who it is for, and when it changed")
    references: tuple[ReferenceShown, ...] = Field(default=(), description="The retailer's numbers for the order")
    created_date: wire.Moment = Field(description="When it was made", examples=["2026-01-02T08:00:01.000Z"])
    accept_by: wire.Moment = Field(
        description="Until when its supplier should have opened it", examples=["2026-01-03T08:00:01.000Z"]
    )
    status: StatusShown = Field(description="How far it is")
    events: tuple[EventShown, ...] = Field(default=(), description="What was noted of it, in the order it was told")
    consignment: Consignment = Field(description="What is sent, from whom and to whom")
