"""What an order document is in every version of the interface."""

from typing import Literal

from pydantic import AliasChoices, Field

from order_intake.document.parties import Address, DeliveryAddress, PostalAddress
from order_intake.document.preferences import Preferences
from order_intake.document.row import RowDocument
from order_intake.document.services import AdditionalServiceDocument, CommentDocument, PrintDocument
from order_intake.document.texts import (
    Day,
    DocumentPart,
    Few,
    Figure,
    Line24,
    Line100,
    OptionalCode,
    OptionalCurrency,
    OptionalLanguage,
    OptionalLine,
    OptionalLine40,
    OptionalMoment,
)
from order_intake.document.texts import Line as LineOfText
from shared import wire


class ReferenceDocument(DocumentPart):
    """A number of the retailer's: PO between shop and supplier, SO between shop and consumer."""

    name: Literal["PO", "SO"] = Field(
        description="PO for a purchase of the shop, SO for a sale of the shop", examples=["SO"]
    )
    value: Line100 = Field(description="The number", examples=["SO-1"])


class WarehouseMetadata(DocumentPart):
    """What Posti's warehouse needs to know of an order."""

    source_organization_id: OptionalLine = Field(
        default=None, description="The retailer's number at the warehouse", examples=["1001"]
    )
    ship_node: Line24 = Field(description="The warehouse that sends", examples=["FI01"])
    bill_to_id: OptionalLine40 = Field(
        default=None, alias="billToID", description="The payer's number at the warehouse", examples=["2001"]
    )
    ship_to_id: OptionalLine40 = Field(
        default=None, description="The recipient's number at the warehouse", examples=["3001"]
    )


class Metadata(DocumentPart):
    """From whom and to whom the order goes. With a PO only the receiver named here may serve it."""

    source_organization: OptionalLine = Field(
        default=None, description="Who places the order; answered in any case", examples=["0109357-9"]
    )
    receiver_organization: OptionalLine = Field(
        default=None, description="Who is to serve it: binding for an order with a PO", examples=["9999999-2"]
    )
    language: OptionalLanguage = Field(
        default=None, description="Language of the papers, two letters of ISO 639-1", examples=["fi"]
    )
    external_user_id: OptionalLine = Field(
        default=None, description="The user who placed it, in the shop's own books", examples=["77"]
    )
    document_type: OptionalLine = Field(
        default=None,
        validation_alias=AliasChoices("documentType", "documentTyepe"),
        description="SalesOrder for a consumer's order, PurchaseOrder for one of the shop's own",
        examples=["SalesOrder"],
    )
    order_type: OptionalLine = Field(
        default=None, description="The shop's own kind of order; kept and given back", examples=["web"]
    )
    warehouse: WarehouseMetadata | None = Field(default=None, description="For Posti's warehouse only")


class Invoice(DocumentPart):
    """The invoice that goes with the order."""

    invoice_number: LineOfText = Field(description="The invoice's number", examples=["5001"])
    invoice_date: Day = Field(description="The day it was made out", examples=["2026-01-02"])
    invoice_currency: OptionalCurrency = Field(default=None, description="ISO 4217", examples=["EUR"])
    total_value: Figure = Field(description="Its sum, as it is printed", examples=["25.40"])


class OrderDocument(DocumentPart):
    """An order as a retailer posts it. Fields not named here are kept and given back, and mean nothing."""

    external_id: str
    references: Few[ReferenceDocument] | None = Field(
        default=None, description="The shop's own numbers for the order; left out, externalId serves as both"
    )
    order_date: wire.Moment = Field(
        description="When the customer ordered, in ISO 8601", examples=["2026-01-02T08:00:00.000+00:00"]
    )
    promised_delivery_date_time: OptionalMoment = Field(
        default=None, description="What the customer was promised", examples=["2026-01-09T12:00:00.000Z"]
    )
    requested_delivery_date: OptionalMoment = Field(
        default=None, description="When the customer wants it", examples=["2026-01-08T12:00:00.000Z"]
    )
    requested_ship_date: OptionalMoment = Field(
        default=None, description="When it is to be sent", examples=["2026-01-05T12:00:00.000Z"]
    )
    metadata: Metadata = Field(description="What kind of order it is, and from whom to whom")
    vendor: Address | None = Field(default=None, description="The retailer as shown on the delivery note")
    sender: Address | None = Field(default=None, description="The sender as shown on the address label")
    client: PostalAddress = Field(description="Who bought and pays")
    recipient: PostalAddress | None = Field(default=None, description="Who receives it. Left out: the client")
    delivery_address: DeliveryAddress | None = Field(
        default=None, description="Where the parcel goes. Left out: to the recipient's address"
    )
    currency: OptionalCurrency = Field(
        default=None,
        validation_alias=AliasChoices("currency", "currecy"),
        description="Of all prices, three letters of ISO 4217. Left out: EUR",
        examples=["EUR"],
    )
    payment_term: OptionalLine = Field(default=None, description="How it is paid", examples=["14 days net"])
    invoice: Invoice | None = Field(default=None, description="The invoice that goes with it")
    service_code: OptionalCode = Field(
        default=None, description="The carrier's service that is to be used", examples=["2103"]
    )
    delivery_terms: OptionalLine = Field(default=None, description="One of the Incoterms", examples=["DAP"])
    delivery_operator: OptionalLine = Field(
        default=None, description="Who makes the label and carries the parcel", examples=["Posti"]
    )
    additional_services: Few[AdditionalServiceDocument] | None = Field(
        default=None,
        validation_alias=AliasChoices("additionalServices", "addtionalServices"),
        description="What the carrier is to do besides",
    )
    routing_service_code: OptionalCode = Field(
        default=None, description="The carrier's code of the pick-up point's route", examples=["3200"]
    )
    pickup_point_id: OptionalLine = Field(
        default=None, description="The pick-up point, by the carrier's number", examples=["001003200"]
    )
    comments: Few[CommentDocument] | None = Field(default=None, description="Notes that go with the order")
    posti_customer_id: OptionalLine = Field(
        default=None, description="The customer's number at Posti", examples=["612345"]
    )
    print: Few[PrintDocument] | None = Field(default=None, description="How the papers are printed")
    preferences: Preferences | None = Field(default=None, description="How the order is to be handled")
    rows: tuple[RowDocument, ...] = Field(description="What is ordered: at least one row", fail_fast=True)
