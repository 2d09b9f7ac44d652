"""Stock that is let go of: what was promised to an order nobody wants any more, or that another one replaces."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import domain, handlers, store
from inventory.domain import Progress, Promise
from shared.contracts import AllocateOrder, DeliveredPart, OrderAllocated, ReleaseOrder
from tests.inventory import orders
from tests.inventory.orders import SHOP, SUPPLIER, order, row, shipment
from tests.inventory.parties import BALANCES, Parties


def release(order_id: UUID, *delivered: tuple[str, str, float]) -> ReleaseOrder:
    """A request to let go of an order; of each delivered row its id, its `catalogue/product` and how much."""
    parts = tuple(
        DeliveredPart(row_id=row_id, catalogue_id=catalogue, product_id=product, quantity=Decimal(str(quantity)))
        for row_id, place, quantity in delivered
        for catalogue, product in [place.split("/")]
    )
    return ReleaseOrder(order_id=order_id, retailer_id=SHOP, delivered=parts)


def replacing(old: AllocateOrder, new: AllocateOrder, *delivered: tuple[str, str, float]) -> AllocateOrder:
    """The new order in the place of the old one."""
    return new.model_copy(update={"release": release(old.order_id, *delivered)})


async def accounts(parties: Parties, order_id: UUID) -> list[tuple[str, float, float]]:
    """Of every promise of an order its row, and how much of it was delivered and returned."""
    async with parties.stock.transaction() as tx:
        kept: Sequence[store.Promised] = await store.promised(tx)
    return [(one.row_id, float(one.delivered), float(one.returned)) for one in kept if one.order_id == order_id]


async def test_what_an_order_held_is_available_again_and_said_twice_changes_nothing(parties: Parties) -> None:
    await parties.publish({"W1": {"A": 10, "B": 5}, "W2": {"A": 10}})
    wanted, other = order(row("1", 12, "W1/A", "W2/A"), row("2", 5, "W1/B")), order(row("1", 3, "W2/A"))
    await parties.allocate(wanted, other)
    for _ in range(2):
        await parties.take(handlers.release_orders, release(wanted.order_id), release(wanted.order_id))
        assert [await parties.balance(place) for place in ("W1/A", "W1/B", "W2/A")] == [(10, 0), (5, 0), (7, 3)]
    assert await parties.the_books_add_up()


async def test_what_is_delivered_stays_whoever_told_of_it_first(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10, "B": 10}})
    wanted = order(row("1", 4, "W/A"), row("2", 4, "W/B"))
    await parties.allocate(wanted)
    await parties.take(handlers.settle_shipments, shipment(wanted.order_id, "W", ("1", "A", 4, 3), version=2))
    await parties.take(handlers.release_orders, release(wanted.order_id, ("1", "W/A", 1), ("2", "W/B", 2)))
    assert await accounts(parties, wanted.order_id) == [("1", 3, 1), ("2", 2, 2)]
    assert [await parties.balance(place) for place in ("W/A", "W/B")] == [(7, 0), (8, 0)]
    assert await parties.the_books_add_up()


async def test_news_of_a_shipment_that_comes_after_the_release_changes_nothing(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    wanted = order(row("1", 4, "W/A"))
    await parties.allocate(wanted)
    await parties.take(handlers.release_orders, release(wanted.order_id, ("1", "W/A", 3)))
    for version, delivered, closed in ((2, 0, False), (3, 3, True), (4, 4, True)):
        news = shipment(wanted.order_id, "W", ("1", "A", 4, delivered), version=version, closed=closed)
        await parties.take(handlers.settle_shipments, news)
        assert await accounts(parties, wanted.order_id) == [("1", 3, 1)]
        assert await parties.balance("W/A") == (7, 0)
    assert await parties.the_books_add_up()


async def test_a_release_after_the_shipment_was_closed_changes_nothing(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    wanted = order(row("1", 4, "W/A"))
    await parties.allocate(wanted)
    closed = shipment(wanted.order_id, "W", ("1", "A", 4, 1), version=2, closed=True)
    await parties.take(handlers.settle_shipments, closed)
    await parties.take(handlers.release_orders, release(wanted.order_id, ("1", "W/A", 4)))
    assert await accounts(parties, wanted.order_id) == [("1", 1, 3)]
    assert await parties.balance("W/A") == (9, 0)


async def test_an_order_that_nothing_is_known_of_lets_nothing_go(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    await parties.take(handlers.release_orders, release(uuid4(), ("1", "W/A", 3)))
    assert await parties.balance("W/A") == (10, None)


async def test_a_promise_that_does_not_count_is_let_go_without_moving_stock(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    wanted = order(row("1", 4, "W/A"))
    await parties.allocate(wanted)
    await parties.put(SUPPLIER, BALANCES, [{"productExternalId": "A", "allocated": 0}])
    await parties.take(handlers.release_orders, release(wanted.order_id))
    assert await accounts(parties, wanted.order_id) == [("1", 0, 4)]
    assert await parties.balance("W/A") == (6, 0)
    assert await parties.the_books_add_up()


async def test_an_order_takes_what_the_one_it_replaces_held_and_nobody_comes_between(parties: Parties) -> None:
    await parties.publish({"W": {"A": 5}})
    old, waiting = order(row("1", 5, "W/A")), order(row("1", 5, "W/A"))
    await parties.allocate(old)
    new = replacing(old, order(row("1", 4, "W/A")), ("1", "W/A", 1))
    answers = {answer.order_id: answer for answer in await parties.allocate(new, waiting)}
    assert orders.taken(answers[new.order_id].rows) == {"1": {"W/A": 4}}
    assert orders.taken(answers[waiting.order_id].rows) == {"1": {}}
    assert await parties.balance("W/A") == (0, 4)
    assert await accounts(parties, old.order_id) == [("1", 1, 4)]
    assert await parties.allocate(new) == [answers[new.order_id]]
    assert await parties.balance("W/A") == (0, 4)
    assert await parties.the_books_add_up()


async def test_replacements_of_replacements_in_one_batch_take_in_their_turn(parties: Parties) -> None:
    await parties.publish({"W": {"A": 5}})
    first = order(row("1", 5, "W/A"))
    second = replacing(first, order(row("1", 5, "W/A")))
    third = replacing(second, order(row("1", 5, "W/A")))
    answers = await parties.allocate(first, second, third)
    assert [orders.taken(answer.rows) for answer in answers] == [{"1": {"W/A": 5}}] * 3
    assert await parties.balance("W/A") == (0, 5)
    assert [await accounts(parties, one.order_id) for one in (first, second, third)] == [
        [("1", 0, 5)],
        [("1", 0, 5)],
        [("1", 0, 0)],
    ]
    assert await parties.the_books_add_up()


async def test_releases_orders_and_shipments_at_the_same_time_neither_lock_up_nor_lose_a_unit(parties: Parties) -> None:
    products = [f"P{n}" for n in range(8)]
    await parties.publish({"W1": dict.fromkeys(products, 40), "W2": dict.fromkeys(reversed(products), 40)})
    old = [
        order(*(row(p, 2, f"W1/{p}", f"W2/{p}") for p in (products, products[::-1])[n % 2][n % 4 : n % 4 + 4]))
        for n in range(16)
    ]
    await parties.take_once(handlers.allocate_orders, *old)
    new = [replacing(one, order(*one.rows)) for one in old[:8]]
    news = [
        shipment(
            one.order_id, "W1", *((d.external_id, d.external_id, 2.0, 1.0) for d in one.rows), version=2, closed=True
        )
        for one in old[4:12]
    ]
    await asyncio.gather(
        *(parties.take_once(handlers.allocate_orders, *new[n::3]) for n in range(3)),
        *(parties.take_once(handlers.settle_shipments, *news[n::2][:: (1, -1)[n]]) for n in range(2)),
        *(
            parties.take_once(handlers.release_orders, *(release(one.order_id) for one in old[8 + n :: 2]))
            for n in (0, 1)
        ),
    )
    assert len(await parties.said(OrderAllocated)) == 24
    async with parties.stock.transaction() as tx:
        gone = {one.order_id for one in old}
        assert all(p.delivered + p.returned == p.quantity for p in await store.promised(tx) if p.order_id in gone)
    assert await parties.the_books_add_up()


async def test_what_was_promised_after_the_balances_were_locked_is_settled_by_nobody_else_meanwhile(
    parties: Parties,
) -> None:
    await parties.publish({"W": {"A": 10}})
    old = order(row("1", 4, "W/A"))
    async with parties.stock.transaction() as tx, parties.stock.transaction() as other:
        await store.lock_for_release(tx, [old.order_id], ())
        await parties.allocate(old)
        (found,) = await store.allocations_of_orders(tx, [old.order_id])
        assert found.promise == Promise(Decimal(4), Decimal(0), Decimal(0), 0)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await other.execute("SELECT FROM allocations WHERE order_id = $1 FOR UPDATE NOWAIT", old.order_id)


@pytest.mark.parametrize("said", [0, 2, 9])
def test_letting_go_keeps_what_is_delivered_and_returns_the_rest(said: int) -> None:
    after = domain.let_go(Promise(Decimal(5), Decimal(1), Decimal(0), 2), Decimal(said))
    assert after.delivered == max(1, min(said, 5))
    assert after.delivered + after.returned == 5


@given(
    st.lists(
        st.one_of(
            st.builds(
                Progress,
                st.integers(0, 5).map(Decimal),
                st.booleans(),
                st.integers(1, 6),
                st.integers(0, 5).map(Decimal),
            ),
            st.integers(0, 5).map(Decimal),
        ),
        max_size=8,
    )
)
def test_whatever_is_said_of_a_promise_nothing_of_it_is_lost_or_comes_twice(said: list[Progress | Decimal]) -> None:
    promise = Promise(Decimal(5), Decimal(0), Decimal(0), 0)
    for news in said:
        after = (
            (domain.settle(promise, news) or promise) if isinstance(news, Progress) else domain.let_go(promise, news)
        )
        assert after.delivered + after.returned <= after.quantity
        assert after.delivered >= promise.delivered
        assert after.returned >= promise.returned
        if not isinstance(news, Progress):
            assert after.delivered + after.returned == after.quantity
            assert domain.let_go(after, news) == after
        promise = after
