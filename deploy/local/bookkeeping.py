"""What must add up between the books of the services once everything has arrived; what does not is a sentence."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from deploy.local import returned_goods, whole_bundles
from inventory import store as inventory
from order_intake import store as order_book
from shared.contracts import OrderAllocated

ZERO = Decimal(0)

Row = tuple[UUID, str]
"""A row of an order: order id, row."""

Place = tuple[UUID, str, str, int]
"""A row of an order in a catalogue, as far as it was promised there in one lot: order id, row, catalogue, lot."""


@dataclass(frozen=True)
class Books:
    """The books of the services, each read at one moment.

    `decisions` is how the router decided each row, `standings` where the row is now, `pieces` what of it was promised.
    `returns` are the router's, `restocked` is what inventory booked of them, `returns_shown` what the order book shows.
    """

    orders: list[order_book.RowBook]
    decisions: list[Any]
    standings: list[Any]
    pieces: list[Any]
    shipments: list[Any]
    promises: list[inventory.Promised]
    waiting: list[inventory.WaitingRow]
    answers: list[OrderAllocated]
    balances: list[inventory.Discrepancy]
    mails: list[Any]
    returns: list[Any] = field(default_factory=list)
    restocked: list[inventory.RestockedBook] = field(default_factory=list)
    returns_shown: list[order_book.ReturnBook] = field(default_factory=list)


def problems(books: Books) -> Iterator[str]:
    """Everything that is wrong, in sentences."""
    for check in CHECKS.values():
        yield from check(books)


def _balances(books: Books) -> Iterator[str]:
    for wrong in books.balances:
        yield (
            f"balance of {wrong.product_id} in {wrong.retailer_id}/{wrong.catalogue_id}: {wrong.quantity} available,"
            f" {wrong.allocated} allocated and {wrong.held} held, but its promises and holds give"
            f" {wrong.expected_quantity}, {wrong.expected_allocated} and {wrong.expected_held}"
        )


def _rows(books: Books) -> Iterator[str]:
    for row in books.orders:
        where = f"order {row.order_id} row {row.external_id}"
        if not row.routed and not row.cancelled_order:
            yield f"{where}: no routing was ever heard"
            continue
        if row.cancelled_order:
            if row.delivered + row.cancelled != row.quantity:
                yield (
                    f"{where}: its order is cancelled, and {row.delivered} delivered + {row.cancelled} cancelled is not"
                    f" its quantity {row.quantity}"
                )
        else:
            routed = _sum(part.delivered if part.closed else part.quantity for part in row.parts)
            others = row.reserved + row.waiting + row.rerouting + row.unserved + row.cancelled
            if routed + others != row.quantity:
                yield (
                    f"{where}: {routed} routed + {row.reserved} reserved + {row.waiting} waiting +"
                    f" {row.rerouting} being routed again + {row.unserved} unserved + {row.cancelled} cancelled is not"
                    f" its quantity {row.quantity}"
                )
        if _sum(part.delivered for part in row.parts) != row.delivered:
            yield f"{where}: {row.delivered} delivered, but its shipments say otherwise"
    for decision in books.decisions:
        if decision["row_id"] is not None and (
            decision["stocked"]
            and decision["taken"] + decision["waiting"] + decision["unserved"] != decision["quantity"]
        ):
            yield f"order {decision['order_id']} row {decision['row_id']}: its decision record does not add up"


def _orders(books: Books) -> Iterator[str]:
    booked = {row.order_id for row in books.orders}
    decided = {row["order_id"]: row["state"] for row in books.decisions}
    for order_id in sorted(booked - decided.keys()):
        yield f"order {order_id}: the router never heard of it"
    for order_id in sorted(decided.keys() - booked):
        yield f"order {order_id}: routed, but not in the order book"
    for order_id, state in decided.items():
        if state != "routed":
            yield f"order {order_id}: the router still waits for inventory"


def _changes(books: Books) -> Iterator[str]:
    """Orders that are held or cancelled, as the order book and the router know them."""
    booked = {row.order_id: row for row in books.orders}
    decided = {row["order_id"]: row for row in books.decisions}
    for order_id in sorted(booked.keys() & decided.keys()):
        there, here = booked[order_id].cancelled_order, decided[order_id]["cancelled"]
        if there != here:
            yield (
                f"order {order_id}: {'cancelled' if there else 'not cancelled'} in the order book,"
                f" {'cancelled' if here else 'not cancelled'} at the router"
            )
    for order_id, row in decided.items():
        if row["state"] == "routed" and not row["shipped"] and not row["held"] and not row["cancelled"]:
            yield f"order {order_id}: neither held nor cancelled, and no shipment was made"
    for row in books.shipments:
        order = decided.get(row["order_id"])
        shipment = f"shipment {row['shipment_id']}"
        if order is not None and not order["shipped"]:
            yield f"order {row['order_id']}: held, or cancelled before it was shipped, and has {shipment}"
        if order is not None and order["cancelled"] and not row["closed"]:
            yield f"order {row['order_id']}: cancelled, and its {shipment} is open"


def _answers(books: Books) -> Iterator[str]:
    """What inventory answered to the round that an order was decided in, row by row, and what the record says of it.

    It was not asked of an order that was cancelled in time.
    """
    answered = {
        (answer.order_id, answer.round, row.external_id): (
            _sum(taking.quantity for taking in row.taken),
            _sum(taking.quantity for taking in row.waiting),
            row.short,
        )
        for answer in books.answers
        for row in answer.rows
    }
    for row in books.decisions:
        if row["row_id"] is not None and row["stocked"]:
            noted = (row["taken"], row["waiting"], row["unserved"])
            said = answered.get((row["order_id"], row["record_round"], row["row_id"]))
            unasked = said is None and row["cancelled"] and noted[0] == noted[1] == 0
            if said != noted and not unasked:
                yield (
                    f"order {row['order_id']} row {row['row_id']}: (taken, waiting, short) is {_listed(said)} at"
                    f" inventory, {_listed(noted)} in the decision record"
                )


def _standings(books: Books) -> Iterator[str]:
    """Where rows are now: by itself, and as the order book was told."""
    booked = {(row.order_id, row.external_id): row for row in books.orders}
    reserved: dict[Row, Decimal] = defaultdict(Decimal)
    for piece in books.pieces:
        if piece["shipment_id"] is None:
            reserved[piece["order_id"], piece["row_id"]] += piece["quantity"]
    for row in books.standings:
        key = (row["order_id"], row["row_id"])
        where = f"order {key[0]} row {key[1]}"
        now = {name: row[name] for name in ("waiting", "rerouting", "unserved", "cancelled")}
        if row["promised"] + sum(now.values()) != row["quantity"]:
            yield f"{where}: {_named({'promised': row['promised'], **now})} is not its quantity {row['quantity']}"
        if row["rerouting"]:
            yield f"{where}: {row['rerouting']} is to be routed again, and nobody is asked"
        told = booked.get(key)
        if told is None or told.cancelled_order:
            continue
        now["reserved"] = reserved.get(key, ZERO)
        shown = {name: getattr(told, name) for name in now}
        if shown != now:
            yield f"{where}: {_named(shown)} in the order book, {_named(now)} at the router"


def _waiting(books: Books) -> Iterator[str]:
    """What waits, in inventory's line and at the router."""
    lined_up: dict[Row, Decimal] = defaultdict(Decimal)
    for row in books.waiting:
        lined_up[row.order_id, row.row_id] += row.quantity
    waits = {(row["order_id"], row["row_id"]): row["waiting"] for row in books.standings if row["waiting"]}
    for key in sorted(lined_up.keys() | waits.keys()):
        there, here = lined_up.get(key, ZERO), waits.get(key, ZERO)
        if there != here:
            yield f"order {key[0]} row {key[1]}: {there} waiting in inventory, {here} at the router"


def _promises(books: Books) -> Iterator[str]:
    """What inventory promised and did not take back, what the router counts on, and what its shipments have of it."""
    promised: dict[Place, Decimal] = defaultdict(Decimal)
    delivered: dict[Place, Decimal] = defaultdict(Decimal)
    for promise in books.promises:
        place = (promise.order_id, promise.row_id, promise.catalogue_id, promise.lot)
        promised[place] += promise.quantity - promise.returned
        delivered[place] += promise.delivered
    counted_on: dict[Place, Decimal] = defaultdict(Decimal)
    shipped: dict[Place, Decimal] = defaultdict(Decimal)
    sent: dict[Place, Decimal] = defaultdict(Decimal)
    for piece in books.pieces:
        if piece["stocked"]:
            place = (piece["order_id"], piece["row_id"], piece["catalogue_id"], piece["lot"])
            counted_on[place] += piece["quantity"]
            shipped[place] += piece["quantity"] if piece["shipment_id"] is None else ZERO
    for row in books.shipments:
        if row["stocked"]:
            place = (row["order_id"], row["row_id"], row["catalogue_id"], row["lot"])
            shipped[place] += row["delivered"] if row["closed"] else row["quantity"]
            sent[place] += row["delivered"]
    for place in sorted(promised.keys() | counted_on.keys() | shipped.keys()):
        where = f"order {place[0]} row {place[1]} in {place[2]} (lot {place[3]})"
        there, here, out = (known.get(place, ZERO) for known in (promised, counted_on, shipped))
        if there != here:
            yield f"{where}: {there} promised by inventory, {here} at the router"
        if here != out:
            yield f"{where}: {here} at the router, {out} in its shipments"
        there, out = delivered.get(place, ZERO), sent.get(place, ZERO)
        if there != out:
            yield f"{where}: {there} delivered at inventory, {out} at the router"


def _shipments(books: Books) -> Iterator[str]:
    of_place: dict[tuple[UUID, str, int], set[UUID]] = defaultdict(set)
    rows: dict[tuple[UUID, str, UUID], tuple[Decimal, Decimal, bool]] = {}
    for row in books.shipments:
        of_place[row["order_id"], row["catalogue_id"], row["lot"]].add(row["shipment_id"])
        # A row asked for by EAN may take two products of one catalogue; the order book shows their sum.
        key = (row["order_id"], row["row_id"], row["shipment_id"])
        before = rows.get(key, (ZERO, ZERO, True))
        coming = row["delivered"] if row["closed"] else row["quantity"]
        rows[key] = (before[0] + coming, before[1] + row["delivered"], row["closed"])
    for (order_id, catalogue, lot), shipments in of_place.items():
        if len(shipments) > 1:
            yield f"order {order_id}: {len(shipments)} shipments from {catalogue} for lot {lot}"
    shown = {
        (row.order_id, row.external_id, part.shipment_id): (
            part.delivered if part.closed else part.quantity,
            part.delivered,
            part.closed,
        )
        for row in books.orders
        for part in row.parts
    }
    for key in sorted(rows.keys() | shown.keys()):
        there, here = rows.get(key), shown.get(key)
        # A row that has left its shipment altogether need not be shown.
        if there != here and any(entry is not None and entry[0] > 0 for entry in (there, here)):
            yield (
                f"order {key[0]} row {key[1]} shipment {key[2]}: (quantity, delivered, closed) is {_said(there)} at the"
                f" router, {_said(here)} in the order book"
            )


def _returns(books: Books) -> Iterator[str]:
    yield from returned_goods.problems(books.returns, books.restocked, books.returns_shown)


def _bundles(books: Books) -> Iterator[str]:
    yield from whole_bundles.problems(books.decisions, books.shipments)


def _mails(books: Books) -> Iterator[str]:
    announced = Counter(row["shipment_id"] for row in books.mails)
    for shipment_id in sorted({row["shipment_id"] for row in books.shipments} | announced.keys()):
        if announced[shipment_id] != 1:
            yield f"shipment {shipment_id}: {announced[shipment_id]} mails to its supplier"


def _sum(quantities: Iterable[Decimal]) -> Decimal:
    return sum(quantities, ZERO)


def _named(numbers: Mapping[str, Decimal]) -> str:
    return " + ".join(f"{number.normalize():f} {name}" for name, number in numbers.items())


def _listed(numbers: Iterable[Decimal] | None) -> str:
    return "nothing" if numbers is None else f"({', '.join(f'{number.normalize():f}' for number in numbers)})"


def _said(entry: tuple[Decimal, Decimal, bool] | None) -> str:
    return "nothing" if entry is None else f"({entry[0].normalize():f}, {entry[1].normalize():f}, {entry[2]})"


CHECKS: Mapping[str, Callable[[Books], Iterator[str]]] = {
    "balances": _balances,
    "rows": _rows,
    "orders": _orders,
    "changes": _changes,
    "answers": _answers,
    "standings": _standings,
    "waiting": _waiting,
    "promises": _promises,
    "shipments": _shipments,
    "returns": _returns,
    "bundles": _bundles,
    "mails": _mails,
}
"""Every check by its name, as metrics and log lines call it."""
