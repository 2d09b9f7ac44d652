"""A long waiting list: each transaction serves a few, nobody comes between, and only who can be served is looked at."""

import asyncio
import random
from collections import defaultdict
from decimal import Decimal
from uuid import UUID

import pytest

from inventory import domain, expiry, filling, handlers, serving, store
from inventory.domain import Balance
from shared.contracts import BalanceChanged, OrderAllocated, OrderFilled, PartRelease, ReleaseOrder, ReleaseParts
from tests.inventory import orders
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER, order, row
from tests.inventory.parties import BALANCES, Parties
from tests.inventory.test_waiting import backorder, comes, got, waits

RESERVATIONS = "/ecommerce/v3/reservations"


@pytest.fixture
async def shelves(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> Parties:
    """Callers of an inventory with two catalogues that let orders wait; three lines are looked at in a transaction."""
    await parties.publish({"W1": {"A": 0, "B": 3}, "W2": {"A": 0, "B": 0}})
    for name in ("W1", "W2"):
        await parties.open_catalogue(name, backOrderAllowed=True)
    await parties.said(BalanceChanged)
    monkeypatch.setattr(filling, "AT_ONCE", 2)
    monkeypatch.setattr(filling, "IN_A_TRANSACTION", 3)
    return parties


async def the_rest_is_served(parties: Parties) -> list[OrderFilled]:
    """Go on with those who wait until none is left who can be served; what is said of it."""
    while await serving.serve_next(parties.stock):
        pass
    return await parties.said(OrderFilled)


async def held(parties: Parties, place: str) -> float:
    """What a supplier is shown as held of a `catalogue/product`."""
    catalogue, product = place.split("/")
    page = await parties.get(SUPPLIER, f"{BALANCES}?productExternalId={product}&catalogExternalId={catalogue}")
    return float(page["content"][0].get("held", 0))


async def test_more_than_one_transaction_serves_are_served_by_the_next_in_their_turn(shelves: Parties) -> None:
    wanted = [backorder(2, "W1/A", minute=n) for n in range(8)]
    await shelves.allocate(*wanted[::-1])
    assert list(got(await comes(shelves, W1_A=13))) == [one.order_id for one in wanted[:3]]
    assert await shelves.the_books_add_up()
    assert await serving.serve_next(shelves.stock)
    assert list(got(await shelves.said(OrderFilled))) == [one.order_id for one in wanted[3:6]]
    assert got(await the_rest_is_served(shelves)) == {wanted[6].order_id: {"1": {"W1/A": 1}}}
    assert await waits(shelves) == [(wanted[6].order_id, "1", 1), (wanted[7].order_id, "1", 2)]
    assert await shelves.balance("W1/A") == (0, 13)
    assert await held(shelves, "W1/A") == 0
    assert await shelves.the_books_add_up()


async def test_nobody_comes_between_two_transactions_that_serve_those_who_wait(shelves: Parties) -> None:
    await shelves.allocate(*(backorder(2, "W1/A", minute=n) for n in range(6)))
    await comes(shelves, W1_A=12)
    late = order(row("1", 1, "W1/A"))
    cart = {"rows": [{"externalId": "1", "externalProductId": "A", "quantity": 1}], "minutes": 5}
    assert [answer.outcome for answer in await shelves.allocate(late)] == ["none"]
    made = (await shelves.call(SHOP, "POST", RESERVATIONS, cart)).json()
    assert [one["short"] for one in made["rows"]] == [1]
    assert len(await the_rest_is_served(shelves)) == 3
    assert await waits(shelves) == []
    assert await shelves.balance("W1/A") == (0, 12)


async def test_what_those_who_wait_cannot_have_is_for_everybody_at_once(shelves: Parties) -> None:
    await shelves.allocate(*(backorder(2, "W1/A", minute=n) for n in range(6)))
    await comes(shelves, W1_A=15)
    assert await held(shelves, "W1/A") == 6
    late = [order(row("1", n, "W1/A")) for n in (3, 1)]
    assert [answer.outcome for answer in await shelves.allocate(*late)] == ["full", "none"]
    assert len(await the_rest_is_served(shelves)) == 3
    assert await shelves.balance("W1/A") == (0, 15)
    assert await shelves.the_books_add_up()


async def test_of_very_many_who_are_left_it_is_not_asked_what_they_may_have(
    shelves: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "COUNTED", 2)
    await shelves.allocate(*(backorder(2, "W1/A", minute=n) for n in range(6)))
    await shelves.said(BalanceChanged)
    await comes(shelves, W1_A=15)
    assert await held(shelves, "W1/A") == 9
    assert await shelves.said(BalanceChanged) == []
    assert len(await the_rest_is_served(shelves)) == 3
    assert await shelves.balance("W1/A") == (3, 12)
    # Whoever asked in between was told that there is nothing: now there is.
    assert [float(news.quantity) for news in await shelves.said(BalanceChanged)] == [3]


async def test_what_is_left_when_all_are_served_is_told_also_when_it_was_kept_and_something_else_came_back(
    shelves: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "COUNTED", 2)
    served = backorder(2, "W1/A")
    await shelves.allocate(served, *(backorder(2, "W1/A", minute=n) for n in range(1, 6)))
    await comes(shelves, W1_A=15)
    assert await held(shelves, "W1/A") == 9
    await shelves.take(handlers.release_orders, ReleaseOrder(order_id=served.order_id, retailer_id=SHOP))
    assert len(await shelves.said(OrderFilled)) == 3
    assert [float(news.quantity) for news in await shelves.said(BalanceChanged)] == [9 + 2 - 6]


async def test_stock_that_comes_while_some_are_left_is_theirs_together_with_what_is_kept(shelves: Parties) -> None:
    few = [backorder(1, "W1/A", minute=n) for n in range(3)]
    whole = backorder(5, "W1/A", minute=3, partial_delivery_allowed=False)
    newest = backorder(9, "W1/A", minute=4)
    await shelves.allocate(*few, whole, newest)
    assert len(await comes(shelves, W1_A=7)) == 3
    assert await held(shelves, "W1/A") == 4
    assert got(await comes(shelves, W1_A=1)) == {whole.order_id: {"1": {"W1/A": 5}}}
    assert await the_rest_is_served(shelves) == []
    assert await waits(shelves) == [(newest.order_id, "1", 9)]
    assert await shelves.the_books_add_up()


async def test_what_became_unlimited_serves_all_who_wait_in_the_end_and_everybody_else_at_once(
    shelves: Parties,
) -> None:
    await shelves.allocate(*(backorder(4, "W1/A", minute=n) for n in range(7)))
    change = {"productExternalId": "A", "catalogExternalId": "W1", "retailerId": SHOP, "unlimited": True}
    assert await shelves.put(SUPPLIER, BALANCES, [change]) == []
    assert len(await shelves.said(OrderFilled)) == 3
    assert [answer.outcome for answer in await shelves.allocate(order(row("1", 2, "W1/A")))] == ["full"]
    assert len(await the_rest_is_served(shelves)) == 4
    assert await waits(shelves) == []
    assert await shelves.balance("W1/A") == (0, 30)
    assert await shelves.the_books_add_up()


async def test_what_is_counted_again_meanwhile_is_not_given_twice(shelves: Parties) -> None:
    await shelves.allocate(*(backorder(2, "W1/A", minute=n) for n in range(6)))
    await comes(shelves, W1_A=12)
    change = {"productExternalId": "A", "catalogExternalId": "W1", "retailerId": SHOP}
    assert await shelves.put(SUPPLIER, BALANCES, [{**change, "quantity": 1}]) == []
    assert [answer.outcome for answer in await shelves.allocate(order(row("1", 1, "W1/A")))] == ["none"]
    assert [orders.taken(one.rows) for one in await the_rest_is_served(shelves)] == [{"1": {"W1/A": 1}}]
    assert await shelves.balance("W1/A") == (0, 7)
    assert await shelves.the_books_add_up()


async def test_what_a_cancelled_order_leaves_behind_goes_to_the_next_who_waits(shelves: Parties) -> None:
    wanted = [backorder(2, "W1/A", minute=n) for n in range(6)]
    await shelves.allocate(*wanted)
    await comes(shelves, W1_A=8)
    await shelves.take(handlers.release_orders, ReleaseOrder(order_id=wanted[3].order_id, retailer_id=SHOP))
    assert list(got(await the_rest_is_served(shelves))) == [wanted[4].order_id]
    assert await waits(shelves) == [(wanted[5].order_id, "1", 2)]
    assert await shelves.the_books_add_up()


async def test_what_is_kept_for_those_who_wait_is_no_shops_reservation(shelves: Parties) -> None:
    await shelves.allocate(*(backorder(2, "W1/A", minute=n) for n in range(6)))
    await comes(shelves, W1_A=12)
    for organisation in (SHOP, OTHER_SHOP, SUPPLIER, ""):
        async with shelves.stock.transaction_of(organisation) as tx:
            assert await store.count_holds(tx, organisation) == 0
            assert await tx.fetch_value("SELECT count(*) FROM holds") == 0


async def test_one_who_wants_more_than_there_is_in_one_piece_is_not_even_looked_at(shelves: Parties) -> None:
    large = backorder(5, "W1/A", partial_delivery_allowed=False)
    small = backorder(2, "W1/A", minute=1, partial_delivery_allowed=False)
    await shelves.allocate(large, small)
    async with shelves.stock.transaction() as tx:
        await tx.execute("SELECT FROM waiting WHERE order_id = $1 FOR UPDATE", large.order_id)
        assert got(await comes(shelves, W1_A=4)) == {small.order_id: {"1": {"W1/A": 2}}}
    assert got(await comes(shelves, W1_A=3)) == {large.order_id: {"1": {"W1/A": 5}}}


async def test_one_who_wants_less_in_one_piece_than_before_gets_it_at_once_if_it_is_there(shelves: Parties) -> None:
    wanted = backorder(5, "W1/B", partial_delivery_allowed=False)
    await shelves.allocate(wanted)
    less = ReleaseParts(
        order_id=wanted.order_id, retailer_id=SHOP, parts=(PartRelease(row_id="1", quantity=Decimal(1)),)
    )
    await shelves.take(handlers.release_parts, less)
    assert await waits(shelves) == [(wanted.order_id, "1", 4)]
    assert await shelves.said(OrderFilled) == []
    await shelves.take(handlers.release_parts, less)
    assert got(await shelves.said(OrderFilled)) == {wanted.order_id: {"1": {"W1/B": 3}}}
    assert await shelves.the_books_add_up()


async def test_rows_that_the_release_before_let_wait_are_served_in_their_turn(shelves: Parties) -> None:
    wanted = [backorder(2, "W1/A", minute=n, partial_delivery_allowed=n % 2 == 0) for n in range(5)]
    large = [backorder(99, "W1/A", partial_delivery_allowed=False) for _ in range(4)]
    await shelves.allocate(*large, *wanted)
    async with shelves.stock.transaction() as tx:
        await tx.execute(
            "UPDATE waiting_places SET placed_at = NULL, order_id = NULL, place = NULL, lot = NULL, whole_of = NULL"
            " WHERE order_id = ANY($1::uuid[])",
            [one.order_id for one in (*large, *wanted[1:3])],
        )
    filled = await comes(shelves, W1_A=8) + await the_rest_is_served(shelves)
    assert list(got(filled)) == [one.order_id for one in wanted[:4]]
    assert await shelves.the_books_add_up()


async def test_a_new_order_does_not_take_what_an_expired_reservation_leaves_to_those_who_wait(shelves: Parties) -> None:
    cart = {"rows": [{"externalId": "1", "externalProductId": "B", "quantity": 3}], "minutes": 5}
    assert (await shelves.call(SHOP, "POST", RESERVATIONS, cart)).status_code == 200
    waiting = backorder(2, "W1/B")
    await shelves.allocate(waiting)
    async with shelves.stock.transaction() as tx:
        await tx.execute("UPDATE holds SET expires_at = now() - interval '1 second'")
        await tx.execute("UPDATE hold_lines SET expires_at = now() - interval '1 second'")
    late = [order(row("1", 1, "W1/B")) for _ in range(2)]
    assert [answer.outcome for answer in await shelves.allocate(*late)] == ["full", "none"]
    assert await expiry.end_expired(shelves.stock) == 1
    assert got(await shelves.said(OrderFilled)) == {waiting.order_id: {"1": {"W1/B": 2}}}
    assert await shelves.balance("W1/B") == (0, 3)
    assert await shelves.the_books_add_up()


async def test_in_as_many_transactions_as_it_takes_everybody_gets_what_one_would_give(shelves: Parties) -> None:
    dice = random.Random(4)
    places = ["W1/A", "W2/A", "W1/B", "W2/B"]
    await shelves.allocate(order(row("1", 3, "W1/B")))
    async with shelves.stock.transaction() as tx:
        keys = [(SHOP, *place.split("/")) for place in places]
        ids = await store.balance_ids_for_update(tx, keys)  # type: ignore[arg-type]
    of = {ids[key]: place for key, place in zip(keys, places, strict=True)}  # type: ignore[index]
    for _ in range(12):
        await shelves.allocate(
            *(
                backorder(
                    dice.randint(1, 5),
                    *dice.sample(places, dice.randint(1, 3)),
                    minute=dice.randint(0, 9),
                    partial_delivery_allowed=dice.random() < 0.6,
                )
                for _ in range(dice.randint(1, 9))
            )
        )
        came = {place: dice.randint(0, 6) for place in places}
        async with shelves.stock.transaction() as tx:
            now = await store.balances_now(tx, of)
            every = await tx.fetch("SELECT id FROM waiting")
            lines = await store.lines_for_update(tx, [line["id"] for line in every])
        there = {one.id: Balance(one.id, one.quantity + came[of[one.id]]) for one in now.values()}
        expected: dict[UUID, dict[str, float]] = {
            entry.waiting.order_id: {of[id_]: float(quantity) for id_, quantity in entry.taken.items()}
            for entry in domain.fill_waiting((line.waiting for line in lines), there)
        }
        filled = await comes(shelves, **{place.replace("/", "_"): units for place, units in came.items()})
        filled += await the_rest_is_served(shelves)
        assert {event.order_id: orders.taken(event.rows)["1"] for event in filled} == expected
    assert await shelves.the_books_add_up()


async def test_whoever_serves_books_and_asks_at_the_same_time_those_who_wait_come_first(shelves: Parties) -> None:
    wanted = [backorder(2, *("W1/A", "W2/A")[:: (1, -1)[n % 2]], minute=n) for n in range(30)]
    await shelves.take_once(handlers.allocate_orders, *wanted)
    late = [order(row("1", 1, "W1/A", "W2/A")) for _ in range(8)]
    item = {"productExternalId": "A", "retailerId": SHOP, "adjust": 4}

    async def books(name: str) -> None:
        for _ in range(6):
            assert await shelves.put(SUPPLIER, BALANCES, [{**item, "catalogExternalId": name}]) == []

    async def asks() -> None:
        for one in late:
            await shelves.take_once(handlers.allocate_orders, one)

    async def serves() -> None:
        for _ in range(10):
            await serving.serve_next(shelves.stock)

    await shelves.said(OrderAllocated)
    await asyncio.gather(books("W1"), books("W2"), asks(), serves(), serves())
    await the_rest_is_served(shelves)
    assert {answer.outcome for answer in await shelves.said(OrderAllocated)} == {"none"}
    promised = defaultdict[UUID, Decimal](Decimal)
    async with shelves.stock.transaction() as tx:
        for one in await store.promised(tx):
            promised[one.order_id] += one.quantity
    assert promised == dict.fromkeys((one.order_id for one in wanted[:24]), Decimal(2))
    assert await shelves.the_books_add_up()
