"""What the router asks of inventory, and what inventory answers."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Command, Event, Part, Quantity


class Candidate(Part):
    """A balance that may serve a row: a product of a supplier in a catalogue of the order's retailer."""

    catalogue_id: str
    product_id: str


class RowDemand(Part):
    """What a row needs, and its candidates in the order in which they are to be asked."""

    external_id: str
    quantity: Quantity
    mandatory: bool = False
    partial_delivery_allowed: bool = True
    back_order: bool = False
    parent: str | None = None
    candidates: tuple[Candidate, ...]


class DeliveredPart(Part):
    """A quantity of an order's row that its supplier has delivered from a balance."""

    row_id: str
    catalogue_id: str
    product_id: str
    quantity: Quantity


class ReleaseOrder(Command):
    """Let go of all that was promised to an order and is not delivered. Harmless when it is said again.

    `delivered` is what stays: the router knows of deliveries first.
    """

    topic: ClassVar[str] = "inventory.release-order.v1"

    order_id: UUID
    retailer_id: str
    delivered: tuple[DeliveredPart, ...] = ()

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)


class AllocateOrder(Command):
    """Promise stock to an order. The same order and round is settled once, however often it is asked.

    `release` is an earlier order that this one takes the place of: it lets go before this one takes, in one
    transaction, so that nobody comes between them.
    """

    topic: ClassVar[str] = "inventory.allocate-order.v1"

    order_id: UUID
    round: int
    retailer_id: str
    placed_at: datetime
    release: ReleaseOrder | None = None
    rows: tuple[RowDemand, ...]

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)


class Taking(Part):
    """A quantity promised from a balance."""

    catalogue_id: str
    product_id: str
    quantity: Quantity


class Seen(Part):
    """A candidate as inventory saw it when its turn came: available quantity, allocated, live holds, safety stock.

    `quantity` already lacks what earlier rows of the same order took. `verdict` is `taken`, or the first rule that
    passed the candidate over.
    """

    catalogue_id: str
    product_id: str
    quantity: Quantity
    allocated: Quantity
    held: Quantity
    safety_stock: Quantity
    taken: Quantity
    verdict: str


class RowAllocated(Part):
    """What a row got: taken + waiting + short = its quantity."""

    external_id: str
    taken: tuple[Taking, ...] = ()
    waiting: tuple[Taking, ...] = ()
    short: Quantity
    seen: tuple[Seen, ...] = ()


Outcome = Literal["full", "backordered", "partial", "none", "refused"]
"""All from the shelf · all promised, part waits · some served · nothing, and that is allowed · a group failed."""


class OrderAllocated(Event):
    """What inventory could promise of an order, with the numbers it saw."""

    topic: ClassVar[str] = "inventory.order-allocated.v1"

    order_id: UUID
    round: int
    outcome: Outcome
    rows: tuple[RowAllocated, ...]

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)
