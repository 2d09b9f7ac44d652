"""An order that has ended is opened again, for what is still to come of it."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from order_intake import changing
from order_intake.domain import CANCELLED, DELIVERED
from shared.contracts import OrderPlaced
from shared.postgres import Database
from tests.order_intake import orders
from tests.order_intake.edits import edited
from tests.order_intake.happenings import (
    book_of,
    delivered,
    found,
    hear,
    place,
    placed_last,
    refusal,
    said,
    ship,
    standing_of,
)
from tests.order_intake.orders import SHOP, document


async def test_a_cancelled_order_is_opened_again_under_its_number(book: Database) -> None:
    first = await place(book, document("A-1", 5))
    before = await found(book)
    await changing.cancel_order(book, SHOP, "A-1")
    await changing.reopen_order(book, SHOP, "A-1", edited(), None)
    now, placed = await found(book), await placed_last(book)
    assert placed.order_id == now.order.id != first
    assert [placed.replaces, placed.external_id, placed.held] == [first, "A-1", False]
    assert {row.external_id: row.quantity for row in placed.rows} == {"1": 5}
    assert placed.placed_at > before.placed_at == now.placed_at
    assert [step.value for step in now.order.history] == [CANCELLED, "Accepted"]
    assert [now.posted, now.order.status, now.order.cancelled] == [before.posted, "Accepted", False]


async def test_what_is_said_late_of_the_old_order_does_not_touch_the_new_one(book: Database) -> None:
    first, west = await place(book, document("A-1", 5)), uuid4()
    await changing.cancel_order(book, SHOP, "A-1")
    await changing.reopen_order(book, SHOP, "A-1", edited(), None)
    await hear(book, first, orders.row_routed("1", ("W1", west, 5)))
    await ship(book, first, west, CANCELLED, ("1", 5, 0))
    now = await standing_of(book, (await found(book)).order.id)
    assert [now.status, now.rows["1"].parts] == ["Accepted", {}]
    assert (await standing_of(book, first)).status == CANCELLED


async def test_only_what_was_not_delivered_is_asked_for_again(book: Database) -> None:
    await delivered(book, await place(book, document("A-1", 5, 2)), ("1", 5, 3), ("2", 2, 2))
    await changing.reopen_order(book, SHOP, "A-1", edited(), None)
    placed = await placed_last(book)
    assert {row.external_id: row.quantity for row in placed.rows} == {"1": 2}
    order = await standing_of(book, placed.order_id)
    first, second = order.rows.values()
    assert [first.status, first.quantity, first.delivered_in_all] == ["Accepted", 2, 3]
    assert [second.status, second.quantity, second.delivered_in_all] == [DELIVERED, 0, 2]
    assert order.status == "Accepted"


async def test_what_was_delivered_in_several_goes_is_added_up(book: Database) -> None:
    await delivered(book, await place(book, document("A-1", 5)), ("1", 5, 2))
    await changing.reopen_order(book, SHOP, "A-1", edited(), None)
    await delivered(book, (await placed_last(book)).order_id, ("1", 3, 1))
    await changing.reopen_order(book, SHOP, "A-1", edited(), None)
    placed = await placed_last(book)
    assert [row.quantity for row in placed.rows] == [2]
    assert (await standing_of(book, placed.order_id)).rows["1"].delivered_in_all == 3


async def test_when_everything_was_delivered_all_of_it_is_asked_for_again(book: Database) -> None:
    await delivered(book, await place(book, document("A-1", 5, 2)), ("1", 5, 5), ("2", 2, 2))
    await changing.reopen_order(book, SHOP, "A-1", edited(), None)
    placed = await placed_last(book)
    assert [row.quantity for row in placed.rows] == [5, 2]
    assert [row.delivered_before for row in (await standing_of(book, placed.order_id)).rows.values()] == [0, 0]


async def test_an_open_order_is_not_opened_again(book: Database) -> None:
    await place(book, document())
    refused = await refusal(book, changing.reopen_order(book, SHOP, "A-1", edited(), None))
    assert refused.status == 409
    assert "is Accepted" in refused.message


@pytest.mark.parametrize("body", [None, document("A-1", 7)])
async def test_opening_an_order_again_twice_is_harmless(book: Database, body: dict[str, Any] | None) -> None:
    await place(book, document("A-1", 5))
    await changing.cancel_order(book, SHOP, "A-1")
    posted = None if body is None else json.dumps(body).encode()
    change = edited() if body is None else edited(lambda now: now.update(body))
    await changing.reopen_order(book, SHOP, "A-1", change, posted)
    before = await book_of(book)
    await changing.reopen_order(book, SHOP, "A-1", change, posted)
    assert await book_of(book) == before
    assert [row.quantity for row in (await placed_last(book)).rows] == [7 if body else 5]


async def test_an_order_opened_again_is_not_opened_by_another_body(book: Database) -> None:
    await place(book, document("A-1", 5))
    await changing.cancel_order(book, SHOP, "A-1")
    await changing.reopen_order(book, SHOP, "A-1", edited(), b'{"a": 1}')
    assert (await refusal(book, changing.reopen_order(book, SHOP, "A-1", edited(), b'{"a": 2}'))).status == 409


async def test_of_many_that_open_an_order_again_at_once_one_does(book: Database) -> None:
    first = await place(book, document("A-1", 5))
    await changing.cancel_order(book, SHOP, "A-1")
    await asyncio.gather(*(changing.reopen_order(book, SHOP, "A-1", edited(), None) for _ in range(6)))
    placed = [message for message in await said(book) if isinstance(message, OrderPlaced)]
    assert [message.replaces for message in placed] == [None, first]
