"""What an order prefers, which of its rows wait no more, and when it is held and released."""

from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from order_intake import changing, store
from shared.postgres import Database
from tests.order_intake import orders
from tests.order_intake.edits import edited, field_set, moved_to, quantity_set
from tests.order_intake.happenings import amendments, book_of, found, hear, place, placed_last, refusal, ship
from tests.order_intake.orders import SHOP, document


async def test_what_an_order_prefers_is_announced(book: Database) -> None:
    hold = "0197f8a2-7c1e-7d30-8000-000000000002"
    preferences = {"allOrNothing": True, "strategy": "lowest-cost", "reservationId": hold}
    await place(book, document("A-1", 5, preferences=preferences))
    placed = await placed_last(book)
    assert [placed.all_or_nothing, placed.strategy, str(placed.reservation_id)] == [True, "lowest-cost", hold]
    await place(book, document("A-2", 5, preferences={"allOrNothing": "", "strategy": " ", "reservationId": None}))
    placed = await placed_last(book)
    assert [placed.all_or_nothing, placed.strategy, placed.reservation_id] == [None, None, None]


@pytest.mark.parametrize(
    ("name", "value"), [("allOrNothing", False), ("strategy", "priority"), ("reservationId", str(UUID(int=7)))]
)
async def test_preferences_that_decided_the_rows_change_with_the_rows_only(
    book: Database, name: str, value: Any
) -> None:
    await place(book, document("A-1", 5))
    preferring = field_set("preferences", {name: value})
    refused = await refusal(book, changing.change_order(book, SHOP, "A-1", preferring))
    assert (refused.status, f"preferences.{name}" in refused.message) == (409, True)

    def both(now: dict[str, Any]) -> None:
        now["preferences"] = {name: value}
        now["rows"][0]["quantity"] = 7

    await changing.change_order(book, SHOP, "A-1", edited(both))
    placed = await placed_last(book)
    assert value in (placed.all_or_nothing, placed.strategy, str(placed.reservation_id))


async def test_an_order_that_is_opened_again_may_prefer_something_else(book: Database) -> None:
    await place(book, document("A-1", 5))
    await changing.cancel_order(book, SHOP, "A-1")
    preferring = field_set("preferences", {"strategy": "highest-stock"})
    await changing.reopen_order(book, SHOP, "A-1", preferring, b'{"preferences": {"strategy": "highest-stock"}}')
    assert (await placed_last(book)).strategy == "highest-stock"


def backordered(*numbers: str) -> dict[str, Any]:
    """An order of two rows that may wait; of those named the waiting is cancelled."""
    posted = document("A-1", 5, 2)
    for row in posted["rows"]:
        row |= {"backOrder": True} | ({"backOrderCancelled": True} if row["externalId"] in numbers else {})
    return posted


async def test_a_row_that_is_to_wait_no_more_is_told_and_not_placed_anew(book: Database) -> None:
    order_id, west = await place(book, backordered()), uuid4()
    await hear(book, order_id, orders.row_routed("1", ("W1", west, 3), waiting=2), orders.row_routed("2", waiting=2))
    await ship(book, order_id, west, "Picking", ("1", 3, 0))
    await changing.change_order(book, SHOP, "A-1", edited(lambda now: now.update(rows=backordered("2")["rows"])))
    await changing.change_order(book, SHOP, "A-1", moved_to("Oulu"))
    await changing.change_order(book, SHOP, "A-1", edited(lambda now: now.update(rows=backordered("1", "2")["rows"])))
    assert [amended.no_waiting for amended in await amendments(book)] == [("2",), ("2",), ("1", "2")]
    assert (await found(book)).order.id == order_id


async def test_a_row_that_is_to_wait_after_all_is_placed_anew_while_nobody_works_on_it(book: Database) -> None:
    first = await place(book, backordered("1"))
    assert [row.back_order for row in (await placed_last(book)).rows] == [False, True]
    await changing.change_order(book, SHOP, "A-1", edited(lambda now: now.update(rows=backordered()["rows"])))
    placed = await placed_last(book)
    assert [placed.replaces, *(row.back_order for row in placed.rows)] == [first, True, True]


async def test_rows_that_wait_no_more_stay_so_when_the_order_is_placed_anew(book: Database) -> None:
    await place(book, backordered("1"))
    await changing.change_order(book, SHOP, "A-1", quantity_set(9, row=1))
    assert [row.back_order for row in (await placed_last(book)).rows] == [False, True]
    await changing.cancel_order(book, SHOP, "A-1")
    assert [amended.no_waiting for amended in await amendments(book)] == [("1",)]


async def held_order(book: Database) -> UUID:
    """An order that waits for its release."""
    return await place(book, document("A-1", 5, preferences={"autoSubmit": False}))


async def test_a_held_order_is_announced_as_held_until_it_is_released(book: Database) -> None:
    order_id = await held_order(book)
    assert (await placed_last(book)).held
    await changing.release_order(book, SHOP, "A-1")
    (amended,) = await amendments(book)
    assert [amended.order_id, amended.version, amended.held] == [order_id, 1, False]
    now = await found(book)
    assert [now.order.held, orjson.loads(now.document)["preferences"]] == [False, {"autoSubmit": True}]


async def test_releasing_what_is_not_held_changes_nothing(book: Database) -> None:
    await place(book, document("A-1"))
    before = await book_of(book)
    await changing.release_order(book, SHOP, "A-1")
    assert await book_of(book) == before


async def test_a_released_order_is_not_held_again(book: Database) -> None:
    await held_order(book)
    await changing.release_order(book, SHOP, "A-1")
    hold = field_set("preferences", {"autoSubmit": False})
    assert (await refusal(book, changing.change_order(book, SHOP, "A-1", hold))).status == 409


async def test_a_held_order_that_is_changed_stays_held(book: Database) -> None:
    await held_order(book)
    await changing.change_order(book, SHOP, "A-1", moved_to("Oulu"))
    assert [amended.held for amended in await amendments(book)] == [True]
    await changing.change_order(book, SHOP, "A-1", quantity_set(7))
    assert (await placed_last(book)).held
    assert (await found(book)).order.held


async def test_a_change_may_release_a_held_order(book: Database) -> None:
    await held_order(book)
    await changing.change_order(book, SHOP, "A-1", field_set("preferences", {"autoSubmit": True}))
    assert [amended.held for amended in await amendments(book)] == [False]
    assert not (await found(book)).order.held


async def test_a_cancelled_order_is_not_released(book: Database) -> None:
    await held_order(book)
    await changing.cancel_order(book, SHOP, "A-1")
    assert (await refusal(book, changing.release_order(book, SHOP, "A-1"))).status == 409


async def test_reserved_stock_is_in_the_books(book: Database) -> None:
    order_id = await held_order(book)
    await hear(book, order_id, orders.row_routed("1", reserved=3, waiting=1, unserved=1))
    async with book.transaction() as tx:
        (row,) = await store.books(tx)
    assert [row.reserved, row.waiting, row.unserved, row.status] == [3, 1, 1, "Routed"]
    await changing.cancel_order(book, SHOP, "A-1")
    async with book.transaction() as tx:
        (row,) = await store.books(tx)
    assert [row.reserved, row.waiting, row.unserved, row.cancelled] == [0, 0, 0, 5]
