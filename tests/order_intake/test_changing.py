"""What a retailer may still change about an order in the book, and what others are told of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import uuid_utils.compat as uuid_utils

from order_intake import changing, handlers, placing, standing, store
from order_intake.changing import Change
from order_intake.document import OrderOfAny, order_placed
from order_intake.domain import CANCELLED, DELIVERED, Order
from order_intake.placing import NewOrder
from order_intake.store import Placed
from shared import problems
from shared.contracts import Message, OrderAmended, OrderPlaced
from shared.postgres import Database
from shared.problems import FieldError
from tests.order_intake import orders
from tests.order_intake.orders import NOON, OTHER_SHOP, SHOP, document

Edit = Callable[[dict[str, Any]], object]
PURCHASE = {"name": "PO", "value": "P1"}


def announced(posted: Mapping[str, Any]) -> OrderPlaced:
    """What a document asks for."""
    read = OrderOfAny.model_validate_json(json.dumps(posted))
    return order_placed(uuid_utils.uuid7(), SHOP, read, NOON)


def edited(edit: Edit = lambda document: None) -> Change:
    """A change that edits the document."""

    def change(stored: Mapping[str, Any]) -> tuple[dict[str, Any], OrderPlaced]:
        now = deepcopy(dict(stored))
        edit(now)
        return now, announced(now)

    return change


def field_set(name: str, value: Any) -> Change:
    """A change of one field of the document."""
    return edited(lambda now: now.update({name: value}))


def moved_to(town: str) -> Change:
    """A change of where the client lives."""
    return edited(lambda now: now["client"].update(postOffice=town))


def noted(note: Mapping[str, str]) -> Change:
    """A change that adds a comment."""
    return edited(lambda now: now.setdefault("comments", []).append(note))


def quantity_set(quantity: float, row: int = 0) -> Change:
    """A change of a row's quantity."""
    return edited(lambda now: now["rows"][row].update({"quantity": quantity}))


def refusing(_: Mapping[str, Any]) -> tuple[dict[str, Any], OrderPlaced]:
    """A change that finds its document invalid."""
    raise problems.invalid([FieldError("currency", "wrong", "is no currency")])


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


# Cancelling


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


# Deleting


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


# Opening again


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


# Changing


async def test_a_document_that_says_the_same_changes_nothing(book: Database) -> None:
    await place(book, document("A-1", 5))
    before = await book_of(book)
    await changing.change_order(book, SHOP, "A-1", quantity_set(5.0))
    assert await book_of(book) == before


async def test_a_change_that_concerns_nobody_else_is_stored_only(book: Database) -> None:
    await place(book, document("A-1", 5))
    before = await found(book)
    await changing.change_order(
        book, SHOP, "A-1", edited(lambda now: now["rows"][0].update(productDescription="Boots", weight=2))
    )
    now = await found(book)
    assert orjson.loads(now.document)["rows"][0]["productDescription"] == "Boots"
    assert [now.order.id, now.posted] == [before.order.id, before.posted]
    assert now.updated_at > before.updated_at
    assert len(await said(book)) == 1


async def test_another_delivery_is_told_with_a_higher_version(book: Database) -> None:
    order_id = await place(book, document("A-1", 5))
    for version, town in enumerate(("Oulu", "Turku"), start=1):
        await changing.change_order(book, SHOP, "A-1", moved_to(town))
        amended = (await amendments(book))[-1]
        assert [amended.order_id, amended.version, amended.cancelled] == [order_id, version, False]
        assert amended.delivery.delivery_address.post_office == town


async def test_an_ended_order_goes_nowhere_else_but_takes_comments(book: Database) -> None:
    await place(book, document("A-1", 5))
    await changing.cancel_order(book, SHOP, "A-1")
    comment = {"type": "passThrough", "value": "The customer called"}
    await changing.change_order(book, SHOP, "A-1", field_set("comments", [comment]))
    assert (await amendments(book))[-1].cancelled
    assert (await amendments(book))[-1].delivery.comments[0].value == "The customer called"
    assert (await refusal(book, changing.change_order(book, SHOP, "A-1", moved_to("Oulu")))).status == 409


async def test_rows_that_ask_for_something_else_place_the_order_anew(book: Database) -> None:
    first, west = await place(book, document("A-1", 5, 2)), uuid4()
    await hear(book, first, orders.row_routed("1", ("W1", west, 5)), orders.row_routed("2", unserved=2))
    await ship(book, first, west, "Viewed", ("1", 5, 0))
    await changing.change_order(book, SHOP, "A-1", quantity_set(7))
    placed, now = await placed_last(book), await found(book)
    assert [placed.replaces, placed.order_id] == [first, now.order.id]
    assert [row.quantity for row in placed.rows] == [7, 2]
    assert orjson.loads(now.document)["rows"][0]["quantity"] == 7
    assert [step.value for step in now.order.history] == ["Unroutable", "Accepted"]
    old = await standing_of(book, first)
    assert [old.cancelled, old.status, await amendments(book)] == [True, CANCELLED, []]


async def test_rows_can_be_added_and_taken_out(book: Database) -> None:
    await place(book, document("A-1", 5, 2))
    await changing.change_order(
        book, SHOP, "A-1", edited(lambda now: now.update(rows=document("A-1", 1, 1, 1)["rows"][1:]))
    )
    placed = await placed_last(book)
    assert [row.external_id for row in placed.rows] == ["2", "3"]
    assert list((await standing_of(book, placed.order_id)).rows) == ["2", "3"]


@pytest.mark.parametrize("status", ["Picking", DELIVERED])
async def test_rows_are_not_changed_once_a_supplier_works_on_them(book: Database, status: str) -> None:
    order_id, west = await place(book, document("A-1", 5)), uuid4()
    await hear(book, order_id, orders.row_routed("1", ("W1", west, 5)))
    await ship(book, order_id, west, status, ("1", 5, 5 if status == DELIVERED else 0))
    refused = await refusal(book, changing.change_order(book, SHOP, "A-1", quantity_set(7)))
    assert refused.status == 409
    assert status in refused.message


async def test_rows_that_are_routed_again_after_a_rejection_can_be_changed(book: Database) -> None:
    order_id, west = await place(book, document("A-1", 5)), uuid4()
    await hear(book, order_id, orders.row_routed("1", ("W1", west, 5)))
    await ship(book, order_id, west, "Picking", ("1", 5, 0))
    await ship(book, order_id, west, CANCELLED, ("1", 5, 0), version=3)
    await hear(book, order_id, orders.row_routed("1", rerouting=5), round_=2)
    await changing.change_order(book, SHOP, "A-1", quantity_set(7))
    assert [row.quantity for row in (await placed_last(book)).rows] == [7]


async def test_what_was_cancelled_of_a_row_does_not_come_back_with_a_change_of_another(book: Database) -> None:
    order_id, west = await place(book, document("A-1", 5, 2, 1)), uuid4()
    shipped = [orders.row_routed("1", ("W1", west, 3), cancelled=2), orders.row_routed("3", cancelled=1)]
    await hear(book, order_id, *shipped, orders.row_routed("2", ("W1", west, 2)))
    await changing.change_order(book, SHOP, "A-1", quantity_set(4, row=1))
    placed = await placed_last(book)
    assert {row.external_id: row.quantity for row in placed.rows} == {"1": 3, "2": 4}
    first, second, third = (await standing_of(book, placed.order_id)).rows.values()
    assert [row.cancelled_in_all for row in (first, second, third)] == [2, 0, 1]
    assert [third.status, third.quantity] == [CANCELLED, 0]
    await changing.change_order(book, SHOP, "A-1", quantity_set(6))
    placed = await placed_last(book)
    assert {row.external_id: row.quantity for row in placed.rows} == {"1": 6, "2": 4}


async def test_a_change_that_leaves_nothing_to_send_is_a_conflict(book: Database) -> None:
    await delivered(book, await place(book, document("A-1", 5)), ("1", 5, 3))
    await changing.reopen_order(book, SHOP, "A-1", edited(), None)
    assert (await refusal(book, changing.change_order(book, SHOP, "A-1", quantity_set(3)))).status == 409
    await changing.change_order(book, SHOP, "A-1", quantity_set(4))
    assert [row.quantity for row in (await placed_last(book)).rows] == [1]


async def test_what_was_delivered_is_not_taken_out_of_an_order_any_more(book: Database) -> None:
    await delivered(book, await place(book, document("A-1", 5, 2)), ("1", 5, 3), ("2", 2, 0))
    await changing.reopen_order(book, SHOP, "A-1", edited(), None)
    for less in (quantity_set(2), edited(lambda now: now["rows"].pop(0))):
        refused = await refusal(book, changing.change_order(book, SHOP, "A-1", less))
        assert (refused.status, "3 of row 1 of order A-1 is delivered" in refused.message) == (409, True)
    await changing.change_order(book, SHOP, "A-1", quantity_set(3))
    assert {row.external_id: row.quantity for row in (await placed_last(book)).rows} == {"2": 2}


async def test_an_order_may_be_changed_and_cancelled_at_once(book: Database) -> None:
    order_id = await place(book, document("A-1", 5))
    await changing.change_order(book, SHOP, "A-1", field_set("currency", "SEK"), cancel=True)
    now = await found(book)
    assert [now.order.status, orjson.loads(now.document)["currency"]] == [CANCELLED, "SEK"]
    assert [amended.order_id for amended in await amendments(book)] == [order_id]


async def test_an_invalid_change_writes_nothing(book: Database) -> None:
    await place(book, document("A-1", 5))
    refused = await refusal(book, changing.change_order(book, SHOP, "A-1", refusing, cancel=True))
    assert [error.field for error in refused.errors] == ["currency"]


async def test_of_many_changes_at_once_none_is_lost(book: Database) -> None:
    await place(book, document("A-1", 5))
    notes = [{"type": "passThrough", "value": str(number)} for number in range(8)]
    await asyncio.gather(
        *(changing.change_order(book, SHOP, "A-1", noted(note)) for note in notes),
        changing.change_order(book, SHOP, "A-1", quantity_set(7)),
    )
    kept = orjson.loads((await found(book)).document)
    assert sorted(note["value"] for note in kept["comments"]) == [str(number) for number in range(8)]
    assert kept["rows"][0]["quantity"] == 7


async def test_the_document_posted_first_is_still_the_same_after_a_change(book: Database) -> None:
    await place(book, document("A-1", 5))
    await changing.change_order(book, SHOP, "A-1", quantity_set(7))
    await changing.cancel_order(book, SHOP, "A-1")
    again = [
        NewOrder(announced(posted), json.dumps(posted).encode()) for posted in (document("A-1", 5), document("A-1", 7))
    ]
    assert [placement.outcome for placement in await placing.place_orders(book, again)] == ["same", "other"]


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


# Preferences, and rows that wait no more


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


# Holding and releasing


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


# What lists look for


async def test_an_order_is_found_by_what_it_says_and_where_it_went(book: Database) -> None:
    posted = document("A-1", 5, references=[{"name": "SO", "value": "S 1"}, PURCHASE])
    posted["metadata"]["documentType"] = "SalesOrder"
    posted["rows"][0]["externalWarehouseId"] = "W9"
    order_id = await place(book, posted)
    await place(book, document("A-2"))

    async def columns(number: str) -> list[Any]:
        async with book.transaction() as tx:
            row = await tx.fetch_one("SELECT * FROM orders WHERE external_id = $1 AND current", number)
        assert row is not None
        return [row["order_date"], row["document_type"], row["reference_keys"], row["catalogues"]]

    date = announced(posted).delivery.order_date
    assert await columns("A-1") == [date, "SalesOrder", ["SO\tS 1", "PO\tP1"], ["W9"]]
    assert await columns("A-2") == [date, None, ["PO\tA-2", "SO\tA-2"], []]
    await hear(book, order_id, orders.row_routed("1", ("W1", uuid4(), 5)))
    assert (await columns("A-1"))[3] == ["W1", "W9"]
    await changing.change_order(book, SHOP, "A-1", field_set("references", [{"name": "SO", "value": "S2"}, PURCHASE]))
    assert (await columns("A-1"))[2:] == [["SO\tS2", "PO\tP1"], ["W1", "W9"]]
    await changing.change_order(book, SHOP, "A-1", quantity_set(6))
    assert (await columns("A-1"))[2:] == [["SO\tS2", "PO\tP1"], ["W9"]]
