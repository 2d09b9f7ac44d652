"""The auditor: recomputes the books of all services from their tables, and names every unit that does not add up."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from deploy.local import redrive
from inventory import store as inventory
from notifier import store as notifier
from order_intake import store as order_book
from router import store as router
from shared.contracts import OrderAllocated
from shared.postgres import Database

Place = tuple[UUID, str, str]
"""A row of an order in a catalogue: order id, row, catalogue."""


@dataclass(frozen=True)
class Findings:
    """What the auditor found: sentences of what is wrong, what is still on its way, and how much was looked at.

    On their way are messages, and orders that wait for news of a product.
    """

    problems: list[str]
    in_flight: int
    counts: dict[str, int]

    @property
    def clean(self) -> bool:
        """Whether everything has arrived and adds up."""
        return not self.problems and not self.in_flight


@dataclass(frozen=True)
class Books:
    """The books of the services, each read at one moment."""

    orders: list[order_book.RowBook]
    decisions: list[Any]
    reserved: list[Any]
    shipments: list[Any]
    promises: list[inventory.Promised]
    answers: list[OrderAllocated]
    balances: list[inventory.Discrepancy]
    mails: list[Any]


async def audit(databases: Mapping[str, Database]) -> Findings:
    """Read and compare the books of all services.

    While messages are on their way the services may rightly differ, so a caller waits for `in_flight` to be 0.
    """
    under_way = await in_flight(databases)
    books = await _read(databases)
    counts = Counter(
        {
            "orders": len({row.order_id for row in books.orders}),
            "rows": len(books.orders),
            "orders routed": len({row["order_id"] for row in books.decisions if row["state"] == "routed"}),
            "shipments": len({row["shipment_id"] for row in books.shipments}),
            "promises": len(books.promises),
        }
    )
    counts.update(f"mails {row['state']}" for row in books.mails)
    for name, database in databases.items():
        async with database.transaction() as tx:
            parked = await tx.fetch_value("SELECT count(*) FROM parked")
        if parked:
            counts[f"parked by {name}"] = parked
    return Findings(list(problems(books)), under_way, dict(counts))


async def in_flight(databases: Mapping[str, Database], *, since: timedelta | None = None) -> int:
    """What is still on its way: messages, sent in the last `since`, and orders that wait for news of a product."""
    # In this order: an order that waits no longer has become a message.
    async with databases["router"].transaction() as tx:
        postponed = await router.count_postponed(tx)
    return postponed + await redrive.unaccounted(databases, since=since)


async def _read(databases: Mapping[str, Database]) -> Books:
    # Downstream first: what a service has heard of is then known to those it heard it from.
    async with databases["notifier"].transaction() as tx:
        mails = list(await notifier.books(tx))
    async with databases["order-intake"].transaction() as tx:
        orders = list(await order_book.books(tx))
    async with databases["inventory"].transaction() as tx:
        balances, promises = await inventory.books(tx), await inventory.promised(tx)
        answers = await inventory.settled_orders(tx)
    async with databases["router"].transaction() as tx:
        decisions, shipments = list(await router.routed_orders(tx)), list(await router.books(tx))
        reserved = list(await router.reserved(tx))
    return Books(orders, decisions, reserved, shipments, promises, answers, balances, mails)


def problems(books: Books) -> Iterator[str]:
    """Everything that is wrong, in sentences."""
    yield from _balances(books)
    yield from _rows(books)
    yield from _orders(books)
    yield from _changes(books)
    yield from _answers(books)
    yield from _promises(books)
    yield from _shipments(books)
    yield from _mails(books)


def _balances(books: Books) -> Iterator[str]:
    for wrong in books.balances:
        yield (
            f"balance of {wrong.product_id} in {wrong.retailer_id}/{wrong.catalogue_id}: {wrong.quantity} available and"
            f" {wrong.allocated} allocated, but its promises give {wrong.expected_quantity} and"
            f" {wrong.expected_allocated}"
        )


def _rows(books: Books) -> Iterator[str]:
    for row in books.orders:
        where = f"order {row.order_id} row {row.external_id}"
        if not row.routed and not row.cancelled_order:
            yield f"{where}: no routing was ever heard"
            continue
        routed = _sum(part.quantity for part in row.parts)
        if row.cancelled_order:
            if row.delivered + row.cancelled != row.quantity:
                yield (
                    f"{where}: its order is cancelled, and {row.delivered} delivered + {row.cancelled} cancelled is not"
                    f" its quantity {row.quantity}"
                )
        elif routed + row.reserved + row.waiting + row.unserved != row.quantity:
            yield (
                f"{where}: {routed} routed + {row.reserved} reserved + {row.waiting} waiting + {row.unserved} unserved"
                f" is not its quantity {row.quantity}"
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
    promised = {
        (row["order_id"], row["row_id"]): row["taken"]
        for row in books.decisions
        if row["row_id"] is not None and not row["shipped"]
    }
    for row in books.orders:
        reserved = promised.get((row.order_id, row.external_id), Decimal(0))
        if not row.cancelled_order and row.routed and row.reserved != reserved:
            yield (
                f"order {row.order_id} row {row.external_id}: {row.reserved} reserved in the order book, {reserved} at"
                " the router"
            )
    for order_id, row in decided.items():
        if row["state"] == "routed" and not row["shipped"] and not row["held"] and not row["cancelled"]:
            yield f"order {order_id}: neither held nor cancelled, and no shipment was made"
    shipments = {row["shipment_id"]: row for row in books.shipments}
    for shipment_id, row in shipments.items():
        order = decided.get(row["order_id"])
        if order is not None and not order["shipped"]:
            yield f"order {row['order_id']}: held, or cancelled before it was shipped, and has shipment {shipment_id}"
        if order is not None and order["cancelled"] and not row["closed"]:
            yield f"order {row['order_id']}: cancelled, and its shipment {shipment_id} is open"


def _answers(books: Books) -> Iterator[str]:
    """What inventory answered last, row by row, and what the router wrote down of it.

    It was not asked of an order that was cancelled in time.
    """
    newest = {answer.order_id: answer for answer in sorted(books.answers, key=lambda answer: answer.round)}
    answered = {
        (answer.order_id, row.external_id): (
            _sum(taking.quantity for taking in row.taken),
            _sum(taking.quantity for taking in row.waiting),
            row.short,
        )
        for answer in newest.values()
        for row in answer.rows
    }
    for row in books.decisions:
        if row["row_id"] is not None and row["stocked"]:
            noted = (row["taken"], row["waiting"], row["unserved"])
            said = answered.get((row["order_id"], row["row_id"]))
            unasked = said is None and row["cancelled"] and noted[0] == noted[1] == 0
            if said != noted and not unasked:
                yield (
                    f"order {row['order_id']} row {row['row_id']}: (taken, waiting, short) is {_listed(said)} at"
                    f" inventory, {_listed(noted)} in the decision record"
                )


def _promises(books: Books) -> Iterator[str]:
    promised: dict[Place, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
    for promise in books.promises:
        place = promised[promise.order_id, promise.row_id, promise.catalogue_id]
        place[0] += promise.quantity
        place[1] += promise.delivered
        place[2] += promise.returned
    shipped: dict[Place, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
    for row in books.shipments:
        if row["stocked"]:
            place = shipped[row["order_id"], row["row_id"], row["catalogue_id"]]
            place[0] += row["quantity"]
            place[1] += row["delivered"]
            place[2] += row["quantity"] - row["delivered"] if row["closed"] else 0
    for row in books.reserved:
        place = shipped[row["order_id"], row["row_id"], row["catalogue_id"]]
        place[0] += row["quantity"]
        place[2] += row["quantity"] if row["cancelled"] else 0
    for key in sorted(promised.keys() | shipped.keys()):
        have, want = promised.get(key, [Decimal(0)] * 3), shipped.get(key, [Decimal(0)] * 3)
        for what, in_stock, in_shipment in zip(("promised", "delivered", "returned"), have, want, strict=True):
            if in_stock != in_shipment:
                where = f"order {key[0]} row {key[1]} in {key[2]}"
                yield f"{where}: inventory {what} {in_stock}, the router {in_shipment}"


def _shipments(books: Books) -> Iterator[str]:
    of_place: dict[tuple[UUID, str], set[UUID]] = defaultdict(set)
    rows: dict[tuple[UUID, str, UUID], tuple[Decimal, Decimal, bool]] = {}
    for row in books.shipments:
        of_place[row["order_id"], row["catalogue_id"]].add(row["shipment_id"])
        # A row asked for by EAN may take two products of one catalogue; the order book shows their sum.
        key = (row["order_id"], row["row_id"], row["shipment_id"])
        before = rows.get(key, (Decimal(0), Decimal(0), True))
        rows[key] = (before[0] + row["quantity"], before[1] + row["delivered"], row["closed"])
    for (order_id, catalogue), shipments in of_place.items():
        if len(shipments) > 1:
            yield f"order {order_id}: {len(shipments)} shipments from {catalogue}"
    shown = {
        (row.order_id, row.external_id, part.shipment_id): (part.quantity, part.delivered, part.closed)
        for row in books.orders
        for part in row.parts
    }
    for key in sorted(rows.keys() | shown.keys()):
        if rows.get(key) != shown.get(key):
            yield (
                f"order {key[0]} row {key[1]} shipment {key[2]}: (quantity, delivered, closed) is"
                f" {_said(rows.get(key))} at the router, {_said(shown.get(key))} in the order book"
            )


def _mails(books: Books) -> Iterator[str]:
    announced = Counter(row["shipment_id"] for row in books.mails)
    for shipment_id in sorted({row["shipment_id"] for row in books.shipments} | announced.keys()):
        if announced[shipment_id] != 1:
            yield f"shipment {shipment_id}: {announced[shipment_id]} mails to its supplier"


def _sum(quantities: Iterable[Decimal]) -> Decimal:
    return sum(quantities, Decimal(0))


def _listed(numbers: Iterable[Decimal] | None) -> str:
    return "nothing" if numbers is None else f"({', '.join(f'{number.normalize():f}' for number in numbers)})"


def _said(entry: tuple[Decimal, Decimal, bool] | None) -> str:
    return "nothing" if entry is None else f"({entry[0].normalize():f}, {entry[1].normalize():f}, {entry[2]})"
