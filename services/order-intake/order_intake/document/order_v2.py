"""The order document of version 2."""

from pydantic import Field

from order_intake.document.order import Metadata, OrderDocument
from order_intake.document.parties import PostalAddress
from order_intake.document.texts import Line, OrderNumber


class MetadataV2(Metadata):
    """From whom and to whom the order goes. With a PO only the receiver named here may serve it."""

    source_organization: Line = Field(description="Who places the order", examples=["Webshop Oy"])
    receiver_organization: Line = Field(
        description="Who is to serve it: binding for an order with a PO", examples=["Supplier Oy"]
    )


class OrderV2(OrderDocument):
    """An order of version 2. Fields not named here are kept and given back, and mean nothing."""

    external_id: OrderNumber = Field(
        description="The retailer's number of the order; unique, printed as a barcode", examples=["BAR1"]
    )
    metadata: MetadataV2 = Field(description="What kind of order it is, and from whom to whom")
    vendor: PostalAddress | None = Field(default=None, description="The retailer as shown on the delivery note")
    sender: PostalAddress | None = Field(default=None, description="The sender as shown on the address label")
