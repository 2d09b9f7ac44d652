"""A row of the order document."""

from typing import Annotated

from pydantic import AliasChoices, Field

from order_intake.document.services import AdditionalServiceDocument, CommentDocument
from order_intake.document.texts import (
    DocumentPart,
    Few,
    Key,
    OptionalCode,
    OptionalFigure,
    OptionalFlag,
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

    product_tariff_code: OptionalLine = Field(default=None, description="Customs tariff number", examples=["6401"])
    price: OptionalFigure = Field(default=None, description="Price as it is printed", examples=["12.50"])
    vat_percentage: OptionalFigure = Field(default=None, description="Tax rate as it is printed", examples=["25.5"])
    tax_value: OptionalFigure = Field(default=None, description="Tax as it is printed", examples=["3.19"])
    tax_name: OptionalLine40 = Field(default=None, description="Name of the tax", examples=["ALV"])
    # The public document says at most 40 characters and shows an example of 41.
    customer_product_id: OptionalLine = Field(
        default=None, description="The product's number in the customer's books", examples=["BOOTS-42"]
    )
    invoice_reference_number: OptionalFigure = Field(
        default=None, description="Reference to be paid with", examples=["13"]
    )
    invoice_bic: OptionalLine = Field(
        default=None, alias="invoiceBIC", description="Bank to be paid to", examples=["NDEAFIHH"]
    )
    invoice_iban: OptionalLine = Field(
        default=None, alias="invoiceIBAN", description="Account to be paid to", examples=["FI2112345600000785"]
    )


class RowWarehouse(DocumentPart):
    """What Posti's warehouse needs to know of a row."""

    segment_type: OptionalLine10 = Field(default=None, description="Kind of segment", examples=["OWNER"])
    segment: OptionalLine100 = Field(default=None, description="Segment of the stock", examples=["1001"])


class RowDocument(DocumentPart):
    """A quantity of a product, named by the supplier's product id, by EAN, or by both."""

    external_id: Key = Field(description="The row's number, unique in its order", examples=["1"])
    external_product_id: OptionalKey = Field(
        default=None, description="The product, by its supplier's id. This or the EAN is required", examples=["BAR-1"]
    )
    product_ean_code: OptionalKey = Field(
        default=None,
        alias="productEANCode",
        description="The product, by its EAN; with a product id, both must be of one product",
        examples=["6419835068484"],
    )
    product_unit_of_measure: OptionalLine40 = Field(
        default=None, description="Unit of the quantity: KPL for pieces", examples=["KPL"]
    )
    product_category: OptionalLine = Field(default=None, description="The shop's own category", examples=["shoes"])
    product_description: OptionalProse = Field(
        default=None, description="What the delivery note calls it", examples=["Fishing boots"]
    )
    serial_no: Annotated[list[OptionalLine40], Field(fail_fast=True)] | None = Field(
        default=None, description="Serial numbers of the units", examples=[["SN-1"]]
    )
    lot_number: OptionalLine = Field(default=None, description="The lot the units are from", examples=["L-7"])
    print: RowPrint | None = Field(default=None, description="What is printed of the row")
    product_tariff_code: OptionalLine = Field(default=None, description="Customs tariff number", examples=["6401"])
    price: OptionalNumber = Field(default=None, description="Wholesale price of a unit, without VAT", examples=[12.5])
    vat_percentage: OptionalNumber = Field(default=None, description="Tax rate", examples=[25.5])
    external_warehouse_id: OptionalKey = Field(
        default=None,
        description="Route to this catalogue only. Left out: wherever the product is, by priority",
        examples=["01093579"],
    )
    back_order: OptionalFlag = Field(
        default=None, description="What is not in stock may wait for it. Left out: no", examples=[False]
    )
    back_order_cancelled: OptionalFlag = Field(
        default=None,
        description="True: the row does not wait for stock any more, and what waits is cancelled. Left out: no",
        examples=[False],
    )
    mandatory: OptionalFlag = Field(
        default=None, description="Without this row the order cannot be delivered. Left out: no", examples=[False]
    )
    cross_docking: OptionalFlag = Field(
        default=None, description="Goes through without being stored; kept and given back", examples=[False]
    )
    quantity: wire.Number = Field(
        gt=0, max_digits=18, decimal_places=6, description="How many units: more than nothing", examples=[3]
    )
    weight: OptionalMeasure = Field(default=None, description="Kilograms", examples=[1.4])
    volume: OptionalMeasure = Field(default=None, description="Cubic metres", examples=[0.01])
    parent_row_reference: OptionalKey = Field(
        default=None, description="Ships as a bundle with the row of this number", examples=["2"]
    )
    product_type: OptionalLine = Field(
        default=None, description="serviceProduct or costProduct for what needs no stock", examples=["serviceProduct"]
    )
    delivery_operator: OptionalLine = Field(
        default=None, description="Carrier of this row; counts when all rows have the same", examples=["Posti"]
    )
    package_type: OptionalLine = Field(default=None, description="Kind of package: PC for a parcel", examples=["PC"])
    service_code: OptionalCode = Field(
        default=None, description="Service for this row; counts when all rows have the same", examples=["2103"]
    )
    routing_service_code: OptionalCode = Field(
        default=None, description="Route for this row; counts when all rows have the same", examples=["3200"]
    )
    additional_services: Few[AdditionalServiceDocument] | None = Field(
        default=None,
        validation_alias=AliasChoices("additionalServices", "addtionalServices"),
        description="Services for this row; count when all rows have the same",
    )
    comments: Few[CommentDocument] | None = Field(default=None, description="Notes on the row")
    partial_delivery_allowed: OptionalFlag = Field(
        default=None,
        description="False: the row is served as a whole from one catalogue, or not at all. Left out: true",
        examples=[True],
    )
    warehouse: RowWarehouse | None = Field(default=None, description="For Posti's warehouse only")
