"""A return: rows of a delivered shipment on their way back, to its supplier or to the shop."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from router.domain.shipment import ZERO
from shared.contracts import Part, Party, Quantity, ReturnChanged, ReturnRow, ReturnStatus

Reason = Literal[
    "ChangedMind",
    "DoesNotFit",
    "NotAsDescribed",
    "WrongProduct",
    "Damaged",
    "Defective",
    "Incomplete",
    "TooLate",
    "NotCollected",
    "Other",
]
"""Why something comes back, as whoever registers it says."""

Condition = Literal["Unopened", "Opened", "Used", "Damaged", "Incomplete", "Wrong"]
"""In which condition something came back, as its receiver found it. Wrong: it is not what was sent."""

GoesTo = Literal["RETAILER", "SUPPLIER"]
"""Whom a return is addressed to: whoever that is receives it."""

TO_SUPPLIER: GoesTo = "SUPPLIER"
TO_RETAILER: GoesTo = "RETAILER"

REGISTERED: ReturnStatus = "Registered"
RECEIVED: ReturnStatus = "Received"
CANCELLED: ReturnStatus = "Cancelled"
STATUSES: tuple[ReturnStatus, ...] = (REGISTERED, RECEIVED, CANCELLED)


class Finding(Part):
    """So many units of a row came back in one condition, and were put back on the supplier's shelf or not."""

    quantity: Quantity
    restocked: bool = False
    condition: Condition | None = None
    comment: str | None = None


class ReturnedRow(NamedTuple):
    """What of a shipment's row comes back. `findings` is what its receiver found of it, nothing until then."""

    row_id: str
    product_id: str
    quantity: Decimal
    reason: Reason
    comment: str | None = None
    findings: tuple[Finding, ...] = ()
    ean: str | None = None
    description: str | None = None
    unit: str | None = None

    @property
    def received(self) -> Decimal:
        """How much of it came."""
        return sum((found.quantity for found in self.findings), ZERO)

    @property
    def restocked(self) -> Decimal:
        """How much of it went back on the shelf."""
        return sum((found.quantity for found in self.findings if found.restocked), ZERO)


@dataclass(frozen=True)
class Return:
    """What comes back of a shipment in one parcel. Each change makes the next version, Received or Cancelled the last.

    `reference` and `comment` are those of `registered_by`, the organisation that registered it; `receipt_comment` is
    its receiver's, `status_reason` why it was cancelled. The codes are those of the parcel on its way back, from the
    number series `tracking_from`, None when somebody else gave them. `return_address` is where it goes, as far as
    anybody said.
    """

    return_id: UUID
    shipment_id: UUID
    order_id: UUID
    order_external_id: str
    retailer_id: str
    supplier_id: str
    catalogue_id: str
    registered_by: str
    status: ReturnStatus
    status_at: datetime
    version: int
    created_at: datetime
    updated_at: datetime
    rows: tuple[ReturnedRow, ...]
    reference: str | None = None
    comment: str | None = None
    status_reason: str | None = None
    receipt_comment: str | None = None
    return_address: Party | None = None
    delivery_operator: str | None = None
    service_code: str | None = None
    tracking_codes: tuple[str, ...] = ()
    tracking_from: str | None = None
    goes_to: GoesTo = TO_SUPPLIER

    @property
    def receiver_id(self) -> str:
        """Who receives it."""
        return self.retailer_id if self.goes_to == TO_RETAILER else self.supplier_id

    @property
    def complete(self) -> bool:
        """Whether all that was registered came."""
        return all(row.received == row.quantity for row in self.rows)


def return_changed(returned: Return, by: str) -> ReturnChanged:
    """The event that tells of a return as an organisation has left it."""
    return ReturnChanged(
        return_id=returned.return_id,
        shipment_id=returned.shipment_id,
        order_id=returned.order_id,
        order_external_id=returned.order_external_id,
        retailer_id=returned.retailer_id,
        supplier_id=returned.supplier_id,
        catalogue_id=returned.catalogue_id,
        status=returned.status,
        changed_at=returned.updated_at,
        version=returned.version,
        rows=tuple(
            ReturnRow(
                external_id=row.row_id,
                product_id=row.product_id,
                quantity=row.quantity,
                reason=row.reason,
                received=row.received,
                restocked=row.restocked,
            )
            for row in returned.rows
        ),
        changed_by=by,
    )
