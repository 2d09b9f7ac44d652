"""The order document of version 3."""

from typing import Literal

from pydantic import AliasChoices, Field

from order_intake.document.order import Metadata, OrderDocument
from order_intake.document.services import KnownComment
from order_intake.document.texts import Few, OptionalLine, OptionalNumber, OptionalOrderNumber


class MetadataOfAny(Metadata):
    """What kind of order it is, and from whom to whom."""

    client: OptionalLine = Field(
        default=None, description="The program that sends the order", examples=["woo-wh-client/3.2.0"]
    )


class MetadataV3(MetadataOfAny):
    """What kind of order it is, and from whom to whom."""

    document_type: Literal["SalesOrder", "PurchaseOrder"] = Field(
        validation_alias=AliasChoices("documentType", "documentTyepe"),
        description="SalesOrder for a consumer's order, PurchaseOrder for one of the shop's own",
        examples=["SalesOrder"],
    )


class OrderOfAny(OrderDocument):
    """An order of any version, as version 3 changes it: version 2 did not ask for the kind of document."""

    external_id: OptionalOrderNumber = Field(
        default="",
        description="The retailer's number of the order, unique among its orders: printable ASCII, as it becomes a"
        " barcode. Left out, or empty: one is made up and answered",
        examples=["BAR1"],
    )
    metadata: MetadataOfAny = Field(description="What kind of order it is, and from whom to whom")
    client_id: OptionalLine = Field(
        default=None, description="The retailer's business id; answered in any case", examples=["0109357-9"]
    )
    total_price: OptionalNumber = Field(
        default=None, description="What the customer pays, without tax", examples=[20.1]
    )
    total_tax: OptionalNumber = Field(default=None, description="The tax on it", examples=[5.3])
    total_whole_sale_price: OptionalNumber = Field(
        default=None, description="What the shop pays to its suppliers", examples=[25.4]
    )
    total_weight: OptionalNumber = Field(default=None, description="Kilograms", examples=[1.4])
    comments: Few[KnownComment] | None = Field(  # type: ignore[assignment] # nobody writes into a document
        default=None, description="Notes that go with the order"
    )


class OrderV3(OrderOfAny):
    """An order of version 3. Fields not named here are kept and given back, and mean nothing."""

    metadata: MetadataV3 = Field(description="What kind of order it is, and from whom to whom")
