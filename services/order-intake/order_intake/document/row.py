"""A row of the order document."""

from typing import Annotated

from pydantic import AliasChoices, Field

from order_intake.document.services import AdditionalServiceDocument, CommentDocument
from order_intake.document.texts import (
    DocumentPart,
    Few,
    Key,
    OptionalFigure,
    OptionalKey,
    OptionalLine,
    OptionalLine10,
    OptionalLine40,
    OptionalLine100,
    OptionalMeasure,
    OptionalNumber,
    OptionalProse,
)
from shared import wire


class RowPrint(DocumentPart):
    """What is printed of a row. With any tax, its percentage, value and name are required."""

    product_tariff_code: OptionalLine = None
    price: OptionalFigure = None
    vat_percentage: OptionalFigure = None
    tax_value: OptionalFigure = None
    tax_name: OptionalLine40 = None
    # The public document says at most 40 characters and shows an example of 41.
    customer_product_id: OptionalLine = None
    invoice_reference_number: OptionalFigure = None
    invoice_bic: OptionalLine = Field(default=None, alias="invoiceBIC")
    invoice_iban: OptionalLine = Field(default=None, alias="invoiceIBAN")


class RowWarehouse(DocumentPart):
    """What Posti's warehouse needs to know of a row."""

    segment_type: OptionalLine10 = None
    segment: OptionalLine100 = None


class RowDocument(DocumentPart):
    """A quantity of a product, named by the supplier's product id, by EAN, or by both."""

    external_id: Key
    external_product_id: OptionalKey = None
    product_ean_code: OptionalKey = Field(default=None, alias="productEANCode")
    product_unit_of_measure: OptionalLine40 = None
    product_category: OptionalLine = None
    product_description: OptionalProse = None
    serial_no: Annotated[list[OptionalLine40], Field(fail_fast=True)] | None = None
    lot_number: OptionalLine = None
    print: RowPrint | None = None
    product_tariff_code: OptionalLine = None
    price: OptionalNumber = Field(default=None, description="Wholesale price of a unit, without VAT")
    vat_percentage: OptionalNumber = None
    external_warehouse_id: OptionalKey = Field(default=None, description="Route to this catalogue only")
    back_order: bool | None = Field(default=None, description="What is not in stock may wait for it")
    mandatory: bool | None = Field(default=None, description="Without this row the order cannot be delivered")
    cross_docking: bool | None = None
    quantity: wire.Number = Field(gt=0, max_digits=18, decimal_places=6)
    weight: OptionalMeasure = Field(default=None, description="Kilograms")
    volume: OptionalMeasure = Field(default=None, description="Cubic metres")
    parent_row_reference: OptionalKey = Field(default=None, description="Ships as a bundle with this row")
    product_type: OptionalLine = Field(
        default=None, description="serviceProduct or costProduct for what needs no stock"
    )
    delivery_operator: OptionalLine = None
    package_type: OptionalLine = None
    service_code: OptionalLine = None
    routing_service_code: OptionalLine = None
    additional_services: Few[AdditionalServiceDocument] | None = Field(
        default=None, validation_alias=AliasChoices("additionalServices", "addtionalServices")
    )
    comments: Few[CommentDocument] | None = None
    partial_delivery_allowed: bool | None = Field(default=None, description="Left out: allowed")
    warehouse: RowWarehouse | None = None
