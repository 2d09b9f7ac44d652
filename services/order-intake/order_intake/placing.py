"""Taking orders into the book: any number of retailers' orders in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from order_intake import checking, domain, store
from shared import failpoints, outbox
from shared.contracts import OrderPlaced
from shared.postgres import Database, Transaction
from shared.problems import FieldError


@dataclass(frozen=True)
class NewOrder:
    """An order that is asked for. The moment of `placed` is set when it is taken into the book.

    `posted` is the body byte for byte, with which a body that comes again is compared. `document` is the document as
    JSON text where it differs from the body, such as by an order number that we made.
    """

    placed: OrderPlaced
    posted: bytes
    traceparent: str | None = None
    document: bytes | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What must be unique: the retailer and its order number."""
        return self.placed.retailer_id, self.placed.external_id


@dataclass(frozen=True)
class Placement:
    """What became of an order: it is new, the very same is there already, or another one with its number is.

    `refused`: it contradicts what is known of its products, and is to be answered 400 with `errors`.
    """

    outcome: Literal["new", "same", "other", "refused"]
    at: datetime
    errors: tuple[FieldError, ...] = ()


async def place_orders(database: Database, asked: Sequence[NewOrder]) -> list[Placement]:
    """Write orders, rows and OrderPlaced in one transaction. Of several with one number the first counts.

    An order that contradicts what is known of its products is not written; its neighbours are.
    """
    async with database.transaction() as tx:
        now = await tx.now()
        wrong = await checking.product_errors(tx, [order.placed for order in asked])
        first: dict[tuple[str, str], NewOrder] = {}
        for order in asked:
            if order.placed.order_id not in wrong:
                first.setdefault(order.key, order)
        fresh = await _insert(tx, list(first.values()), now)
        stored: dict[tuple[str, str], bytes] = {}
        while repeated := {order.key for order in asked if order.placed.order_id not in fresh} - stored.keys():
            stored |= await store.documents_at(tx, list(repeated))
            # What was in the way may have been deleted before it was looked at: then the number is free by now.
            free = [order for key, order in first.items() if order.placed.order_id not in fresh and key not in stored]
            if not free:
                break
            fresh |= await _insert(tx, free, now)
        failpoints.reach("intake.before-commit")
    failpoints.reach("intake.after-commit")
    return [_placement(order, order.placed.order_id in fresh, stored, wrong, now) for order in asked]


async def _insert(tx: Transaction, orders: Sequence[NewOrder], now: datetime) -> set[UUID]:
    """Write those of the orders whose number is free, and announce them; return their ids."""
    entries = [
        store.Entry(order.placed.model_copy(update={"placed_at": now}), order.posted, order.document)
        for order in orders
    ]
    fresh = await store.insert_orders(tx, entries)
    placed = [entry.placed for entry in entries if entry.placed.order_id in fresh]
    if placed:
        await store.insert_rows(tx, placed)
        traces = {order.placed.order_id: order.traceparent for order in orders}
        await outbox.put(tx, *placed, traceparents=[traces[order.order_id] for order in placed])
    return fresh


def _placement(
    order: NewOrder,
    fresh: bool,
    stored: Mapping[tuple[str, str], bytes],
    wrong: Mapping[UUID, tuple[FieldError, ...]],
    at: datetime,
) -> Placement:
    if fresh:
        return Placement("new", at)
    if order.key in stored:
        return Placement("same" if domain.same_document(stored[order.key], order.posted) else "other", at)
    return Placement("refused", at, wrong[order.placed.order_id])
