"""Requests for stock and news of shipments, on a real database."""

import asyncio
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import structlog

from inventory import handlers, store
from shared.contracts import AllocateOrder, OrderAllocated, ShipmentChanged
from tests.inventory import orders
from tests.inventory.orders import SHOP, SUPPLIER, order, row, shipment
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties


async def count(parties: Parties, query: str) -> Any:
    async with parties.stock.transaction() as tx:
        return await tx.fetch_value(query)


async def test_a_batch_of_orders_takes_stock_in_turn(parties: Parties) -> None:
    await parties.publish({"W1": {"A": 3, "B": 1}, "W2": {"A": 4}})
    first = order(row("1", 2, "W1/A", "W2/A"), row("2", 2, "W1/B"))
    second = order(row("1", 3, "W1/A", "W2/A"))
    answers = {answer.order_id: answer for answer in await parties.allocate(first, second)}
    assert orders.taken(answers[first.order_id].rows) == {"1": {"W1/A": 2}, "2": {"W1/B": 1}}
    assert orders.taken(answers[second.order_id].rows) == {"1": {"W1/A": 1, "W2/A": 2}}
    assert [answers[one.order_id].outcome for one in (first, second)] == ["partial", "full"]
    assert await parties.balance("W1/A") == (0, 3)
    assert await parties.balance("W2/A") == (2, 2)
    assert await parties.the_books_add_up()


async def test_a_request_that_is_repeated_is_answered_the_same_and_takes_nothing_more(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    wanted = order(row("1", 2, "W/A"))
    (answer,) = await parties.allocate(wanted)
    await parties.put(SUPPLIER, BALANCES, [{"productExternalId": "A", "quantity": 0}])
    assert await parties.allocate(wanted) == [answer]
    assert await parties.allocate(wanted, wanted, order(row("1", 1, "W/A")))
    assert await parties.balance("W/A") == (0, 2)
    assert await parties.the_books_add_up()


async def test_a_message_that_is_repeated_is_not_even_answered(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    wanted, message_id = order(row("1", 2, "W/A")), uuid4()
    for _ in range(2):
        await parties.take(handlers.allocate_orders, wanted, message_id=message_id)
    assert len(await parties.said(OrderAllocated)) == 1
    assert await parties.balance("W/A") == (8, 2)


async def test_a_request_whose_transaction_failed_is_settled_when_it_comes_again(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    wanted = order(row("1", 2, "W/A"))

    async def settle_and_fail() -> None:
        async with parties.stock.transaction() as tx:
            await handlers.allocate_orders([wanted], tx)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await settle_and_fail()
    assert await parties.balance("W/A") == (10, None)
    (answer,) = await parties.allocate(wanted)
    assert answer.outcome == "full"
    assert await parties.balance("W/A") == (8, 2)


async def test_another_shops_stock_of_the_same_name_is_not_touched(parties: Parties) -> None:
    await parties.publish({"W": {"A": 5}})
    await parties.publish({"W": {"A": 5}}, retailer=orders.OTHER_SHOP)
    await parties.allocate(order(row("1", 2, "W/A")))
    assert await parties.balance("W/A") == (3, 2)
    assert await parties.balance("W/A", retailer=orders.OTHER_SHOP) == (5, None)


async def test_what_is_closed_ended_unsellable_or_withdrawn_serves_nothing(parties: Parties) -> None:
    await parties.publish({"W1": {"A": 5}, "W2": {"A": 5, "B": 5, "C": 5, "D": 5}})
    await parties.call(SHOP, "DELETE", f"{CATALOGUES}/W1")
    await parties.put(SUPPLIER, INVENTORY, [{"product": {"externalId": "B", "status": "EOS"}}])
    await parties.put(SUPPLIER, BALANCES, [{"productExternalId": "C", "sellable": False}])
    await parties.call(SUPPLIER, "DELETE", f"{BALANCES}?productExternalId=D")
    (answer,) = await parties.allocate(order(row("1", 1, "W1/A", "W2/B", "W2/C", "W2/D", "W9/A", "W2/A")))
    verdicts = ["inactive", "end of sale", "not sellable", "unknown", "unknown", "taken"]
    assert orders.verdicts(answer.rows) == verdicts


async def test_an_order_that_names_a_row_twice_is_parked_and_its_neighbours_go_on(parties: Parties) -> None:
    await parties.publish({"W": {"A": 5}})
    answers = await parties.allocate(order(row("1", 1, "W/A"), row("1", 1, "W/A")), order(row("1", 1, "W/A")))
    assert [answer.outcome for answer in answers] == ["full"]
    assert await count(parties, "SELECT count(*) FROM parked") == 1


async def test_what_is_delivered_is_no_longer_allocated(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    wanted = order(row("1", 4, "W/A"))
    await parties.allocate(wanted)
    half = shipment(wanted.order_id, "W", ("1", "A", 4, 2), version=2)
    for _ in range(2):
        await parties.take(handlers.settle_shipments, half)
        assert await parties.balance("W/A") == (6, 2)
    done = shipment(wanted.order_id, "W", ("1", "A", 4, 4), version=3, closed=True)
    await parties.take(handlers.settle_shipments, done, half)
    await parties.take(handlers.settle_shipments, half)
    assert await parties.balance("W/A") == (6, 0)
    assert await parties.the_books_add_up()


async def test_what_a_closed_shipment_did_not_deliver_goes_back(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10, "B": 10}})
    wanted = order(row("1", 4, "W/A"), row("2", 3, "W/A"), row("3", 2, "W/B"))
    await parties.allocate(wanted)
    closed = shipment(
        wanted.order_id, "W", ("1", "A", 4, 1), ("2", "A", 3, 3), ("3", "B", 2, 0), version=2, closed=True
    )
    await parties.take(handlers.settle_shipments, closed)
    assert await parties.balance("W/A") == (6, 0)
    assert await parties.balance("W/B") == (10, 0)
    async with parties.stock.transaction() as tx:
        kept = [(one.row_id, float(one.delivered), float(one.returned)) for one in await store.promised(tx)]
    assert kept == [("1", 1, 3), ("2", 3, 0), ("3", 0, 2)]
    assert await parties.the_books_add_up()


async def test_a_released_promise_moves_no_stock_but_keeps_its_own_account(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    before, after = order(row("1", 4, "W/A")), order(row("1", 3, "W/A"))
    await parties.allocate(before)
    await parties.take(handlers.settle_shipments, shipment(before.order_id, "W", ("1", "A", 4, 1), version=2))
    await parties.put(SUPPLIER, BALANCES, [{"productExternalId": "A", "allocated": 0}])
    assert await parties.balance("W/A") == (6, 0)
    await parties.allocate(after)
    assert await parties.balance("W/A") == (3, 3)
    await parties.take(
        handlers.settle_shipments, shipment(before.order_id, "W", ("1", "A", 4, 2), version=3, closed=True)
    )
    assert await parties.balance("W/A") == (3, 3)
    await parties.take(
        handlers.settle_shipments, shipment(after.order_id, "W", ("1", "A", 3, 0), version=2, closed=True)
    )
    assert await parties.balance("W/A") == (6, 0)
    async with parties.stock.transaction() as tx:
        accounts = {one.order_id: (float(one.delivered), float(one.returned)) for one in await store.promised(tx)}
    assert accounts == {before.order_id: (2, 2), after.order_id: (0, 3)}
    assert await parties.the_books_add_up()


async def test_a_shipment_of_something_never_promised_changes_nothing(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    await parties.take(handlers.settle_shipments, shipment(uuid4(), "W", ("1", "A", 4, 4), version=2, closed=True))
    await parties.take(handlers.settle_shipments, shipment(uuid4(), "X", ("1", "B", 4, 4), version=2, closed=True))
    assert await parties.balance("W/A") == (10, None)
    assert await count(parties, "SELECT count(*) FROM parked") == 0


async def test_stock_deliveries_and_orders_at_the_same_time_leave_the_books_clean(parties: Parties) -> None:
    products = [f"P{n}" for n in range(12)]
    await parties.publish({"W1": dict.fromkeys(products, 30), "W2": dict.fromkeys(reversed(products), 30)})
    wanted = [
        order(*(row(product, 2, f"W1/{product}", f"W2/{product}") for product in products[n % 5 : n % 5 + 6]))
        for n in range(60)
    ]

    async def orders_come(offset: int) -> None:
        for n in range(0, 60, 6):
            batch = wanted[n + offset : n + offset + 3]
            await parties.take_once(handlers.allocate_orders, *batch)
            await parties.take_once(handlers.settle_shipments, *map(news_of, batch[:2]))

    def news_of(one: AllocateOrder) -> ShipmentChanged:
        rows = [(demand.external_id, demand.external_id, 2.0, 1.0) for demand in one.rows]
        return shipment(one.order_id, "W1", *rows, version=2, closed=True)

    async def stock_comes(how: dict[str, Any]) -> None:
        for n in range(10):
            listed = [{"productExternalId": p, "quantity": 20 + n, **how} for p in (products, products[::-1])[n % 2]]
            assert await parties.put(SUPPLIER, BALANCES, listed) == []

    await asyncio.gather(orders_come(0), orders_come(3), stock_comes({}), stock_comes({"allocated": 0}))
    assert await count(parties, "SELECT count(*) FROM settlements") == 60
    assert await parties.the_books_add_up()


async def test_the_same_new_products_may_come_in_several_requests_at_once(parties: Parties) -> None:
    await parties.open_catalogue("W")
    items = [
        {"product": {"externalId": f"P{n}"}, "balances": [{"catalogExternalId": "W", "quantity": n}]}
        for n in range(200)
    ]
    answers = await asyncio.gather(*(parties.put(SUPPLIER, INVENTORY, items[:: (1, -1)[n % 2]]) for n in range(6)))
    assert answers == [[]] * 6
    assert await count(parties, "SELECT count(*) FROM balances") == 200
    assert await parties.the_books_add_up()


async def test_the_books_name_a_balance_that_does_not_add_up(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10, "B": 10}})
    await parties.allocate(order(row("1", 4, "W/A")))
    async with parties.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET quantity = quantity - 1 WHERE product_id = 'A'")
        (wrong,) = await store.books(tx)
        await tx.execute("UPDATE balances SET quantity = quantity + 1, allocated = 0 WHERE product_id = 'A'")
        (also_wrong,) = await store.books(tx)
        (answer,) = await store.settled_orders(tx)
    assert (wrong.product_id, wrong.quantity, wrong.expected_quantity) == ("A", Decimal(5), Decimal(6))
    assert (also_wrong.allocated, also_wrong.expected_allocated) == (Decimal(0), Decimal(4))
    assert orders.taken(answer.rows) == {"1": {"W/A": 4}}


async def test_a_service_row_of_a_shipment_was_promised_from_no_stock_and_that_is_nothing_to_be_told(
    parties: Parties,
) -> None:
    await parties.publish({"W": {"A": 5}})
    wanted = order(row("1", 2, "W/A"))
    await parties.allocate(wanted)
    news = shipment(wanted.order_id, "W", ("1", "A", 2, 0), ("gift", "WRAPPING", 1, 0), version=2, closed=True)
    goods, service = news.rows
    for rows, told in (
        ((goods, service.model_copy(update={"stocked": False})), []),
        ((service,), ["shipment of something that was never promised"]),
    ):
        with structlog.testing.capture_logs() as lines:
            await parties.take(handlers.settle_shipments, news.model_copy(update={"rows": rows}))
        assert [line["event"] for line in lines if line["log_level"] == "warning"] == told
    assert await parties.balance("W/A") == (5, 0)
