"""Taking orders into the book: any number of retailers' orders in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from order_intake import domain, store
from shared import outbox
from shared.contracts import OrderPlaced
from shared.postgres import Database


@dataclass(frozen=True)
class NewOrder:
    """An order that is asked for. The moment of `placed` is set when it is taken into the book."""

    placed: OrderPlaced
    posted: bytes
    traceparent: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What must be unique: the retailer and its order number."""
        return self.placed.retailer_id, self.placed.external_id


@dataclass(frozen=True)
class Placement:
    """What became of an order: it is new, the very same is there already, or another one with its number is."""

    outcome: Literal["new", "same", "other"]
    at: datetime


async def place_orders(database: Database, asked: Sequence[NewOrder]) -> list[Placement]:
    """Write orders, rows and OrderPlaced in one transaction. Of several with one number the first counts."""
    first: dict[tuple[str, str], NewOrder] = {}
    for order in asked:
        first.setdefault(order.key, order)
    async with database.transaction() as tx:
        now = await tx.now()
        wanted = [(order.placed.model_copy(update={"placed_at": now}), order.posted) for order in first.values()]
        fresh_ids = await store.insert_orders(tx, wanted)
        fresh = [placed for placed, _ in wanted if placed.order_id in fresh_ids]
        if fresh:
            await store.insert_rows(tx, fresh)
            traces = {order.placed.order_id: order.traceparent for order in first.values()}
            await outbox.put(tx, *fresh, traceparents=[traces[placed.order_id] for placed in fresh])
        repeated = {order.key for order in asked if order.placed.order_id not in fresh_ids}
        stored = await store.documents_at(tx, list(repeated)) if repeated else {}
    return [_placement(order, order.placed.order_id in fresh_ids, stored, now) for order in asked]


def _placement(order: NewOrder, fresh: bool, stored: dict[tuple[str, str], bytes], at: datetime) -> Placement:
    if fresh:
        return Placement("new", at)
    return Placement("same" if domain.same_document(stored[order.key], order.posted) else "other", at)
