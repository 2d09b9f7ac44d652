"""What decisions come to, added up: shipments, cost, backorders and what nobody served, in all and for each party."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from shared.contracts import OrderAllocated
from shared.rules.plan import Plan
from shared.rules.settled import Promised, Settled
from shared.rules.share import Ordered

NOTHING = Decimal(0)


class Group(NamedTuple):
    """Whose figures they are: `kind` is `all`, `retailer`, `supplier` or `catalogue`, whose retailer is named too."""

    kind: str
    name: str = ""
    retailer_id: str = ""


ALL = Group("all")


@dataclass(slots=True)
class Figures:
    """What decisions come to. Quantities are in units; `units` are from the shelf, `backordered` are those that wait.

    `split_orders` are in several shipments. `cost` is the wholesale price of all that was promised, and the cost of
    the shipments; `unpriced` units are in it without a price, because none was known. Of a supplier or a catalogue
    nothing is unserved: that is of the order.
    """

    orders: int = 0
    split_orders: int = 0
    shipments: int = 0
    units: Decimal = NOTHING
    backordered: Decimal = NOTHING
    unserved: Decimal = NOTHING
    cost: Decimal = NOTHING
    unpriced: Decimal = NOTHING

    def add(self, other: "Figures") -> None:
        """Add others to these."""
        self.orders += other.orders
        self.split_orders += other.split_orders
        self.shipments += other.shipments
        self.units += other.units
        self.backordered += other.backordered
        self.unserved += other.unserved
        self.cost += other.cost
        self.unpriced += other.unpriced


class Got(NamedTuple):
    """What a goods row got: from the shelf, waiting, and nothing."""

    external_id: str
    taken: Sequence[Promised]
    waiting: Sequence[Promised]
    unserved: Decimal


def got(allocated: OrderAllocated | Settled) -> list[Got]:
    """What the rows of an order were promised."""
    return [Got(row.external_id, row.taken, row.waiting, row.short) for row in allocated.rows]


def measure(order: Ordered, plan: Plan, rows: Iterable[Got], cost_per_shipment: Decimal) -> dict[Group, Figures]:
    """The figures of one order, for all whom it concerns."""
    candidates = {row.external_id: row.ranked for row in plan.rows}
    suppliers = {terms.catalogue_id: terms.supplier_id for terms in plan.catalogues}
    whole = Figures(orders=1)
    at: dict[str, Figures] = {}
    for row in rows:
        whole.unserved += row.unserved
        asked = candidates.get(row.external_id, ())
        prices = {(ranked.catalogue_id, ranked.product_id): ranked.wholesale_price for ranked in asked}
        for takings, waits in ((row.taken, False), (row.waiting, True)):
            for taking in takings:
                figures = at.get(taking.catalogue_id)
                if figures is None:
                    figures = at[taking.catalogue_id] = Figures(orders=1)
                price = prices.get((taking.catalogue_id, taking.product_id))
                _promise(figures, taking.quantity, price, waits=waits)
    shipping = [one for one in at.values() if one.units > 0]
    for one in shipping:
        one.shipments, one.split_orders = 1, int(len(shipping) > 1)
        one.cost += cost_per_shipment
    found = {
        ALL: whole,
        **{Group("catalogue", name, order.retailer_id): one for name, one in at.items()},
    }
    for name, one in at.items():
        supplier = found.setdefault(Group("supplier", suppliers[name]), Figures())
        for figures in (whole, supplier):
            orders, split_orders = figures.orders, figures.split_orders
            figures.add(one)
            # An order counts once, however many catalogues it is in.
            figures.orders, figures.split_orders = max(orders, 1), max(split_orders, one.split_orders)
    found[Group("retailer", order.retailer_id)] = whole
    return found


def _promise(figures: Figures, quantity: Decimal, price: Decimal | None, *, waits: bool) -> None:
    if waits:
        figures.backordered += quantity
    else:
        figures.units += quantity
    if price is None:
        figures.unpriced += quantity
    else:
        figures.cost += price * quantity


@dataclass
class Comparison:
    """The figures before and after, by group; how many orders were decided again, and how many otherwise than then.

    `skipped` orders were never asked for, and so have no numbers to decide them again with.
    """

    orders: int = 0
    changed: int = 0
    skipped: int = 0
    groups: dict[Group, tuple[Figures, Figures]] = field(default_factory=dict)

    def note(self, before: Mapping[Group, Figures], after: Mapping[Group, Figures], *, changed: bool) -> None:
        """Count one order more."""
        self.orders += 1
        self.changed += changed
        for group, one in before.items():
            self._of(group)[0].add(one)
        for group, one in after.items():
            self._of(group)[1].add(one)

    def add(self, other: "Comparison") -> None:
        """Add what others found."""
        self.orders += other.orders
        self.changed += other.changed
        self.skipped += other.skipped
        for group, pair in other.groups.items():
            for mine, one in zip(self._of(group), pair, strict=True):
                mine.add(one)

    def of(self, kind: str) -> Iterator[tuple[Group, Figures, Figures]]:
        """The groups of a kind by their names, with their figures before and after."""
        for group in sorted(group for group in self.groups if group.kind == kind):
            yield group, *self.groups[group]

    @property
    def total(self) -> tuple[Figures, Figures]:
        """The figures of all orders, before and after."""
        return self._of(ALL)

    def _of(self, group: Group) -> tuple[Figures, Figures]:
        found = self.groups.get(group)
        if found is None:
            found = self.groups[group] = (Figures(), Figures())
        return found
