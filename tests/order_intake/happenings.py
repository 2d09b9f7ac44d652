"""What happens to an order in the book, what is said of it, and how it stands then."""

import json
from collections.abc import Awaitable
from typing import Any
from uuid import UUID, uuid4

import pytest

from order_intake import handlers, placing, standing, store
from order_intake.domain import DELIVERED, Order
from order_intake.placing import NewOrder
from order_intake.store import Placed
from shared import problems
from shared.contracts import Message, OrderAmended, OrderPlaced
from shared.postgres import Database
from tests.order_intake import orders
from tests.order_intake.edits import announced
from tests.order_intake.orders import SHOP


async def place(book: Database, posted: dict[str, Any], retailer: str = SHOP) -> UUID:
    """An order in the book."""
    placed = announced(posted).model_copy(update={"retailer_id": retailer})
    (placement,) = await placing.place_orders(book, [NewOrder(placed, json.dumps(posted).encode())])
    assert placement.outcome == "new"
    return placed.order_id


async def hear(book: Database, order_id: UUID, *rows: Any, round_: int = 1) -> None:
    """The order's routing is heard."""
    async with book.transaction() as tx:
        await handlers.show_routes([orders.routed(order_id, *rows, round_=round_)], tx)


async def ship(book: Database, order_id: UUID, shipment: UUID, status: str, *rows: Any, version: int = 2) -> None:
    """A shipment's change is heard."""
    async with book.transaction() as tx:
        await handlers.follow_shipments([orders.shipment(order_id, shipment, status, *rows, version=version)], tx)


async def delivered(book: Database, order_id: UUID, *rows: tuple[str, int, int]) -> None:
    """The order went to one warehouse, which delivers of its rows (row, quantity, delivered), and the rest is gone."""
    west = uuid4()
    await hear(book, order_id, *(orders.row_routed(row, ("W1", west, quantity)) for row, quantity, _ in rows))
    await ship(book, order_id, west, DELIVERED, *rows)
    ended = [
        orders.row_routed(row, *([("W1", west, sent)] if sent else []), cancelled=quantity - sent)
        for row, quantity, sent in rows
    ]
    await hear(book, order_id, *ended, round_=2)


async def said(book: Database) -> list[Message]:
    """All that was said, in its order."""
    kinds = {kind.topic: kind for kind in (OrderPlaced, OrderAmended)}
    async with book.transaction() as tx:
        rows = await tx.fetch("SELECT topic, value FROM outbox ORDER BY id")
    return [kinds[row["topic"]].model_validate_json(row["value"]) for row in rows]


async def amendments(book: Database) -> list[OrderAmended]:
    """What was said of orders after they were placed."""
    return [message for message in await said(book) if isinstance(message, OrderAmended)]


async def placed_last(book: Database) -> OrderPlaced:
    """The order that was placed last, as it was announced."""
    message = (await said(book))[-1]
    assert isinstance(message, OrderPlaced)
    return message


async def current(book: Database, external_id: str = "A-1") -> Placed | None:
    """The order as it is in the book, without its rows."""
    async with book.transaction_of(SHOP) as tx:
        return await store.placed_order(tx, SHOP, external_id)


async def found(book: Database, external_id: str = "A-1") -> Placed:
    """The order as it is in the book, which has it."""
    placed = await current(book, external_id)
    assert placed is not None
    return placed


async def standing_of(book: Database, order_id: UUID) -> Order:
    """An order with its rows, whether it is current or not."""
    async with book.transaction() as tx:
        (order,) = (await standing.with_rows(tx, await store.orders_for_update(tx, [order_id]))).values()
    return order


async def book_of(book: Database) -> list[Any]:
    """Everything the book has, to compare."""
    async with book.transaction() as tx:
        return [await tx.fetch(f"SELECT * FROM {table}") for table in ("orders", "order_rows", "row_parts", "outbox")]


async def refusal(book: Database, doing: Awaitable[None]) -> problems.Refused:
    """The refusal of a change; nothing was written."""
    before = await book_of(book)
    with pytest.raises(problems.Refused) as refused:
        await doing
    assert await book_of(book) == before
    return refused.value
