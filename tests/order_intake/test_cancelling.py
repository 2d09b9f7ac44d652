"""Orders that are cancelled or deleted, and what others are told of it."""

import json
from uuid import uuid4

import pytest

from order_intake import changing, placing, store
from order_intake.domain import CANCELLED, DELIVERED
from order_intake.placing import NewOrder
from shared.postgres import Database
from tests.order_intake import orders
from tests.order_intake.edits import announced, edited, field_set
from tests.order_intake.happenings import (
    amendments,
    book_of,
    current,
    delivered,
    found,
    hear,
    place,
    refusal,
    ship,
    standing_of,
)
from tests.order_intake.orders import OTHER_SHOP, SHOP, document


async def test_a_cancelled_order_is_cancelled_at_once_and_others_hear_of_it(book: Database) -> None:
    order_id = await place(book, document("A-1", 5, 2))
    before = await found(book)
    await changing.cancel_order(book, SHOP, "A-1")
    order = await standing_of(book, order_id)
    assert [order.status, *(row.status for row in order.rows.values())] == [CANCELLED] * 3
    (amended,) = await amendments(book)
    assert [amended.order_id, amended.version, amended.cancelled, amended.held] == [order_id, 1, True, False]
    assert amended.delivery == announced(document("A-1", 5, 2)).delivery
    assert (await found(book)).updated_at > before.updated_at


async def test_cancelling_again_changes_nothing(book: Database) -> None:
    await place(book, document())
    await changing.cancel_order(book, SHOP, "A-1")
    before = await book_of(book)
    await changing.cancel_order(book, SHOP, "A-1")
    await changing.change_order(book, SHOP, "A-1", edited(), cancel=True)
    assert await book_of(book) == before


async def test_an_order_whose_supplier_cancelled_can_be_cancelled_so_that_nobody_routes_it_again(
    book: Database,
) -> None:
    order_id, west = await place(book, document()), uuid4()
    await hear(book, order_id, orders.row_routed("1", ("W1", west, 5)))
    await ship(book, order_id, west, CANCELLED, ("1", 5, 0))
    await changing.cancel_order(book, SHOP, "A-1")
    assert [amended.cancelled for amended in await amendments(book)] == [True]
    await hear(book, order_id, orders.row_routed("1", ("W2", uuid4(), 5)), round_=2)
    assert (await standing_of(book, order_id)).status == CANCELLED


async def test_what_is_delivered_in_part_is_cancelled_for_the_rest(book: Database) -> None:
    order_id, west = await place(book, document("A-1", 5)), uuid4()
    await hear(book, order_id, orders.row_routed("1", ("W1", west, 5)))
    await ship(book, order_id, west, "Packing", ("1", 5, 3))
    await changing.cancel_order(book, SHOP, "A-1")
    row = (await standing_of(book, order_id)).rows["1"]
    assert [row.status, row.delivered, row.cancelled] == [DELIVERED, 3, 2]


async def test_a_delivered_order_cannot_be_cancelled(book: Database) -> None:
    await delivered(book, await place(book, document("A-1", 5)), ("1", 5, 5))
    refused = await refusal(book, changing.cancel_order(book, SHOP, "A-1"))
    assert [refused.status, refused.message] == [409, "Order A-1 is Delivered, which is final"]


async def test_the_books_of_a_cancelled_order_that_was_never_routed_say_so(book: Database) -> None:
    await place(book, document("A-1", 5))
    await changing.cancel_order(book, SHOP, "A-1")
    async with book.transaction() as tx:
        (row,) = await store.books(tx)
    assert [row.routed, row.cancelled_order, row.current, row.cancelled] == [False, True, True, 5]


@pytest.mark.parametrize("retailer", [SHOP, OTHER_SHOP])
async def test_nobody_changes_an_order_that_is_not_there_or_anothers(book: Database, retailer: str) -> None:
    if retailer == OTHER_SHOP:
        await place(book, document("A-1"))
    ways = [
        changing.cancel_order(book, retailer, "A-1"),
        changing.delete_order(book, retailer, "A-1"),
        changing.release_order(book, retailer, "A-1"),
        changing.change_order(book, retailer, "A-1", field_set("currency", "SEK")),
        changing.reopen_order(book, retailer, "A-1", edited(), None),
    ]
    for way in ways:
        assert (await refusal(book, way)).status == 404


async def test_a_deleted_order_is_gone_and_its_number_free(book: Database) -> None:
    first = await place(book, document("A-1", 5))
    await changing.delete_order(book, SHOP, "A-1")
    assert await current(book) is None
    assert [amended.cancelled for amended in await amendments(book)] == [True]
    second = await place(book, document("A-1", 5))
    assert (await found(book)).order.id == second
    async with book.transaction() as tx:
        kept = {row.order_id: row.current for row in await store.books(tx)}
    assert kept == {first: False, second: True}


async def test_a_cancelled_order_is_deleted_without_saying_it_again(book: Database) -> None:
    await place(book, document())
    await changing.cancel_order(book, SHOP, "A-1")
    await changing.delete_order(book, SHOP, "A-1")
    assert await current(book) is None
    assert len(await amendments(book)) == 1


async def test_an_order_of_which_something_was_delivered_is_not_deleted(book: Database) -> None:
    order_id, west = await place(book, document("A-1", 5)), uuid4()
    await hear(book, order_id, orders.row_routed("1", ("W1", west, 5)))
    await ship(book, order_id, west, "Packing", ("1", 5, 1))
    assert (await refusal(book, changing.delete_order(book, SHOP, "A-1"))).status == 409


async def test_a_deleted_order_still_takes_what_is_said_of_it(book: Database) -> None:
    order_id, west = await place(book, document("A-1", 5)), uuid4()
    await changing.delete_order(book, SHOP, "A-1")
    await hear(book, order_id, orders.row_routed("1", ("W1", west, 5)))
    await ship(book, order_id, west, DELIVERED, ("1", 5, 4))
    assert (await standing_of(book, order_id)).rows["1"].delivered == 4


async def test_what_means_nothing_in_version_2_may_say_anything(book: Database) -> None:
    posted = document("A-1", 5, totalPrice="a lot", clientId=7, comments=[])
    await placing.place_orders(book, [orders.new_order(posted)])
    await changing.cancel_order(book, SHOP, "A-1")
    assert (await found(book)).order.status == CANCELLED


async def test_what_nobody_looked_at_when_an_order_was_taken_may_say_anything(book: Database) -> None:
    posted = document("A-1", 5, 2, preferences={"strategy": "dearest", "reservationId": 7, "autoSubmit": True})
    posted["rows"][0]["backOrderCancelled"] = "perhaps"
    posted["rows"][1]["backOrderCancelled"] = ["no"]
    taken = orders.new_order(document("A-1", 5, 2))
    await placing.place_orders(book, [NewOrder(taken.placed, json.dumps(posted).encode())])
    await changing.cancel_order(book, SHOP, "A-1")
    assert (await found(book)).order.status == CANCELLED
    assert (await amendments(book))[-1].no_waiting == ()
