"""The order document."""

from typing import Literal

from pydantic import AliasChoices, Field

from order_intake.document.parties import Address, DeliveryAddress
from order_intake.document.row import RowDocument
from order_intake.document.services import AdditionalServiceDocument, CommentDocument, PrintDocument
from order_intake.document.texts import (
    Day,
    DocumentPart,
    Few,
    Figure,
    Line,
    Line24,
    Line100,
    OptionalCurrency,
    OptionalLanguage,
    OptionalLine,
    OptionalLine40,
    OptionalMoment,
    OrderNumber,
)
from shared import wire


class ReferenceDocument(DocumentPart):
    """A number of the retailer's: PO between shop and supplier, SO between shop and consumer."""

    name: Literal["PO", "SO"]
    value: Line100


class WarehouseMetadata(DocumentPart):
    """What Posti's warehouse needs to know of an order."""

    source_organization_id: OptionalLine = None
    ship_node: Line24
    bill_to_id: OptionalLine40 = Field(default=None, alias="billToID")
    ship_to_id: OptionalLine40 = None


class Metadata(DocumentPart):
    """From whom and to whom the order goes. With a PO only the receiver named here may serve it."""

    source_organization: Line
    receiver_organization: Line
    language: OptionalLanguage = None
    external_user_id: OptionalLine = None
    document_type: OptionalLine = Field(
        default=None,
        validation_alias=AliasChoices("documentType", "documentTyepe"),
        description="SalesOrder or PurchaseOrder",
    )
    order_type: OptionalLine = None
    warehouse: WarehouseMetadata | None = None


class Invoice(DocumentPart):
    """The invoice that goes with the order."""

    invoice_number: Line
    invoice_date: Day
    invoice_currency: OptionalCurrency = None
    total_value: Figure


class OrderDocument(DocumentPart):
    """An order as a retailer posts it. Fields not named here are kept and given back, and mean nothing."""

    external_id: OrderNumber = Field(description="The retailer's number of the order; unique, printed as a barcode")
    references: Few[ReferenceDocument] | None = None
    order_date: wire.Moment
    promised_delivery_date_time: OptionalMoment = None
    requested_delivery_date: OptionalMoment = None
    requested_ship_date: OptionalMoment = None
    metadata: Metadata
    vendor: Address | None = Field(default=None, description="The retailer as shown on the delivery note")
    sender: Address | None = Field(default=None, description="The sender as shown on the address label")
    client: Address = Field(description="Who bought and pays")
    recipient: Address | None = Field(default=None, description="Left out: the client")
    delivery_address: DeliveryAddress | None = Field(default=None, description="Left out: the recipient's address")
    currency: OptionalCurrency = Field(default=None, validation_alias=AliasChoices("currency", "currecy"))
    payment_term: OptionalLine = None
    invoice: Invoice | None = None
    service_code: OptionalLine = None
    delivery_terms: OptionalLine = None
    delivery_operator: OptionalLine = None
    additional_services: Few[AdditionalServiceDocument] | None = Field(
        default=None, validation_alias=AliasChoices("additionalServices", "addtionalServices")
    )
    routing_service_code: OptionalLine = None
    pickup_point_id: OptionalLine = None
    comments: Few[CommentDocument] | None = None
    posti_customer_id: OptionalLine = None
    print: Few[PrintDocument] | None = None
    rows: tuple[RowDocument, ...] = Field(description="At least one", fail_fast=True)
