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

    `routed_at` is unknown until a routing is heard, `version` 0 until the shipment is. `told` is what the newest
    routing tells of it, none at all when it does not name it, None as long as none was heard since the shipment was.
    """

    shipment_id: UUID
    catalogue_id: str
    quantity: Decimal
    told: Decimal | None = None
    delivered: Decimal = ZERO
    status: str = "Created"
    closed: bool = False
    version: int = 0
    routed_at: datetime | None = None
    changed_at: datetime | None = None
    tracking_codes: tuple[str, ...] = ()

    @property
    def promised(self) -> Decimal:
        """What has come of it or is to come. A shipment never grows: the less of what it and a routing say is newer."""
        if self.closed:
            return self.delivered
        return max(self.delivered, self.quantity if self.told is None else min(self.quantity, self.told))


@dataclass(frozen=True)
class Returned:
    """So much of a row comes back with a return, and so much of that was received once it is Received."""

    return_id: UUID
    status: str
    quantity: Decimal
    received: Decimal = ZERO


@dataclass(frozen=True)
class Row:
    """A row of an order. `history` is what came after Accepted.

    `quantity` is what this order asks for: what the document says, less what of an earlier order with the same number
    was delivered (`delivered_before`) or cancelled by its retailer (`cancelled_before`). `reserved`, `waiting`,
    `rerouting`, `unserved` and `cancelled` are the newest routing's: promised to an order that is held, promised and
    not in stock yet, asked for again, not promised at all, not coming any more. `returns`, and `sent_before`, the
    shipments that delivered something of it before it was placed anew, are known where the row is to be shown: nothing
    is decided by them.
    """

    external_id: str
    quantity: Decimal
    reserved: Decimal = ZERO
    waiting: Decimal = ZERO
    rerouting: Decimal = ZERO
    unserved: Decimal = ZERO
    delivered: Decimal = ZERO
    cancelled: Decimal = ZERO
    delivered_before: Decimal = ZERO
    cancelled_before: Decimal = ZERO
    reason: str | None = None
    status: str = ACCEPTED
    history: tuple[Step, ...] = ()
    parts: Mapping[UUID, Part] = field(default_factory=dict)
    returns: tuple[Returned, ...] = ()
    sent_before: tuple[UUID, ...] = ()

    @property
    def delivered_in_all(self) -> Decimal:
        """What suppliers have delivered of it, also before it was placed anew."""
        return self.delivered_before + self.delivered

    @property
    def cancelled_in_all(self) -> Decimal:
        """What is not coming of it, also what was cancelled before it was placed anew."""
        return self.cancelled_before + self.cancelled

    @property
    def returning(self) -> Decimal:
        """What of it is on its way back."""
        return sum((one.quantity for one in self.returns if one.status == "Registered"), ZERO)

    @property
    def returned(self) -> Decimal:
        """What of it has come back."""
        return sum((one.received for one in self.returns), ZERO)


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
    return max(ZERO, row.quantity - promised(row.parts.values()) - row.cancelled)


def promised(parts: Iterable[Part]) -> Decimal:
    """What shipments have delivered or are still to deliver."""
    return sum((part.promised for part in parts), ZERO)
