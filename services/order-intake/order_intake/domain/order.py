"""An order of the book: its rows, and what of them went into which shipment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

ZERO = Decimal(0)

ACCEPTED, UNROUTABLE, ROUTED, VIEWED = "Accepted", "Unroutable", "Routed", "Viewed"
DELIVERED, CANCELLED = "Delivered", "Cancelled"
PROGRESS = (ACCEPTED, UNROUTABLE, ROUTED, "Submitted", VIEWED, "Picking", "Packing", "Shipping", DELIVERED)
"""How far a row has come, the earliest first (glue-api.md A.11). `Cancelled` is as far as `Delivered`: final."""

ERROR = "Error"
"""A supplier cannot go on with a shipment as it is. Whatever else is under way, that is what its order shows."""

RANK = {status: rank for rank, status in enumerate(PROGRESS)} | {CANCELLED: PROGRESS.index(DELIVERED), ERROR: -1}


@dataclass(frozen=True)
class Step:
    """A status, and since when."""

    value: str
    at: datetime


@dataclass(frozen=True)
class Part:
    """What of a row went into a shipment.

    `routed_at` is unknown until the routing is heard, `version` 0 until the shipment is.
    """

    shipment_id: UUID
    catalogue_id: str
    quantity: Decimal
    delivered: Decimal = ZERO
    status: str = "Created"
    closed: bool = False
    version: int = 0
    routed_at: datetime | None = None
    changed_at: datetime | None = None
    tracking_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A row of an order. `history` is what came after Accepted.

    `quantity` is what this order asks for: what the document says, less `delivered_before`, which an earlier order
    with the same number has delivered already. `reserved`, `waiting` and `unserved` are the newest routing's: promised
    to an order that is held, promised and not in stock yet, not promised at all.
    """

    external_id: str
    quantity: Decimal
    reserved: Decimal = ZERO
    waiting: Decimal = ZERO
    unserved: Decimal = ZERO
    delivered: Decimal = ZERO
    cancelled: Decimal = ZERO
    delivered_before: Decimal = ZERO
    reason: str | None = None
    status: str = ACCEPTED
    history: tuple[Step, ...] = ()
    parts: Mapping[UUID, Part] = field(default_factory=dict)

    @property
    def delivered_in_all(self) -> Decimal:
        """What suppliers have delivered of it, also before it was placed anew."""
        return self.delivered_before + self.delivered


@dataclass(frozen=True)
class Order:
    """An order of the book. `round` is the newest routing that was heard of, 0 for none.

    `cancelled`: the retailer wants nothing more of it. `held`: it waits for its release. `version` counts what was said
    of it since it was placed. `catalogues` are those its rows ask for or went to, in alphabetical order.
    """

    id: UUID
    retailer_id: str
    rows: Mapping[str, Row]
    round: int = 0
    status: str = ACCEPTED
    history: tuple[Step, ...] = ()
    cancelled: bool = False
    held: bool = False
    version: int = 0
    catalogues: tuple[str, ...] = ()


def order_status(statuses: Iterable[str]) -> str:
    """An order is as far as the row that is earliest; an ended one is Cancelled when nothing at all was delivered.

    A routed order is called `orderRouted` (glue-api.md A.11).
    """
    earliest = min(statuses, key=lambda status: (RANK[status], status == CANCELLED))
    return "orderRouted" if earliest == ROUTED else earliest


def to_be_routed(row: Row) -> Decimal:
    """What is in no shipment, was not delivered by one that has ended, and will still be sent if it can be."""
    return max(ZERO, row.quantity - row.delivered - coming(row.parts.values()) - row.cancelled)


def coming(parts: Iterable[Part]) -> Decimal:
    """What open shipments are still to deliver."""
    return sum((part.quantity - part.delivered for part in parts if not part.closed), ZERO)
