"""Promises in lots: each is settled by the shipment that was made of it, and by what is let go of in parts."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import domain, handlers, store
from inventory.domain import Progress, Promise
from shared.contracts import BalanceChanged, DeliveredPart, PartRelease, ReleaseOrder, ReleaseParts
from tests.inventory import orders
from tests.inventory.orders import SHOP, SUPPLIER, order, row, shipment
from tests.inventory.parties import BALANCES, Parties


def parts(order_id: UUID, *given: tuple[str, float, int, str]) -> ReleaseParts:
    """A request to let go of parts of an order: of each its row, quantity, lot and `catalogue/product`."""
    return ReleaseParts(
        order_id=order_id,
        retailer_id=SHOP,
        parts=tuple(
            PartRelease(
                row_id=name, quantity=Decimal(str(quantity)), lot=lot, catalogue_id=catalogue, product_id=product
            )
            for name, quantity, lot, place in given
            for catalogue, product in [place.split("/")]
        ),
    )


async def accounts(parties: Parties, order_id: UUID) -> dict[int, tuple[float, float, float]]:
    """Of each lot of an order's only row how much was promised, delivered and returned."""
    async with parties.stock.transaction() as tx:
        kept = [one for one in await store.promised(tx) if one.order_id == order_id]
    return {one.lot: (float(one.quantity), float(one.delivered), float(one.returned)) for one in kept}


async def two_lots(parties: Parties) -> UUID:
    """An order that was promised 4 and, in a later round, 3 more of the same product. 3 are left."""
    await parties.publish({"W": {"A": 10}})
    first = order(row("1", 4, "W/A"))
    await parties.allocate(first)
    await parties.allocate(order(row("1", 3, "W/A"), order_id=first.order_id, round_=3))
    return first.order_id


async def test_each_lot_is_settled_by_its_own_shipment(parties: Parties) -> None:
    order_id = await two_lots(parties)
    assert await accounts(parties, order_id) == {1: (4, 0, 0), 3: (3, 0, 0)}
    await parties.take(
        handlers.settle_shipments,
        shipment(order_id, "W", ("1", "A", 4, 4), version=2, closed=True),
        shipment(order_id, "W", ("1", "A", 3, 1), version=2, lot=3),
    )
    assert await accounts(parties, order_id) == {1: (4, 4, 0), 3: (3, 1, 0)}
    await parties.take(
        handlers.settle_shipments, shipment(order_id, "W", ("1", "A", 3, 1), version=3, lot=3, closed=True)
    )
    assert await accounts(parties, order_id) == {1: (4, 4, 0), 3: (3, 1, 2)}
    assert await parties.balance("W/A") == (5, 0)
    assert await parties.the_books_add_up()


async def test_what_is_delivered_of_each_lot_stays_when_the_order_is_released(parties: Parties) -> None:
    order_id = await two_lots(parties)
    delivered = tuple(
        DeliveredPart(row_id="1", catalogue_id="W", product_id="A", quantity=Decimal(quantity), lot=lot)
        for quantity, lot in ((1, 1), (2, 3))
    )
    for _ in range(2):
        release = ReleaseOrder(order_id=order_id, retailer_id=SHOP, delivered=delivered)
        await parties.take(handlers.release_orders, release)
        assert await accounts(parties, order_id) == {1: (4, 1, 3), 3: (3, 2, 1)}
        assert await parties.balance("W/A") == (7, 0)


async def test_what_an_open_shipment_has_no_more_of_goes_back(parties: Parties) -> None:
    order_id = await two_lots(parties)
    less = shipment(order_id, "W", ("1", "A", 1, 0), version=2)
    for _ in range(2):
        await parties.take(handlers.settle_shipments, less)
        assert await accounts(parties, order_id) == {1: (4, 0, 3), 3: (3, 0, 0)}
        assert await parties.balance("W/A") == (6, 4)
    gone = shipment(order_id, "W", ("1", "A", 0, 0), version=2, lot=3, closed=True)
    await parties.take(handlers.settle_shipments, gone)
    assert await parties.balance("W/A") == (9, 1)
    assert await parties.the_books_add_up()


async def test_a_part_of_a_lot_that_is_let_go_of_is_available_again(parties: Parties) -> None:
    order_id = await two_lots(parties)
    message_id, some = uuid4(), parts(order_id, ("1", 2, 3, "W/A"), ("9", 5, 3, "W/A"), ("1", 5, 2, "W/A"))
    for _ in range(2):
        await parties.take(handlers.release_parts, some, message_id=message_id)
        assert await accounts(parties, order_id) == {1: (4, 0, 0), 3: (3, 0, 2)}
    await parties.take(handlers.release_parts, parts(order_id, ("1", 9, 3, "W/A"), ("1", 1, 1, "W/A")))
    assert await accounts(parties, order_id) == {1: (4, 0, 1), 3: (3, 0, 3)}
    assert await parties.balance("W/A") == (7, 3)
    assert await parties.the_books_add_up()


@pytest.mark.parametrize("release_first", [True, False])
async def test_a_shipment_made_of_the_rest_and_the_release_of_a_part_may_overtake_one_another(
    parties: Parties, release_first: bool
) -> None:
    order_id = await two_lots(parties)
    part, rest = parts(order_id, ("1", 3, 1, "W/A")), shipment(order_id, "W", ("1", "A", 1, 0), version=2)
    if release_first:
        await parties.take(handlers.release_parts, part)
    await parties.take(handlers.settle_shipments, rest)
    if not release_first:
        await parties.take(handlers.release_parts, part)
    assert await accounts(parties, order_id) == {1: (4, 0, 3), 3: (3, 0, 0)}
    assert await parties.balance("W/A") == (6, 4)


async def test_what_is_delivered_although_it_was_given_up_was_there(parties: Parties) -> None:
    order_id = await two_lots(parties)
    # 7 are promised and 5 are counted: 2 of the promises are withdrawn, and yet everything is sent.
    assert await parties.put(SUPPLIER, BALANCES, [{"productExternalId": "A", "onHand": 5}]) == []
    assert sum(quantity for quantity, _, _ in (await accounts(parties, order_id)).values()) == 5
    await parties.take(
        handlers.settle_shipments,
        shipment(order_id, "W", ("1", "A", 4, 4), version=2, closed=True),
        shipment(order_id, "W", ("1", "A", 3, 3), version=2, closed=True, lot=3),
    )
    assert await accounts(parties, order_id) == {1: (4, 4, 0), 3: (3, 3, 0)}
    assert await parties.balance("W/A") == (0, 0)
    assert await parties.the_books_add_up()


async def test_what_never_runs_out_is_promised_as_often_as_it_is_asked_for(parties: Parties) -> None:
    await parties.publish({"W": {"A": 2}})
    async with parties.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET unlimited = true")
    await parties.said(BalanceChanged)
    wanted, other = order(row("1", 50, "W/A")), order(row("1", 7, "W/A"))
    answers = await parties.allocate(wanted, other)
    assert [orders.taken(answer.rows) for answer in answers] == [{"1": {"W/A": 50}}, {"1": {"W/A": 7}}]
    assert await parties.balance("W/A") == (2, 57)
    await parties.take(
        handlers.settle_shipments, shipment(wanted.order_id, "W", ("1", "A", 50, 48), version=2, closed=True)
    )
    # What never runs out gets nothing back: there was no shelf that it was taken from.
    assert await parties.balance("W/A") == (2, 7)
    # It was never gone, so that it is no news.
    assert await parties.said(BalanceChanged) == []
    assert await parties.the_books_add_up()


NUMBERS = st.integers(0, 6).map(Decimal)
NEWS = st.one_of(
    st.builds(Progress, NUMBERS, st.booleans(), st.integers(1, 6), NUMBERS),
    st.tuples(st.sampled_from(("let go", "give back", "withdraw")), NUMBERS),
)


@given(st.lists(NEWS, max_size=10))
def test_whatever_happens_to_a_promise_its_units_are_open_delivered_returned_or_withdrawn(
    happened: list[Progress | tuple[str, Decimal]],
) -> None:
    promise = Promise(Decimal(5), Decimal(0), Decimal(0), 0)
    for news in happened:
        before = promise
        if isinstance(news, Progress):
            promise = domain.settle(promise, news) or promise
        elif news[0] == "withdraw":
            gone = min(news[1], promise.open)
            promise = Promise(
                promise.quantity - gone,
                promise.delivered,
                promise.returned,
                promise.version,
                promise.withdrawn + gone,
                promise.released,
            )
        else:
            promise = (domain.let_go if news[0] == "let go" else domain.give_back)(promise, news[1])
        assert promise.quantity + promise.withdrawn == 5
        assert min(promise.open, promise.withdrawn, promise.returned - before.returned) >= 0
        assert promise.delivered >= before.delivered
