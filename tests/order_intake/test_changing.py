"""What a retailer may still change about an order in the book, and what others are told of it."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson
import pytest

from order_intake import changing, placing
from order_intake.changing import Change
from order_intake.domain import CANCELLED, DELIVERED
from order_intake.placing import NewOrder
from shared import problems
from shared.contracts import OrderPlaced
from shared.postgres import Database
from shared.problems import FieldError
from tests.order_intake import orders
from tests.order_intake.edits import announced, edited, field_set, moved_to, quantity_set
from tests.order_intake.happenings import (
    amendments,
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

PURCHASE = {"name": "PO", "value": "P1"}


def noted(note: Mapping[str, str]) -> Change:
    """A change that adds a comment."""
    return edited(lambda now: now.setdefault("comments", []).append(note))


def refusing(_: Mapping[str, Any]) -> tuple[dict[str, Any], OrderPlaced]:
    """A change that finds its document invalid."""
    raise problems.invalid([FieldError("currency", "wrong", "is no currency")])


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
