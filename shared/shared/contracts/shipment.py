"""What the router decided, and how shipments go on."""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from shared.contracts.allocation import Outcome
from shared.contracts.message import Event, Part, Quantity
from shared.contracts.order import Delivery


class RoutedPart(Part):
    """A quantity of a row that went to a catalogue, in a shipment."""

    catalogue_id: str
    shipment_id: UUID
    quantity: Quantity


class RowRouted(Part):
    """Where a row went. routed + reserved + waiting + rerouting + unserved + cancelled = its quantity.

    `routed` is what open shipments are to deliver and closed ones have delivered. `reserved` is promised to an order
    that is held: it is in no shipment until the order is released. `rerouting` is asked for again, `cancelled` not
    wanted any more. `reason` says why something is unserved.
    """

    external_id: str
    routed: tuple[RoutedPart, ...] = ()
    reserved: Quantity = Decimal(0)
    waiting: Quantity
    rerouting: Quantity = Decimal(0)
    unserved: Quantity
    cancelled: Quantity = Decimal(0)
    reason: str | None = None


class OrderRouted(Event):
    """The order was decided in this round; every row says where it went. `order_external_id` is the order's number."""

    topic: ClassVar[str] = "router.order-routed.v1"

    order_id: UUID
    order_external_id: str | None = None
    retailer_id: str | None = None
    round: int
    outcome: Outcome
    routed_at: datetime
    rows: tuple[RowRouted, ...]

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)


class ShipmentRow(Part):
    """A row of an order as far as it is in this shipment. `product_id` is the supplier's."""

    external_id: str
    product_id: str
    ean: str | None = None
    description: str | None = None
    unit: str | None = None
    quantity: Quantity


class ShipmentCreated(Event):
    """A supplier has a new shipment to send. What is in it was promised in one lot."""

    topic: ClassVar[str] = "router.shipment-created.v1"

    shipment_id: UUID
    order_id: UUID
    order_external_id: str
    retailer_id: str
    supplier_id: str
    catalogue_id: str
    catalogue_name: str | None = None
    created_at: datetime
    accept_by: datetime
    lot: int = 1
    delivery: Delivery
    rows: tuple[ShipmentRow, ...]

    @property
    def key(self) -> str:
        """The order's id, so that all of an order's shipments keep their order."""
        return str(self.order_id)


class RowProgress(Part):
    """How much of a row in a shipment was delivered so far, and the tracking codes of its parcels.

    `stocked` is False for a service or cost row, which was promised from no stock.
    """

    external_id: str
    product_id: str
    quantity: Quantity
    delivered: Quantity
    tracking_codes: tuple[str, ...] = ()
    stocked: bool = True


class CodedParcel(Part):
    """A parcel that carries something and has tracking codes.

    `own`: the codes are the supplier's own, so that its address label is none of ours.
    """

    parcel_id: str
    tracking_codes: tuple[str, ...]
    own: bool = False


class ShipmentChanged(Event):
    """A supplier moved a shipment on; the whole of it as it is now. The highest version wins.

    Once `closed` (delivered or cancelled), what was not delivered is not coming from this shipment. A row's quantity
    falls when less of it is wanted, or there; what it fell by is not coming either. `lot`: what it was promised in.
    `shrunk`: a row's quantity fell with this version. `parcels` are those with codes; who sent none while its rows
    have codes did not know yet how to tell of them.
    """

    topic: ClassVar[str] = "router.shipment-changed.v1"

    shipment_id: UUID
    order_id: UUID
    order_external_id: str | None = None
    retailer_id: str
    supplier_id: str
    catalogue_id: str
    status: str
    closed: bool
    changed_at: datetime
    version: int
    lot: int = 1
    shrunk: bool = False
    rows: tuple[RowProgress, ...]
    parcels: tuple[CodedParcel, ...] = ()

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)


class ShipmentReminded(Event):
    """A supplier was reminded of a shipment it has not opened: half of the time it has is over."""

    topic: ClassVar[str] = "router.shipment-reminded.v1"

    shipment_id: UUID
    order_id: UUID
    order_external_id: str
    retailer_id: str
    supplier_id: str
    catalogue_id: str
    accept_by: datetime
    reminded_at: datetime

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)
