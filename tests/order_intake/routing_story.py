"""What a router says of an order of one row, from the first decision through all that may come after it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from order_intake.domain import CANCELLED, DELIVERED, ERROR
from shared.contracts import OrderRouted, RoutedPart, RowRouted, ShipmentChanged
from tests.order_intake import orders

ORDER = UUID(int=1)
WORK = ("Created", "Submitted", "Viewed", "Picking", ERROR, "Packing", "Shipping")

Message = OrderRouted | ShipmentChanged


@dataclass(frozen=True)
class Shipped:
    """The row in a shipment."""

    number: int
    quantity: int
    delivered: int = 0
    status: str = "Created"
    closed: bool = False
    version: int = 1

    @property
    def counts(self) -> int:
        """What it is to deliver, or has delivered once it is closed."""
        return self.delivered if self.closed else self.quantity


@dataclass
class Router:
    """A router with one row of an order. Whatever happens, each unit of the row is in one place."""

    quantity: int
    reserved: int = 0
    waiting: int = 0
    rerouting: int = 0
    unserved: int = 0
    cancelled: int = 0
    round: int = 0
    shipments: list[Shipped] = field(default_factory=list)
    said: list[Message] = field(default_factory=list)

    def tell(self) -> None:
        """Say where the row is, in a new round."""
        self.round += 1
        row = RowRouted(
            external_id="1",
            routed=tuple(
                RoutedPart(
                    catalogue_id=f"W{shipped.number}",
                    shipment_id=UUID(int=100 + shipped.number),
                    quantity=Decimal(shipped.counts),
                )
                for shipped in self.shipments
                if shipped.counts
            ),
            reserved=Decimal(self.reserved),
            waiting=Decimal(self.waiting),
            rerouting=Decimal(self.rerouting),
            unserved=Decimal(self.unserved),
            cancelled=Decimal(self.cancelled),
        )
        self.said.append(orders.routed(ORDER, row, round_=self.round, minute=self.round))

    def ship(self, quantity: int) -> None:
        """Make a shipment of a part of the row."""
        if quantity:
            self.shipments.append(Shipped(len(self.shipments), quantity))

    def change(self, was: Shipped, now: Shipped) -> None:
        """Change a shipment, and say so."""
        now = replace(now, version=was.version + 1)
        self.shipments[self.shipments.index(was)] = now
        told = orders.shipment(
            *(ORDER, UUID(int=100 + now.number), now.status, ("1", now.quantity, now.delivered)),
            version=now.version,
            catalogue=f"W{now.number}",
        )
        self.said.append(told.model_copy(update={"closed": now.closed}))

    def open(self) -> list[Shipped]:
        """The shipments that are under way."""
        return [shipped for shipped in self.shipments if not shipped.closed]

    def lose(self, quantity: int, *, again: bool) -> None:
        """A part of the row does not come from where it was routed: it is routed again, or cancelled."""
        if again:
            self.rerouting += quantity
        else:
            self.cancelled += quantity


@st.composite
def stories(draw: st.DrawFn, *, most: int = 8) -> tuple[int, list[Message]]:
    """The row's quantity, and all that is said of it as it happens."""
    parts = [draw(st.integers(0, 4)) for _ in range(4)]
    router = Router(sum(parts) + 1, unserved=parts[0] + 1, waiting=parts[1])
    if draw(st.booleans()):
        router.ship(parts[2])
        router.ship(parts[3])
    else:
        router.reserved = parts[2] + parts[3]
    router.tell()
    for _ in range(draw(st.integers(0, most))):
        happens(draw, router)
    return router.quantity, router.said


def happens(draw: st.DrawFn, router: Router) -> None:
    """Something that can happen to an order that was decided."""
    under_way = router.open()
    possible = {
        "work": bool(under_way),
        "close": bool(under_way),
        "shrink": bool(under_way),
        "answer": bool(router.rerouting),
        "fill": bool(router.waiting),
        "retry": bool(router.unserved),
        "stop waiting": bool(router.waiting),
        "release": bool(router.reserved),
    }
    what = draw(st.sampled_from([name for name, may in possible.items() if may] or ["nothing"]))
    if what in ("work", "close", "shrink"):
        supplied(draw, router, draw(st.sampled_from(under_way)), what)
    elif what == "answer":
        found = draw(st.integers(0, router.rerouting))
        router.unserved += router.rerouting - found
        router.rerouting = 0
        router.ship(found)
        router.tell()
    elif what == "fill":
        came = draw(st.integers(1, router.waiting))
        router.waiting -= came
        router.ship(came)
        router.tell()
    elif what == "retry":
        router.rerouting, router.unserved = router.rerouting + router.unserved, 0
        router.tell()
    elif what == "stop waiting":
        router.cancelled, router.waiting = router.cancelled + router.waiting, 0
        router.tell()
    elif what == "release":
        router.ship(router.reserved)
        router.reserved = 0
        router.tell()


def supplied(draw: st.DrawFn, router: Router, shipped: Shipped, what: str) -> None:
    """A supplier works on a shipment or ends it, or less of it is wanted, or there."""
    if what == "work":
        steps = [status for status in WORK if WORK.index(status) >= WORK.index(shipped.status)]
        delivered = draw(st.integers(shipped.delivered, shipped.quantity))
        router.change(shipped, replace(shipped, status=draw(st.sampled_from(steps)), delivered=delivered))
    elif what == "close":
        delivered = draw(st.integers(shipped.delivered, shipped.quantity))
        end = DELIVERED if delivered else CANCELLED
        router.change(shipped, replace(shipped, status=end, delivered=delivered, closed=True))
        if delivered < shipped.quantity:
            router.lose(shipped.quantity - delivered, again=draw(st.booleans()))
            router.tell()
    elif shipped.delivered < shipped.quantity:
        less = draw(st.integers(shipped.delivered, shipped.quantity - 1))
        now = replace(shipped, quantity=less)
        router.change(shipped, now if less else replace(now, status=CANCELLED, closed=True))
        router.lose(shipped.quantity - less, again=draw(st.booleans()))
        router.tell()


def heard(draw: st.DrawFn, said: Sequence[Message]) -> list[Message]:
    """The same as it may be heard: shipments in any order, routings in theirs, and anything more than once."""
    routings = iter([message for message in said if isinstance(message, OrderRouted)])
    shuffled = draw(st.permutations(said))
    first = [next(routings) if isinstance(message, OrderRouted) else message for message in shuffled]
    again: list[Message] = []
    for place, message in enumerate(first):
        again.append(message)
        if draw(st.integers(0, 4)) == 0:
            again.append(first[draw(st.integers(0, place))])
    return again
