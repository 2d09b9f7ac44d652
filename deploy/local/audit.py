"""The auditor: recomputes the books of all services from their tables, and names every unit that does not add up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from deploy.local import bookkeeping, redrive
from deploy.local.bookkeeping import Books
from inventory import store as inventory
from notifier import store as notifier
from order_intake import store as order_book
from router import store as router
from shared.postgres import Database


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
    return Findings(list(bookkeeping.problems(books)), under_way, dict(counts))


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
        answers, waiting = await inventory.settled_orders(tx), await inventory.waiting_rows(tx)
    async with databases["router"].transaction() as tx:
        decisions, shipments = list(await router.routed_orders(tx)), list(await router.books(tx))
        standings, pieces = list(await router.standings(tx)), list(await router.pieces(tx))
    return Books(orders, decisions, standings, pieces, shipments, promises, waiting, answers, balances, mails)
