"""An inventory that promises what it likes, takes some of it back, and keeps its own books."""

from collections import defaultdict
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from router.domain import Shipment
from shared.contracts import (
    AllocateOrder,
    OrderAllocated,
    OrderFilled,
    OrderPlaced,
    PartRelease,
    PromiseWithdrawn,
    RowAllocated,
    Taking,
)
from tests.router.happenings import filled, withdrawn

ZERO = Decimal(0)
LOTS = 1_000_000
WAREHOUSES = ("W1", "W2", "W3")
Place = tuple[str, int, str]
"""A row, a lot and a catalogue."""


class Inventory:
    """What inventory does with an order.

    `promised` and `waiting` are its own books. What it says lies in `news` until it is heard, in any order.
    """

    def __init__(self, placed: OrderPlaced, data: st.DataObject) -> None:
        self.data = data
        self.placed = placed
        self.promised: defaultdict[Place, Decimal] = defaultdict(Decimal)
        self.waiting: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
        self.shipments: dict[UUID, Shipment] = {}
        self.news: list[OrderAllocated | OrderFilled | PromiseWithdrawn] = []
        self.lots = LOTS

    def decide_at_inventory(self, request: AllocateOrder) -> OrderAllocated:
        """Promise some of what is asked for, let some of it wait, and leave the rest."""
        rows = []
        for demand in request.rows:
            left, taken, waiting = demand.quantity, list[Taking](), list[Taking]()
            for candidate in demand.candidates:
                part = min(left, Decimal(self.data.draw(st.integers(0, 4))))
                if part and (demand.partial_delivery_allowed or part == demand.quantity):
                    taken.append(Taking(**candidate.model_dump(), quantity=part))
                    self.promised[demand.external_id, request.round, candidate.catalogue_id] += part
                    left -= part
            if demand.back_order and demand.candidates and self.data.draw(st.booleans()):
                waiting.append(Taking(**demand.candidates[0].model_dump(), quantity=left))
                self.waiting[demand.external_id, request.round] += left
                left = ZERO
            rows.append(
                RowAllocated(
                    external_id=demand.external_id,
                    taken=tuple(taken),
                    waiting=tuple(one for one in waiting if one.quantity),
                    short=left,
                )
            )
        return OrderAllocated(order_id=request.order_id, round=request.round, outcome="partial", rows=tuple(rows))

    def stock_comes(self) -> None:
        """Some of what waits is promised."""
        for (external_id, waited), waiting in self.waiting.items():
            part = min(waiting, Decimal(self.data.draw(st.integers(0, 3))))
            if part:
                self.lots += 1
                place = self.data.draw(st.sampled_from(WAREHOUSES))
                self.waiting[external_id, waited] -= part
                self.promised[external_id, self.lots, place] += part
                self.news.append(filled(self.placed, self.lots, {external_id: {(place, "BOOTS"): str(part)}}, waited))

    def stock_goes(self) -> None:
        """Some of what is promised and not delivered turns out not to be there."""
        places = [place for place, quantity in self.promised.items() if quantity > self.delivered(place)]
        if places:
            place = self.data.draw(st.sampled_from(places))
            most = self.promised[place] - self.delivered(place)
            gone = min(most, Decimal(self.data.draw(st.integers(1, 3))))
            self.promised[place] -= gone
            self.news.append(withdrawn(self.placed, place[2], (place[0], "BOOTS", place[1], int(gone))))

    def let_go(self, releases: tuple[PartRelease, ...]) -> None:
        """Inventory lets go of what it is told to."""
        for part in releases:
            if part.catalogue_id is None:
                line = (part.row_id, part.lot)
                self.waiting[line] -= min(part.quantity, self.waiting[line])
            else:
                place = (part.row_id, part.lot, part.catalogue_id)
                self.promised[place] -= min(part.quantity, self.promised[place])

    def settle(self, shipment: Shipment) -> None:
        """Inventory hears how a shipment is now."""
        for one in shipment.rows:
            place = (one.row_id, shipment.lot, shipment.catalogue_id)
            if shipment.closed:
                self.promised[place] = one.delivered
            else:
                self.promised[place] = min(self.promised[place], one.quantity)

    def delivered(self, place: Place) -> Decimal:
        """What inventory knows to be delivered of a promise."""
        return sum(
            (
                one.delivered
                for shipment in self.shipments.values()
                for one in shipment.rows
                if (one.row_id, shipment.lot, shipment.catalogue_id) == place
            ),
            ZERO,
        )

    def let_all_go(self) -> None:
        """Inventory lets go of an order that has no shipments; what it has said already is on its way."""
        self.promised.clear()
        self.waiting.clear()
