"""Figures that say there is less than was thought, or what there was some time ago."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from inventory import handlers, store
from shared import problems
from shared.contracts import AllocateOrder, OrderFilled, PromiseWithdrawn
from tests.inventory import orders
from tests.inventory.examples import numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER, order, row, shipment
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties

HERE = {"productExternalId": "A", "retailerId": SHOP, "catalogExternalId": "W"}


async def say(parties: Parties, **figures: Any) -> list[Any]:
    """What is refused of a change of the product A in the catalogue W."""
    errors: list[Any] = await parties.put(SUPPLIER, BALANCES, [{**HERE, **figures}])
    return errors


def gone(events: list[PromiseWithdrawn]) -> dict[UUID, dict[tuple[str, int], float]]:
    """What was withdrawn from each order, by row and lot."""
    return {event.order_id: {(one.external_id, one.lot): float(one.quantity) for one in event.rows} for event in events}


async def back_in_time(parties: Parties, one: AllocateOrder, hours: float) -> None:
    """Let an order's promises, and what was delivered of them, be some hours old."""
    async with parties.stock.transaction() as tx:
        await tx.execute(
            "UPDATE allocations SET allocated_at = allocated_at - $2::interval, delivered_at = delivered_at - $2"
            " WHERE order_id = $1",
            one.order_id,
            timedelta(hours=hours),
        )


async def hours_ago(parties: Parties, hours: float) -> str:
    async with parties.stock.transaction() as tx:
        moment: datetime = await tx.now()
    return problems.timestamp(moment - timedelta(hours=hours))


async def test_of_60_on_hand_with_45_promised_counted_again_as_33_12_move(parties: Parties) -> None:
    await parties.publish({"W": {"A": 60}})
    old, new = order(row("1", 30, "W/A"), minute=1), order(row("1", 10, "W/A"), row("2", 5, "W/A"), minute=2)
    await parties.allocate(new, old)
    assert await parties.balance("W/A") == (15, 45)
    assert await say(parties, onHand=33) == []
    assert await parties.balance("W/A") == (0, 33)
    events = await parties.said(PromiseWithdrawn)
    assert gone(events) == {new.order_id: {("1", 1): 7, ("2", 1): 5}}
    assert [(one.retailer_id, one.catalogue_id, one.cause) for one in events] == [
        (SHOP, "W", "W counted less than was promised")
    ]
    async with parties.stock.transaction() as tx:
        kept = {(one.order_id, one.row_id): float(one.quantity) for one in await store.promised(tx)}
    assert kept == {(old.order_id, "1"): 30, (new.order_id, "1"): 3, (new.order_id, "2"): 0}
    assert await parties.the_books_add_up()


async def test_what_is_delivered_already_is_not_withdrawn(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    wanted = order(row("1", 6, "W/A"))
    await parties.allocate(wanted)
    await parties.take(handlers.settle_shipments, shipment(wanted.order_id, "W", ("1", "A", 6, 4), version=2))
    assert await say(parties, onHand=0) == []
    assert gone(await parties.said(PromiseWithdrawn)) == {wanted.order_id: {("1", 1): 2}}
    assert await parties.balance("W/A") == (0, 0)
    assert await parties.the_books_add_up()


async def test_a_count_that_covers_what_is_promised_withdraws_nothing(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    await parties.allocate(order(row("1", 6, "W/A")))
    for figures in ({"onHand": 6}, {"quantity": 0}, {"onHand": 2, "allocated": 0}):
        assert await say(parties, **figures) == []
        assert await parties.said(PromiseWithdrawn) == []
        assert await parties.the_books_add_up()


async def test_the_same_count_sent_again_withdraws_no_more(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    await parties.allocate(order(row("1", 6, "W/A")))
    await asyncio.gather(*(say(parties, onHand=4) for _ in range(3)))
    (event,) = await parties.said(PromiseWithdrawn)
    assert [float(one.quantity) for one in event.rows] == [2]
    assert await parties.balance("W/A") == (0, 4)
    assert await parties.the_books_add_up()


async def test_an_item_that_is_refused_elsewhere_withdraws_nothing(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    await parties.allocate(order(row("1", 6, "W/A")))
    item = {"product": {"externalId": "A"}, "balances": [{**HERE, "onHand": 1}, {**HERE, "adjust": -9}]}
    (error,) = await parties.put(SUPPLIER, INVENTORY, [item])
    assert error["field"] == "balances[1].adjust"
    assert await parties.said(PromiseWithdrawn) == []
    assert await parties.balance("W/A") == (4, 6)


async def test_a_slow_feed_does_not_hand_out_units_twice(parties: Parties) -> None:
    await parties.publish({"W": {"A": 20}})
    before, since = order(row("1", 4, "W/A")), order(row("1", 3, "W/A"))
    await parties.allocate(before, since)
    await back_in_time(parties, before, 2)
    moment = await hours_ago(parties, 1)
    assert await say(parties, quantity=10, asOf=moment) == []
    assert await parties.balance("W/A") == (7, 7)
    closed = shipment(since.order_id, "W", ("1", "A", 3, 1), version=2, closed=True)
    await parties.take(handlers.settle_shipments, closed)
    assert await say(parties, quantity=10, asOf=moment) == []
    assert await parties.balance("W/A") == (9, 4)
    assert await say(parties, quantity=0.5, asOf=moment) == []
    assert await parties.balance("W/A") == (0, 4)
    assert await parties.the_books_add_up()


async def test_a_count_of_some_time_ago_still_held_what_has_left_since(parties: Parties) -> None:
    await parties.publish({"W": {"A": 20}})
    long_gone, lately, still = (order(row("1", quantity, "W/A")) for quantity in (2, 5, 3))
    await parties.allocate(long_gone, lately, still)
    for one, quantity in ((long_gone, 2.0), (lately, 5.0)):
        news = shipment(one.order_id, "W", ("1", "A", quantity, quantity), version=2, closed=True)
        await parties.take(handlers.settle_shipments, news)
    await back_in_time(parties, long_gone, 2)
    assert await say(parties, onHand=18, asOf=await hours_ago(parties, 1)) == []
    assert await parties.balance("W/A") == (10, 3)
    assert await say(parties, onHand=7, asOf=await hours_ago(parties, 1)) == []
    assert await parties.balance("W/A") == (0, 2)
    assert gone(await parties.said(PromiseWithdrawn)) == {still.order_id: {("1", 1): 1}}
    assert await parties.the_books_add_up()


async def test_a_figure_that_accounts_for_open_orders_accounts_for_those_of_its_moment(parties: Parties) -> None:
    await parties.publish({"W": {"A": 20}})
    before, since = order(row("1", 4, "W/A")), order(row("1", 3, "W/A"))
    await parties.allocate(before, since)
    await back_in_time(parties, before, 2)
    for figure in ("quantity", "onHand"):
        assert await say(parties, allocated=0, asOf=await hours_ago(parties, 1), **{figure: 9}) == []
        assert await parties.the_books_add_up()
    assert await parties.balance("W/A") == (9, 0)


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ({"quantity": 1, "asOf": "2199-01-01T00:00:00Z"}, "in_future"),
        ({"onHand": 1, "asOf": "2020-01-01T00:00:00Z"}, "too_old"),
        ({"adjust": 1, "asOf": "2026-01-01T00:00:00Z"}, "value_error"),
        ({"quantity": 1, "asOf": "yesterday"}, "datetime_from_date_parsing"),
        ({"quantity": 1, "asOf": 5}, "value_error"),
    ],
)
async def test_a_moment_that_cannot_be_is_an_error_of_its_item(
    parties: Parties, figures: dict[str, Any], code: str
) -> None:
    await parties.publish({"W": {"A": 9}})
    assert numbers(await say(parties, **figures), "index", "field", "code") == [(0, "asOf", code)]
    assert await parties.balance("W/A") == (9, None)


@pytest.mark.parametrize(
    ("figures", "field"),
    [
        ({"asOf": "2026-01-01T00:00:00Z", "wholesalePrice": 3}, "asOf"),
        ({"asOf": "2026-01-01T00:00:00Z", "allocated": 0}, "asOf"),
        ({"allocated": 3, "wholesalePrice": 3}, "allocated"),
        ({"allocated": 3, "adjust": 1}, "allocated"),
        ({"allocated": 3, "onHand": 9}, "allocated"),
    ],
)
async def test_a_moment_without_a_figure_and_promises_that_are_not_let_go_of_are_errors_of_their_item(
    parties: Parties, figures: dict[str, Any], field: str
) -> None:
    await parties.publish({"W": {"A": 9}})
    assert numbers(await say(parties, **figures), "index", "field", "code") == [(0, field, "value_error")]
    (only,) = (await parties.get(SUPPLIER, BALANCES))["content"]
    assert (only["quantity"], only.get("allocated"), only.get("wholesalePrice")) == (9, None, None)


async def test_every_word_of_a_balance_is_kept_and_answered(parties: Parties) -> None:
    await parties.publish({"W": {"A": 9}})
    (plain,) = (await parties.get(SHOP, f"{CATALOGUES}/W/balances"))["content"]
    assert {name: plain.get(name) for name in ("unlimited", "backOrderAllowed", "backOrderLimit")} == {
        "unlimited": False,
        "backOrderAllowed": None,
        "backOrderLimit": None,
    }
    assert (plain["held"], plain["backordered"]) == (0, 0)
    said = {"unlimited": True, "backOrderAllowed": False, "backOrderLimit": 2.5, "safetyStock": 1}
    assert await say(parties, **said) == []
    (only,) = (await parties.get(SHOP, BALANCES))["content"]
    assert {name: only[name] for name in said} == said
    for path in (f"{CATALOGUES}/W/balances", f"{CATALOGUES}/balances"):
        assert (await parties.get(SHOP, path))["content"] == [only]
    assert (await parties.get(SUPPLIER, f"{INVENTORY}/A"))["balances"] == [only]
    assert await parties.put(SUPPLIER, BALANCES, [only]) == []
    assert await say(parties, unlimited=False, backOrderAllowed=True, backOrderLimit=0) == []
    (only,) = (await parties.get(SUPPLIER, BALANCES))["content"]
    assert (only["unlimited"], only["backOrderAllowed"], only["backOrderLimit"]) == (False, True, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 4},
        {"onHand": 4},
        {"adjust": 4},
        {"unlimited": True},
    ],
)
async def test_stock_that_is_booked_goes_to_who_waits_in_the_same_transaction(
    parties: Parties, change: dict[str, Any]
) -> None:
    await parties.publish({"W": {"A": 0}})
    await parties.open_catalogue("W", backOrderAllowed=True)
    older, younger = (order(row("1", n, "W/A", back_order=True), minute=m) for n, m in ((6, 1), (3, 2)))
    await parties.allocate(younger, older)
    (only,) = (await parties.get(SUPPLIER, BALANCES))["content"]
    assert only["backordered"] == 9
    assert await say(parties, **change) == []
    filled = {one.order_id: orders.taken(one.rows)["1"]["W/A"] for one in await parties.said(OrderFilled)}
    everything = {older.order_id: 6, younger.order_id: 3}
    assert filled == (everything if "unlimited" in change else {older.order_id: 4})
    (only,) = (await parties.get(SUPPLIER, BALANCES))["content"]
    assert (only["quantity"], only["backordered"]) == (0, 0 if "unlimited" in change else 5)
    assert await parties.the_books_add_up()


@pytest.mark.parametrize(
    "barred_by", ["sellable", "safetyStock", "closing", "withdrawing", "end of sale", "the product"]
)
async def test_what_may_be_sold_again_goes_to_who_waits(parties: Parties, barred_by: str) -> None:
    await parties.publish({"W": {"A": 5}, "V": {"A": 0}})
    await parties.open_catalogue("V", backOrderAllowed=True)
    # It waits where it may, and may be served from both.
    await parties.allocate(order(row("all", 5, "W/A")))
    waits = order(row("1", 2, "V/A", "W/A", back_order=True))
    await parties.allocate(waits)
    bars: dict[str, tuple[Any, ...]] = {
        "sellable": (SUPPLIER, "PUT", BALANCES, [{**HERE, "sellable": False}]),
        "safetyStock": (SUPPLIER, "PUT", BALANCES, [{**HERE, "safetyStock": 5}]),
        "closing": (SHOP, "DELETE", f"{CATALOGUES}/W", None),
        "withdrawing": (SUPPLIER, "DELETE", f"{CATALOGUES}/W/activation", None),
        "end of sale": (SUPPLIER, "PUT", INVENTORY, [{"product": {"externalId": "A", "status": "EOS"}}]),
        "the product": (SUPPLIER, "DELETE", BALANCES, [HERE]),
    }
    stocked = {**HERE, "quantity": 3}
    opens: dict[str, list[tuple[Any, ...]]] = {
        "sellable": [(SUPPLIER, "PUT", BALANCES, [{**HERE, "sellable": True}])],
        "safetyStock": [(SUPPLIER, "PUT", BALANCES, [{**HERE, "safetyStock": 1}])],
        "closing": [(SHOP, "PUT", f"{CATALOGUES}/W", {"active": True})],
        "withdrawing": [
            (SHOP, "PUT", f"{CATALOGUES}/W/activation", {}),
            (SUPPLIER, "PUT", f"{CATALOGUES}/W/activation", {"state": "active"}),
        ],
        "end of sale": [(SUPPLIER, "PUT", INVENTORY, [{"product": {"externalId": "A"}, "balances": [stocked]}])],
        "the product": [(SUPPLIER, "PUT", BALANCES, [stocked])],
    }
    assert (await parties.call(*bars[barred_by])).status_code == 200
    if barred_by not in ("end of sale", "the product"):
        change = {**HERE, "quantity": 3}
        assert await parties.put(SUPPLIER, BALANCES, [change]) == []
    assert await parties.said(OrderFilled) == []
    for request in opens[barred_by]:
        answer = await parties.call(*request)
        assert answer.status_code == 200, answer.text
    (filled,) = await parties.said(OrderFilled)
    assert (filled.order_id, orders.taken(filled.rows)) == (waits.order_id, {"1": {"W/A": 2}})
    assert await parties.the_books_add_up()


async def test_what_one_shop_waits_for_another_shops_stock_does_not_serve(parties: Parties) -> None:
    await parties.publish({"W": {"A": 0}})
    await parties.open_catalogue("W", backOrderAllowed=True)
    await parties.publish({"W": {"A": 0}}, retailer=OTHER_SHOP)
    await parties.allocate(order(row("1", 2, "W/A", back_order=True)))
    elsewhere = {**HERE, "retailerId": OTHER_SHOP, "quantity": 9}
    assert await parties.put(SUPPLIER, BALANCES, [elsewhere]) == []
    assert await parties.said(OrderFilled) == []
