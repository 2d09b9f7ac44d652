"""What the router asks of inventory, and what inventory answers."""

from datetime import datetime
from decimal import Decimal
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
    """A quantity of an order's row that its supplier has delivered from a balance, of one lot (see `OrderFilled`)."""

    row_id: str
    catalogue_id: str
    product_id: str
    quantity: Quantity
    lot: int = 1


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


class PartRelease(Part):
    """A quantity of a row to let go of: of what it was promised in a lot from a balance, or, where no balance is
    named, of what waits since the round `lot`. Never more than is open still."""

    row_id: str
    quantity: Quantity
    lot: int = 1
    catalogue_id: str | None = None
    product_id: str | None = None


class ReleaseParts(Command):
    """Let go of parts of what an order was promised or waits for; each message counts once."""

    topic: ClassVar[str] = "inventory.release-parts.v1"

    order_id: UUID
    retailer_id: str
    parts: tuple[PartRelease, ...]

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)


class AllocateOrder(Command):
    """Promise stock to an order. The same order and round is settled once, however often it is asked.

    The first round asks for all goods rows of the order; a later one for what is to be routed again, with rows and
    quantities of that alone. What a round promises is a lot with the round's number. `release` is an earlier order
    that this one takes the place of: it lets go before this one takes, in one transaction, so that nobody comes
    between them. `all_or_nothing`: any short row refuses the whole order. `reservation_id` names a hold of the
    retailer's that the order may take from; it ends with that, and stays if the order takes nothing. `external_id` is
    the order's number, for people.
    """

    topic: ClassVar[str] = "inventory.allocate-order.v1"

    order_id: UUID
    round: int
    retailer_id: str
    placed_at: datetime
    external_id: str | None = None
    release: ReleaseOrder | None = None
    all_or_nothing: bool = False
    reservation_id: UUID | None = None
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

    `quantity` already lacks what earlier rows of the same order took. `unlimited`: it never runs out, whatever the
    quantity. `back_order_room` is how much more may wait there, None without a limit; 0 where backorders are not
    allowed. `verdict` is `taken`, `waiting`, or the first rule that passed the candidate over.
    """

    catalogue_id: str
    product_id: str
    quantity: Quantity
    allocated: Quantity
    held: Quantity
    safety_stock: Quantity
    taken: Quantity
    waiting: Quantity = Decimal(0)
    unlimited: bool = False
    back_order_room: Quantity | None = Decimal(0)
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


HoldNamed = Literal["ended", "kept", "absent"]
"""The order took from the hold it named · it took nothing, so the hold stays · there was no such hold, or no more."""


class OrderAllocated(Event):
    """What inventory could promise of an order, with the numbers it saw. `hold`: what became of one that it named."""

    topic: ClassVar[str] = "inventory.order-allocated.v1"

    order_id: UUID
    round: int
    outcome: Outcome
    rows: tuple[RowAllocated, ...]
    hold: HoldNamed | None = None

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)


class RowFilled(Part):
    """What a row got that waited since the round `waited`. One that waits since several rounds is there several times.

    Without the round, whoever wants less could not know of which part that has been filled meanwhile.
    """

    external_id: str
    waited: int = 1
    taken: tuple[Taking, ...]


class OrderFilled(Event):
    """Stock came for rows of an order that waited, and was promised to them.

    A lot is what an order is promised at one time: the number of a round of asking, or, of what was filled, a number
    from `FIRST_FILLED_LOT` on that no other lot of the order has. What is in a shipment is of one lot.
    """

    topic: ClassVar[str] = "inventory.order-filled.v1"

    order_id: UUID
    retailer_id: str
    lot: int
    filled_at: datetime
    rows: tuple[RowFilled, ...]

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)


FIRST_FILLED_LOT = 1_000_000
"""No order is asked for so often."""


class RowWithdrawn(Part):
    """A quantity of a row that was promised from a product in a lot and turned out not to be there."""

    external_id: str
    product_id: str
    lot: int
    quantity: Quantity


class PromiseWithdrawn(Event):
    """A catalogue has less than it promised; what of an order it cannot serve is to be routed again.

    `cause` says why, for people. What its supplier has delivered in spite of it stays delivered.
    """

    topic: ClassVar[str] = "inventory.promise-withdrawn.v1"

    order_id: UUID
    retailer_id: str
    catalogue_id: str
    supplier_id: str | None = None
    withdrawn_at: datetime
    cause: str
    rows: tuple[RowWithdrawn, ...]

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)
