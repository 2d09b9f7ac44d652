"""What comes back of shipments."""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Part, Quantity

ReturnStatus = Literal["Registered", "Received", "Cancelled"]


class ReturnRow(Part):
    """What of a shipment's row comes back, and why. restocked <= received <= quantity.

    `received` is what the supplier found in the parcel once the return is Received, `restocked` what of that went back
    on its shelf. The rest is not coming with this return.
    """

    external_id: str
    product_id: str
    quantity: Quantity
    reason: str
    received: Quantity = Decimal(0)
    restocked: Quantity = Decimal(0)


class ReturnChanged(Event):
    """A return was registered, received or cancelled; the whole of it as it is now. The highest version wins.

    Received and Cancelled are final. `changed_by` is the organisation that did it; a router that did not say left it
    out.
    """

    topic: ClassVar[str] = "router.return-changed.v1"

    return_id: UUID
    shipment_id: UUID
    order_id: UUID
    order_external_id: str
    retailer_id: str
    supplier_id: str
    catalogue_id: str
    status: ReturnStatus
    changed_at: datetime
    version: int
    rows: tuple[ReturnRow, ...]
    changed_by: str | None = None

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)
