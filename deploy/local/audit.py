"""The auditor: recomputes the books of all services from their tables, and names every unit that does not add up.

Orders are looked at a window at a time, in the order of their ids, so that a million of them need no more memory than
a few thousand.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from deploy.local import bookkeeping, redrive
from deploy.local.bookkeeping import Books
from inventory import store as inventory
from notifier import store as notifier
from order_intake import store as order_book
from router import store as router
from shared.postgres import Database, Transaction

WINDOW = 5_000
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)


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


async def audit(databases: Mapping[str, Database], *, window: int = WINDOW) -> Findings:
    """Read and compare the books of all services, so many orders at a time.

    While messages are on their way the services may rightly differ, so a caller waits for `in_flight` to be 0. What a
    service said on its own while the books were read, such as an order tried again, counts as on its way.
    """
    said = await redrive.said(databases)
    under_way = await in_flight(databases)
    counts = Counter({"orders": 0, "rows": 0, "orders routed": 0, "shipments": 0, "promises": 0, "returns": 0})
    problems = list(await wrong_balances(databases))
    async for order_ids in windows(databases, window):
        books = await read(databases, order_ids)
        problems += bookkeeping.problems(books)
        counts.update(_counts(books))
    for name, database in databases.items():
        async with database.transaction() as tx:
            parked = await tx.fetch_value("SELECT count(*) FROM parked")
        if parked:
            counts[f"parked by {name}"] = parked
    under_way = under_way or abs(await redrive.said(databases) - said)
    return Findings(problems, under_way, dict(counts))


async def in_flight(databases: Mapping[str, Database], *, since: timedelta | None = None) -> int:
    """What is still on its way: messages, sent in the last `since`, and orders that wait for news of a product."""
    # In this order: an order that waits no longer has become a message.
    async with databases["router"].transaction() as tx:
        postponed = await router.count_postponed(tx)
    return postponed + await redrive.unaccounted(databases, since=since)


async def windows(databases: Mapping[str, Database], window: int = WINDOW) -> AsyncIterator[set[UUID]]:
    """The ids of all orders that any service knows, about so many at a time."""
    after = FIRST
    while after != LAST:
        order_ids, after = await next_window(databases, after, window)
        yield order_ids


async def next_window(databases: Mapping[str, Database], after: UUID, window: int) -> tuple[set[UUID], UUID]:
    """So many orders of the book after an id, and what other services know between; the id to go on after, or LAST."""
    async with databases["order-intake"].transaction() as tx:
        booked = await order_book.first_ids(tx, after, window)
    until = booked[-1] if len(booked) == window else LAST
    async with databases["inventory"].transaction() as tx:
        promised = await inventory.ids_between(tx, after, until)
    async with databases["router"].transaction() as tx:
        routed = await router.ids_between(tx, after, until)
    return promised | routed | set(booked), until


async def wrong_balances(databases: Mapping[str, Database]) -> list[str]:
    """Every balance that does not add up; one look of inventory's own at one moment."""
    async with databases["inventory"].transaction() as tx:
        balances = await inventory.books(tx)
    return list(bookkeeping.problems(Books([], [], [], [], [], [], [], [], balances, [])))


async def read(databases: Mapping[str, Database], order_ids: Collection[UUID]) -> Books:
    """The books of orders, of each service at one moment; without the balances, which are of no order."""
    # Downstream first: what a service has heard of is then known to those it heard it from.
    async with databases["notifier"].transaction() as tx:
        mails = list(await notifier.books(tx, order_ids))
    async with databases["order-intake"].transaction() as tx:
        orders = list(await order_book.books(tx, order_ids))
        returns_shown = await order_book.return_books(tx, order_ids)
    async with databases["inventory"].transaction() as tx:
        await _at_one_moment(tx)
        promises = await inventory.promised(tx, order_ids)
        answers = await inventory.settled_orders(tx, order_ids)
        waiting = await inventory.waiting_rows(tx, order_ids)
        restocked = await inventory.restocked(tx, order_ids)
    async with databases["router"].transaction() as tx:
        await _at_one_moment(tx)
        decisions = list(await router.routed_orders(tx, order_ids))
        shipments = list(await router.books(tx, order_ids))
        standings = list(await router.standings(tx, order_ids))
        pieces = list(await router.pieces(tx, order_ids))
        returns = list(await router.returned_books(tx, order_ids))
    return Books(
        orders,
        decisions,
        standings,
        pieces,
        shipments,
        promises,
        waiting,
        answers,
        [],
        mails,
        returns,
        restocked,
        returns_shown,
    )


async def _at_one_moment(tx: Transaction) -> None:
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _counts(books: Books) -> Counter[str]:
    counts = Counter(
        {
            "orders": len({row.order_id for row in books.orders}),
            "rows": len(books.orders),
            "orders routed": len({row["order_id"] for row in books.decisions if row["state"] == "routed"}),
            "shipments": len({row["shipment_id"] for row in books.shipments}),
            "promises": len(books.promises),
            "returns": len({row["return_id"] for row in books.returns}),
        }
    )
    counts.update(f"mails {row['state']}" for row in books.mails)
    return counts
