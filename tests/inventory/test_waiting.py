"""The waiting list: what rows wait for, and who gets what comes."""

import asyncio
from decimal import Decimal
from uuid import UUID

import pytest

from inventory import filling, handlers, store
from shared.contracts import (
    FIRST_FILLED_LOT,
    AllocateOrder,
    BalanceChanged,
    OrderFilled,
    PartRelease,
    ReleaseOrder,
    ReleaseParts,
)
from tests.inventory import orders
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER, order, row, shipment
from tests.inventory.parties import BALANCES, Parties


@pytest.fixture
async def shelves(parties: Parties) -> Parties:
    """Callers of an inventory with two catalogues that let orders wait, empty but for B."""
    await parties.publish({"W1": {"A": 0, "B": 3}, "W2": {"A": 0, "B": 0}})
    for name in ("W1", "W2"):
        await parties.open_catalogue(name, backOrderAllowed=True)
    await parties.said(BalanceChanged)
    return parties


async def comes(parties: Parties, **units: float) -> list[OrderFilled]:
    """Let its supplier book units of products into catalogues (`W1_A=4`), and give them to those who wait."""
    async with parties.stock.transaction_of(SUPPLIER) as tx:
        places = [(SHOP, *place.split("_")) for place in units]
        ids = await store.balance_ids_for_update(tx, [(shop, catalogue, name) for shop, catalogue, name in places])
        for place, quantity in zip(places, units.values(), strict=True):
            await tx.execute(
                "UPDATE balances SET quantity = quantity + $2, supplied = supplied + $2 WHERE id = $1",
                ids[place],  # type: ignore[index]
                Decimal(str(quantity)),
            )
        events = await filling.fill(tx, ids.values())
    assert await parties.said(OrderFilled) == events
    return events


def got(events: list[OrderFilled]) -> dict[UUID, dict[str, dict[str, float]]]:
    """What each row of each order got, by `catalogue/product`."""
    return {event.order_id: orders.taken(event.rows) for event in events}


async def waits(parties: Parties) -> list[tuple[UUID, str, float]]:
    """What is open on the waiting list, in its order: order, row and quantity."""
    async with parties.stock.transaction() as tx:
        return [(one.order_id, one.row_id, float(one.quantity)) for one in await store.waiting_rows(tx)]


def backorder(quantity: float, *places: str, minute: int = 0, **more: object) -> AllocateOrder:
    """An order of one row that may wait."""
    return order(row("1", quantity, *places, back_order=True, **more), minute=minute)


async def test_of_two_backorders_the_older_is_filled_first(shelves: Parties) -> None:
    younger, older = backorder(3, "W1/A", minute=5), backorder(6, "W1/A", minute=1)
    answers = await shelves.allocate(younger, older)
    assert [answer.outcome for answer in answers] == ["backordered", "backordered"]
    assert await waits(shelves) == [(older.order_id, "1", 6), (younger.order_id, "1", 3)]
    assert got(await comes(shelves, W1_A=4)) == {older.order_id: {"1": {"W1/A": 4}}}
    assert await waits(shelves) == [(older.order_id, "1", 2), (younger.order_id, "1", 3)]
    assert await shelves.balance("W1/A") == (0, 4)
    assert got(await comes(shelves, W1_A=9)) == {
        older.order_id: {"1": {"W1/A": 2}},
        younger.order_id: {"1": {"W1/A": 3}},
    }
    assert await waits(shelves) == []
    assert await shelves.balance("W1/A") == (4, 9)
    assert await shelves.the_books_add_up()


async def test_stock_that_a_supplier_books_is_promised_to_who_waits_before_it_is_on_view(shelves: Parties) -> None:
    older, younger = backorder(6, "W1/A", minute=1), backorder(3, "W1/A", minute=2)
    await shelves.allocate(older, younger)
    change = {"productExternalId": "A", "catalogExternalId": "W1", "retailerId": SHOP}
    assert await shelves.put(SUPPLIER, BALANCES, [{**change, "quantity": 4}]) == []
    assert got(await shelves.said(OrderFilled)) == {older.order_id: {"1": {"W1/A": 4}}}
    assert await shelves.balance("W1/A") == (0, 4)
    assert await shelves.put(SUPPLIER, BALANCES, [{**change, "adjust": 3}]) == []
    assert got(await shelves.said(OrderFilled)) == {
        older.order_id: {"1": {"W1/A": 2}},
        younger.order_id: {"1": {"W1/A": 1}},
    }
    assert await shelves.the_books_add_up()


async def test_what_is_on_the_shelf_is_taken_and_only_the_rest_waits(shelves: Parties) -> None:
    wanted = backorder(5, "W1/B")
    (answer,) = await shelves.allocate(wanted)
    assert orders.taken(answer.rows) == {"1": {"W1/B": 3}}
    assert await waits(shelves) == [(wanted.order_id, "1", 2)]
    (event,) = await comes(shelves, W1_B=10)
    assert event.retailer_id == SHOP
    async with shelves.stock.transaction() as tx:
        kept = [(one.lot, float(one.quantity)) for one in await store.promised(tx)]
    assert kept == [(1, 3), (event.lot, 2)]
    assert event.lot >= FIRST_FILLED_LOT


async def test_stock_may_come_to_any_candidate_and_the_first_ranked_is_asked_first(shelves: Parties) -> None:
    wanted = backorder(6, "W1/A", "W2/A")
    await shelves.allocate(wanted)
    assert got(await comes(shelves, W2_A=1)) == {wanted.order_id: {"1": {"W2/A": 1}}}
    assert got(await comes(shelves, W2_A=4, W1_A=3)) == {wanted.order_id: {"1": {"W1/A": 3, "W2/A": 2}}}
    assert await waits(shelves) == []
    assert [await shelves.balance(place) for place in ("W1/A", "W2/A")] == [(0, 3), (2, 3)]
    assert await shelves.the_books_add_up()


async def test_what_is_filled_at_one_time_is_one_lot_of_its_order(shelves: Parties) -> None:
    wanted = order(row("1", 2, "W1/A", back_order=True), row("2", 5, "W1/B", back_order=True))
    await shelves.allocate(wanted)
    (event,) = await comes(shelves, W1_A=2, W1_B=2)
    assert orders.taken(event.rows) == {"1": {"W1/A": 2}, "2": {"W1/B": 2}}
    again, other = backorder(1, "W1/A"), backorder(1, "W1/A")
    await shelves.allocate(again, other)
    assert len({one.lot for one in await comes(shelves, W1_A=2)} | {event.lot}) == 3


async def test_a_row_that_waits_after_two_rounds_is_filled_once_for_both(shelves: Parties) -> None:
    first = backorder(2, "W1/A")
    second = order(row("1", 3, "W1/A", back_order=True), order_id=first.order_id, round_=4)
    await shelves.allocate(first, second)
    (event,) = await comes(shelves, W1_A=4)
    assert [(one.waited, orders.taken([one])) for one in event.rows] == [
        (1, {"1": {"W1/A": 2}}),
        (4, {"1": {"W1/A": 2}}),
    ]
    assert await waits(shelves) == [(first.order_id, "1", 1)]
    assert await shelves.the_books_add_up()


async def test_a_row_that_must_come_whole_waits_until_one_catalogue_has_all_of_it(shelves: Parties) -> None:
    whole = backorder(5, "W1/A", "W2/A", partial_delivery_allowed=False)
    await shelves.allocate(whole)
    assert await comes(shelves, W1_A=3, W2_A=4) == []
    assert got(await comes(shelves, W2_A=1)) == {whole.order_id: {"1": {"W2/A": 5}}}
    assert await shelves.the_books_add_up()


async def test_what_a_closed_shipment_did_not_deliver_goes_to_who_waits_and_not_to_the_next_order(
    shelves: Parties,
) -> None:
    served, waiting = order(row("1", 3, "W1/B")), backorder(2, "W1/B")
    await shelves.allocate(served, waiting)
    closed = shipment(served.order_id, "W1", ("1", "B", 3, 0), version=2, closed=True)
    for _ in range(2):
        await shelves.take(handlers.settle_shipments, closed)
    (event,) = await shelves.said(OrderFilled)
    assert got([event]) == {waiting.order_id: {"1": {"W1/B": 2}}}
    assert await shelves.balance("W1/B") == (1, 2)
    assert await shelves.the_books_add_up()


async def test_what_a_released_order_held_goes_to_who_waits(shelves: Parties) -> None:
    served, waiting = order(row("1", 3, "W1/B")), backorder(2, "W1/B")
    await shelves.allocate(served, waiting)
    for _ in range(2):
        await shelves.take(handlers.release_orders, ReleaseOrder(order_id=served.order_id, retailer_id=SHOP))
    assert got(await shelves.said(OrderFilled)) == {waiting.order_id: {"1": {"W1/B": 2}}}
    assert await shelves.balance("W1/B") == (1, 2)


async def test_what_an_order_that_is_replaced_held_is_the_new_ones_first_and_then_of_who_waits(
    shelves: Parties,
) -> None:
    old, waiting = order(row("1", 3, "W1/B")), backorder(5, "W1/B")
    await shelves.allocate(old, waiting)
    new = order(row("1", 2, "W1/B"), release=ReleaseOrder(order_id=old.order_id, retailer_id=SHOP))
    late = order(row("1", 1, "W1/B"))
    answers = {answer.order_id: answer for answer in await shelves.allocate(new, late)}
    assert orders.taken(answers[new.order_id].rows) == {"1": {"W1/B": 2}}
    assert got(await shelves.said(OrderFilled)) == {waiting.order_id: {"1": {"W1/B": 1}}}
    assert answers[late.order_id].outcome == "none"
    assert await shelves.the_books_add_up()


async def test_an_order_that_is_released_waits_no_more(shelves: Parties) -> None:
    gone, stays = backorder(4, "W1/B", "W2/A"), backorder(1, "W1/B", minute=1)
    await shelves.allocate(gone, stays)
    await shelves.take(handlers.release_orders, ReleaseOrder(order_id=gone.order_id, retailer_id=SHOP))
    assert await waits(shelves) == []
    # What it held was filled into the line behind it.
    assert got(await shelves.said(OrderFilled)) == {stays.order_id: {"1": {"W1/B": 1}}}
    assert await comes(shelves, W2_A=5) == []
    assert await shelves.balance("W2/A") == (5, None)


async def test_a_part_that_is_not_wanted_any_more_waits_no_more(shelves: Parties) -> None:
    wanted, other = backorder(6, "W1/A"), backorder(2, "W1/A", minute=1)
    await shelves.allocate(wanted, other)
    less = ReleaseParts(
        order_id=wanted.order_id, retailer_id=SHOP, parts=(PartRelease(row_id="1", quantity=Decimal(4)),)
    )
    await shelves.take(handlers.release_parts, less)
    assert await waits(shelves) == [(wanted.order_id, "1", 2), (other.order_id, "1", 2)]
    await shelves.take(handlers.release_parts, less)
    assert await waits(shelves) == [(other.order_id, "1", 2)]
    assert got(await comes(shelves, W1_A=5)) == {other.order_id: {"1": {"W1/A": 2}}}


async def test_what_was_filled_meanwhile_is_not_taken_from_what_waits_since_a_later_round(shelves: Parties) -> None:
    first = backorder(2, "W1/A")
    await shelves.allocate(first)
    assert got(await comes(shelves, W1_A=2)) == {first.order_id: {"1": {"W1/A": 2}}}
    await shelves.allocate(first.model_copy(update={"round": 2}))
    late = ReleaseParts(
        order_id=first.order_id, retailer_id=SHOP, parts=(PartRelease(row_id="1", quantity=Decimal(1)),)
    )
    await shelves.take(handlers.release_parts, late)
    assert await waits(shelves) == [(first.order_id, "1", 2)]
    [filled] = await comes(shelves, W1_A=2)
    assert [row.waited for row in filled.rows] == [2]


async def test_no_more_waits_at_a_balance_than_it_allows(shelves: Parties) -> None:
    async with shelves.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET back_order_limit = 5 WHERE catalogue_id = 'W1'")
        await tx.execute("UPDATE balances SET back_order_allowed = false WHERE catalogue_id = 'W2'")
    first, second, third = (backorder(n, "W2/A", "W1/A", minute=n) for n in (4, 2, 1))
    both = {answer.order_id: answer for answer in await shelves.allocate(first, second)}
    assert [both[one.order_id].outcome for one in (first, second)] == ["backordered", "none"]
    later = [await shelves.allocate(one) for one in (backorder(2, "W1/A"), third)]
    assert [answer.outcome for answers in later for answer in answers] == ["none", "backordered"]
    assert await waits(shelves) == [(third.order_id, "1", 1), (first.order_id, "1", 4)]


async def test_a_product_that_is_not_to_be_sold_fills_nothing_until_it_is(shelves: Parties) -> None:
    wanted = backorder(2, "W1/A")
    await shelves.allocate(wanted)
    async with shelves.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET sellable = false WHERE product_id = 'A'")
    assert await comes(shelves, W1_A=5) == []
    async with shelves.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET sellable = true WHERE product_id = 'A'")
    assert got(await comes(shelves, W1_A=0)) == {wanted.order_id: {"1": {"W1/A": 2}}}


async def test_what_is_kept_back_is_not_for_who_waits(shelves: Parties) -> None:
    wanted = backorder(4, "W1/A")
    await shelves.allocate(wanted)
    async with shelves.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET safety_stock = 2 WHERE product_id = 'A'")
    assert got(await comes(shelves, W1_A=3)) == {wanted.order_id: {"1": {"W1/A": 1}}}
    assert await shelves.balance("W1/A") == (2, 1)


async def test_what_becomes_unlimited_serves_all_who_wait(shelves: Parties) -> None:
    first, second = backorder(4, "W1/A"), backorder(9, "W1/A")
    await shelves.allocate(first, second)
    async with shelves.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET unlimited = true WHERE catalogue_id = 'W1' AND product_id = 'A'")
    assert len(await comes(shelves, W1_A=0)) == 2
    assert await waits(shelves) == []
    assert await shelves.balance("W1/A") == (0, 13)
    assert await shelves.the_books_add_up()


async def test_more_than_are_looked_at_at_once_are_filled_in_their_turn(
    shelves: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "AT_ONCE", 2)
    wanted = [backorder(2, "W1/A", minute=n) for n in range(7)]
    await shelves.allocate(*wanted[::-1])
    assert list(got(await comes(shelves, W1_A=11))) == [one.order_id for one in wanted[:6]]
    assert await waits(shelves) == [(wanted[5].order_id, "1", 1), (wanted[6].order_id, "1", 2)]


async def test_stock_that_is_there_again_and_nobody_waits_for_is_told(shelves: Parties) -> None:
    taken = order(row("1", 3, "W1/B"))
    await shelves.allocate(taken)
    assert await shelves.said(BalanceChanged) == []
    await shelves.take(handlers.release_orders, ReleaseOrder(order_id=taken.order_id, retailer_id=SHOP))
    (event,) = await shelves.said(BalanceChanged)
    assert (event.key, float(event.quantity), event.published) == (f"{SHOP}/W1/B", 3, True)
    async with shelves.stock.transaction() as tx:
        version = "SELECT version FROM balances WHERE catalogue_id = 'W1' AND product_id = 'B'"
        assert await tx.fetch_value(version) == event.version
    # One unit remains on the shelf, so that more of it is no news.
    taken = order(row("1", 2, "W1/B"))
    await shelves.allocate(taken)
    await shelves.take(handlers.release_orders, ReleaseOrder(order_id=taken.order_id, retailer_id=SHOP))
    assert await shelves.said(BalanceChanged) == []


@pytest.mark.parametrize("left", [0, 1])
async def test_stock_that_comes_back_to_who_waits_is_no_news(shelves: Parties, left: int) -> None:
    taken = order(row("1", 3 - left, "W1/B"))
    waiting = backorder(3 - left, "W1/B", partial_delivery_allowed=False)
    await shelves.allocate(taken, waiting)
    await shelves.take(handlers.release_orders, ReleaseOrder(order_id=taken.order_id, retailer_id=SHOP))
    assert len(await shelves.said(OrderFilled)) == 1
    assert await shelves.said(BalanceChanged) == []


async def test_a_request_that_is_repeated_waits_once(shelves: Parties) -> None:
    wanted = backorder(6, "W1/A")
    (answer,) = await shelves.allocate(wanted)
    assert await shelves.allocate(wanted) == [answer]
    assert await waits(shelves) == [(wanted.order_id, "1", 6)]
    await comes(shelves, W1_A=6)
    assert await shelves.allocate(wanted) == [answer]
    assert await waits(shelves) == []


async def test_a_transaction_that_fails_leaves_everybody_waiting(shelves: Parties) -> None:
    wanted = backorder(6, "W1/A")
    await shelves.allocate(wanted)

    async def book_and_fail() -> None:
        async with shelves.stock.transaction_of(SUPPLIER) as tx:
            (id_,) = (await store.balance_ids_for_update(tx, [(SHOP, "W1", "A")])).values()
            await tx.execute("UPDATE balances SET quantity = 4, supplied = supplied + 4 WHERE id = $1", id_)
            assert await filling.fill(tx, [id_])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await book_and_fail()
    assert await waits(shelves) == [(wanted.order_id, "1", 6)]
    assert await shelves.balance("W1/A") == (0, None)
    assert await shelves.said(OrderFilled) == []


async def test_who_begins_to_wait_just_before_stock_is_booked_gets_it(shelves: Parties) -> None:
    wanted = backorder(6, "W1/A")
    change = {"productExternalId": "A", "catalogExternalId": "W1", "retailerId": SHOP, "quantity": 4}
    async with shelves.stock.transaction() as tx:
        await handlers.allocate_orders([wanted], tx)
        booking = asyncio.ensure_future(shelves.put(SUPPLIER, BALANCES, [change]))
        await shelves.somebody_waits()
    assert await booking == []
    assert got(await shelves.said(OrderFilled)) == {wanted.order_id: {"1": {"W1/A": 4}}}


async def test_stock_that_comes_to_two_catalogues_at_once_serves_a_row_once(shelves: Parties) -> None:
    wanted, next_ = backorder(6, "W1/A", "W2/A"), backorder(6, "W1/A", "W2/A", minute=1)
    await shelves.allocate(wanted, next_)
    change = {"productExternalId": "A", "catalogExternalId": "W2", "retailerId": SHOP, "quantity": 4}
    async with shelves.stock.transaction() as tx:
        (id_,) = (await store.balance_ids_for_update(tx, [(SHOP, "W1", "A")])).values()
        await tx.execute("UPDATE balances SET quantity = 4, supplied = supplied + 4 WHERE id = $1", id_)
        (first,) = await filling.fill(tx, [id_])
        booking = asyncio.ensure_future(shelves.put(SUPPLIER, BALANCES, [change]))
        await shelves.somebody_waits()
    assert await booking == []
    assert orders.taken(first.rows) == {"1": {"W1/A": 4}}
    assert got((await shelves.said(OrderFilled))[1:]) == {
        wanted.order_id: {"1": {"W2/A": 2}},
        next_.order_id: {"1": {"W2/A": 2}},
    }
    assert await waits(shelves) == [(next_.order_id, "1", 4)]
    assert await shelves.the_books_add_up()


async def test_a_supplier_serves_its_own_stock_only_and_a_shop_reads_its_own_lines(shelves: Parties) -> None:
    await shelves.allocate(backorder(6, "W1/A"))
    seen = {}
    for organisation in (SUPPLIER, SHOP, OTHER_SHOP, ""):
        async with shelves.stock.transaction_of(organisation) as tx:
            lines = await tx.fetch_value("SELECT count(*) FROM waiting")
            places = await tx.fetch_value("SELECT count(*) FROM waiting_places")
            seen[organisation] = (lines, places, await tx.execute("UPDATE waiting SET open = 1"))
    assert seen == {SUPPLIER: (1, 1, 1), SHOP: (1, 0, 0), OTHER_SHOP: (0, 0, 0), "": (0, 0, 0)}
