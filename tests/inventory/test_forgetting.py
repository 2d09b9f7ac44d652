"""What inventory keeps of orders that ended long ago goes, and the balances add up without it."""

from uuid import UUID

from inventory import handlers, store
from shared import parked
from shared.contracts import OrderForgotten
from tests.inventory.orders import SUPPLIER, order, row, shipment
from tests.inventory.parties import BALANCES, Parties


async def forget(parties: Parties, *order_ids: UUID) -> None:
    """The order book has forgotten these orders."""
    await parties.take(handlers.forget_orders, *(OrderForgotten(order_id=order_id) for order_id in order_ids))


async def remembered(parties: Parties) -> tuple[set[UUID], set[UUID]]:
    """The orders of which promises are kept, and those of which answers are."""
    async with parties.stock.transaction() as tx:
        return (
            {promise.order_id for promise in await store.promised(tx)},
            {answer.order_id for answer in await store.settled_orders(tx)},
        )


async def test_promises_and_answers_go_and_the_balances_stay_as_they_are(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10, "B": 10}})
    first, second, stays = (
        order(row("1", 4, "W/A"), row("2", 1, "W/B")),
        order(row("1", 2, "W/A")),
        order(row("1", 3, "W/A")),
    )
    await parties.allocate(first, second, stays)
    for order_id, *rows in ((first.order_id, ("1", "A", 4, 3), ("2", "B", 1, 1)), (second.order_id, ("1", "A", 2, 2))):
        await parties.take(handlers.settle_shipments, shipment(order_id, "W", *rows, version=2, closed=True))
    before = [await parties.balance(place) for place in ("W/A", "W/B")]
    await forget(parties, first.order_id)
    await forget(parties, second.order_id, first.order_id)
    assert await remembered(parties) == ({stays.order_id}, {stays.order_id})
    assert [await parties.balance(place) for place in ("W/A", "W/B")] == before == [(2, 3), (9, 0)]
    assert await parties.the_books_add_up()


async def test_a_balance_that_is_wrong_is_still_found_after_its_orders_are_forgotten(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    gone = order(row("1", 4, "W/A"))
    await parties.allocate(gone)
    await parties.take(
        handlers.settle_shipments, shipment(gone.order_id, "W", ("1", "A", 4, 4), version=2, closed=True)
    )
    await forget(parties, gone.order_id)
    async with parties.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET quantity = quantity + 1")
        (wrong,) = await store.books(tx)
    assert [wrong.quantity, wrong.expected_quantity] == [7, 6]


async def test_a_promise_that_does_not_count_took_nothing_away(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    gone = order(row("1", 4, "W/A"))
    await parties.allocate(gone)
    await parties.put(SUPPLIER, BALANCES, [{"productExternalId": "A", "allocated": 0}])
    await parties.take(
        handlers.settle_shipments, shipment(gone.order_id, "W", ("1", "A", 4, 4), version=2, closed=True)
    )
    await forget(parties, gone.order_id)
    assert await remembered(parties) == (set(), set())
    assert await parties.the_books_add_up()


async def test_an_order_that_holds_stock_or_waits_for_some_is_kept_whoever_forgot_it(parties: Parties) -> None:
    await parties.publish({"W": {"A": 4}})
    await parties.open_catalogue("W", backOrderAllowed=True)
    holds, waits = order(row("1", 4, "W/A")), order(row("1", 4, "W/A", back_order=True))
    await parties.allocate(holds, waits)
    await forget(parties, holds.order_id, waits.order_id)
    assert await remembered(parties) == ({holds.order_id}, {holds.order_id, waits.order_id})
    assert await parties.the_books_add_up()


async def test_a_request_that_was_given_up_cannot_be_sent_again_once_its_order_is_forgotten(parties: Parties) -> None:
    await parties.publish({"W": {"A": 9}})
    gone, other = (order(row("1", 4, "W/A"), row("1", 1, "W/A")) for _ in range(2))
    await parties.take(handlers.allocate_orders, gone, other)
    await parties.take(handlers.allocate_orders, gone.model_copy(update={"rows": gone.rows[:1]}))
    await parties.take(
        handlers.settle_shipments, shipment(gone.order_id, "W", ("1", "A", 4, 4), version=2, closed=True)
    )
    async with parties.stock.transaction() as tx:
        assert len(await parked.parked(tx)) == 2
    await forget(parties, gone.order_id)
    async with parties.stock.transaction() as tx:
        assert [one.key for one in await parked.parked(tx)] == [str(other.order_id)]
