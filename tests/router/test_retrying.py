"""What nobody could serve is asked for again when there is news of it, and not before."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from router import part_cancelling, retrying, store
from router.domain import Change
from router.domain.decision import NO_RESERVATION, RESERVATION_STAYS
from shared.contracts import AllocateOrder, OrderPlaced, OrderRouted, ReleaseParts, ShipmentCreated
from tests.router.conftest import Router
from tests.router.examples import SETTINGS, allocate, amended, balance, catalogue, order, row
from tests.router.happenings import answer, asked, from_catalogue, history_of, moves, row_of

BOOTS, OTHER_BOOTS = ("W1", "BOOTS"), ("W2", "BOOTS")
Stock = Mapping[tuple[str, str], int | Decimal]


@pytest.fixture(autouse=True)
async def two_warehouses(router: Router) -> None:
    """W1 is asked first, then W2; both have boots, and W1 socks."""
    await router.knows(
        [catalogue("W1", priority=1), catalogue("W2", priority=2)],
        [balance("W1"), balance("W2"), balance("W1", "SOCKS", ean="222")],
    )


async def places(router: Router, placed: OrderPlaced, stock: Stock) -> None:
    """Let it hear of an order and of inventory's answer from the stock."""
    await router.hears(placed)
    await router.is_answered(allocate(await asked(router, placed), dict(stock)))


async def has_news(router: Router, catalogue_id: str, product_id: str = "BOOTS", version: int = 2) -> int:
    """Let it hear that there is some of a product, and look; how many orders it asks for again."""
    await router.knows(
        [], [balance(catalogue_id, product_id, ean="222" if product_id == "SOCKS" else None, version=version)]
    )
    return await retrying.ask_due(router.database)


async def unserved(router: Router) -> list[tuple[str, int, bool]]:
    """What nobody could serve: row, quantity, and whether it is due."""
    async with router.database.transaction() as tx:
        rows = await tx.fetch("SELECT row_id, quantity, due FROM unserved_rows ORDER BY order_id, row_id")
    return [(found["row_id"], int(found["quantity"]), found["due"]) for found in rows]


async def test_what_is_unserved_is_asked_for_again_when_its_product_comes(router: Router) -> None:
    placed = order(row())
    await places(router, placed, {BOOTS: 3})
    await places(router, order(row("1", "SOCKS"), external_id="A-2"), {})
    assert await unserved(router) == [("1", 2, False), ("1", 5, False)]
    assert await retrying.ask_due(router.database) == 0
    assert await has_news(router, "W2") == 1
    request = await asked(router, placed)
    assert (request.round, [(r.external_id, int(r.quantity)) for r in request.rows]) == (2, [("1", 2)])
    assert await row_of(router, placed) == {("W1", 1): 3, "unserved": 2}
    await router.is_answered(allocate(request, {OTHER_BOOTS: 9}))
    assert await row_of(router, placed) == {("W1", 1): 3, ("W2", 2): 2}
    assert await history_of(router, placed) == ["routed again: 2 from W2"]
    assert await unserved(router) == [("1", 5, False)]


async def test_a_row_that_has_ended_with_less_than_was_ordered_is_not_begun_again(router: Router) -> None:
    placed = order(row())
    await places(router, placed, {BOOTS: 3})
    await moves(router, await from_catalogue(router, placed, "W1"), Change(status="Delivered"))
    assert await has_news(router, "W2") == 0
    await router.knows([catalogue("W2", priority=2, version=2)], [])
    assert await retrying.ask_due(router.database) == 0
    assert await unserved(router) == [("1", 2, False)]


async def test_an_order_that_is_asked_for_again_is_not_asked_twice_at_once(router: Router) -> None:
    placed = order(row())
    await places(router, placed, {BOOTS: 3})
    assert await has_news(router, "W2", version=2) == 1
    assert await has_news(router, "W2", version=3) == 0
    await router.is_answered(allocate(await asked(router, placed), {}))
    # What came in the meantime may be what the answer had not seen.
    assert await retrying.ask_due(router.database) == 1
    await router.is_answered(allocate(await asked(router, placed), {}))
    assert await retrying.ask_due(router.database) == 0


async def test_a_retry_that_brings_nothing_is_not_told(router: Router) -> None:
    placed = order(row())
    await places(router, placed, {BOOTS: 3})
    told, history = await router.said(OrderRouted), await history_of(router, placed)
    for version in (2, 3):
        await has_news(router, "W2", version=version)
        await router.is_answered(allocate(await asked(router, placed), {}))
    assert await router.said(OrderRouted) == told
    assert await history_of(router, placed) == history
    assert await row_of(router, placed) == {("W1", 1): 3, "unserved": 2}
    assert (await asked(router, placed)).round == 3


async def test_news_that_came_while_inventory_was_asked_counts_as_news_afterwards(router: Router) -> None:
    placed = order(row())
    await router.hears(placed)
    request = await asked(router, placed)
    await router.knows([], [balance("W2", version=2)])
    await router.is_answered(allocate(request, {BOOTS: 3}))
    assert await unserved(router) == [("1", 2, True)]
    assert await retrying.ask_due(router.database) == 1


@pytest.mark.parametrize(
    "news",
    [{"published": False}, {"sellable": False}, {"safety_stock": Decimal(100), "back_order_allowed": False}],
)
async def test_news_that_there_is_none_is_no_reason_to_ask(router: Router, news: dict[str, Any]) -> None:
    await places(router, order(row()), {BOOTS: 3})
    await router.knows([], [balance("W2", version=2, **news)])
    assert await retrying.ask_due(router.database) == 0


async def test_an_order_is_asked_for_again_when_a_catalogue_opens(router: Router) -> None:
    await router.knows([catalogue("W2", active=False, version=2)], [])
    placed = order(row())
    await places(router, placed, {BOOTS: 3})
    await router.knows([catalogue("W1", priority=9, active=False, version=2)], [])
    assert await retrying.ask_due(router.database) == 0
    await router.knows([catalogue("W2", version=3)], [])
    assert await retrying.ask_due(router.database) == 1
    assert [c.catalogue_id for c in (await asked(router, placed)).rows[0].candidates] == ["W2"]


async def test_an_ean_is_as_good_as_a_product(router: Router) -> None:
    placed = order(row("1", None, ean="222"))
    await places(router, placed, {})
    assert await has_news(router, "W1", "SOCKS") == 1
    assert [c.product_id for c in (await asked(router, placed)).rows[0].candidates] == ["SOCKS"]


async def test_an_order_that_was_refused_is_asked_for_as_a_whole_and_decided_anew(router: Router) -> None:
    placed = order(row("1", mandatory=True), row("2", "SOCKS", 1), row("3", "WRAP", 1, product_type="serviceProduct"))
    await places(router, placed, {("W1", "SOCKS"): 9, BOOTS: 3})
    before = (await router.route(placed)).record
    assert before is not None
    assert before.outcome == "refused"
    assert await unserved(router) == [("1", 5, False), ("2", 1, False)]
    await has_news(router, "W2")
    request = await asked(router, placed)
    assert [(r.external_id, int(r.quantity), r.mandatory) for r in request.rows] == [("1", 5, True), ("2", 1, False)]
    await router.is_answered(allocate(request, {BOOTS: 3}))
    assert (await router.route(placed)).record == before
    await has_news(router, "W2", version=3)
    await router.is_answered(allocate(await asked(router, placed), {BOOTS: 3, OTHER_BOOTS: 9, ("W1", "SOCKS"): 1}))
    record = (await router.route(placed)).record
    assert record is not None
    assert (record.outcome, record.round) == ("full", 3)
    assert [happening.cause for happening in record.history] == ["decided again: before, refused"]
    assert {(c.catalogue_id, c.lot, len(c.rows)) for c in await router.said(ShipmentCreated)} == {
        ("W1", 3, 3),
        ("W2", 3, 1),
    }
    told = (await router.said(OrderRouted))[-1]
    assert (told.round, told.outcome, [int(r.unserved) for r in told.rows]) == (4, "full", [0, 0, 0])
    assert await unserved(router) == []


async def test_a_refused_order_that_was_cancelled_meanwhile_gets_nothing(router: Router) -> None:
    placed = order(row("1", mandatory=True))
    await places(router, placed, {BOOTS: 3})
    await has_news(router, "W2")
    await router.hears_a_change(amended(placed, cancelled=True))
    assert await unserved(router) == []
    await router.is_answered(allocate(await asked(router, placed), {OTHER_BOOTS: 9}))
    assert await router.shipments() == []
    assert [[(p.lot, int(p.quantity)) for p in r.parts] for r in await router.said(ReleaseParts)] == [[(2, 5)]]
    assert await row_of(router, placed) == {"cancelled": 5}


async def test_a_catalogue_that_rejected_a_row_is_not_asked_again_whatever_it_says(router: Router) -> None:
    placed = order(row())
    await places(router, placed, {BOOTS: 3})
    await moves(router, await from_catalogue(router, placed, "W1"), Change(status="Cancelled"))
    await router.is_answered(allocate(await asked(router, placed), {}))
    assert await row_of(router, placed) == {"unserved": 2, "cancelled": 3}
    assert await has_news(router, "W1") == 0
    assert await has_news(router, "W2") == 1
    assert [c.catalogue_id for c in (await asked(router, placed)).rows[0].candidates] == ["W2"]


async def test_what_a_retry_brings_may_wait(router: Router) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 3}, {}, 2)}))
    await has_news(router, "W2")
    await router.is_answered(answer(placed, 2, {"1": ({}, {OTHER_BOOTS: 2}, 0)}))
    assert await row_of(router, placed) == {("W1", 1): 3, "waiting": 2}
    assert (await router.said(OrderRouted))[-1].outcome == "backordered"


async def test_the_oldest_orders_are_asked_for_first(router: Router) -> None:
    orders = [order(row(), external_id=f"A-{number}") for number in range(4)]
    ages = [3, 1, 4, 2]
    old = [
        one.model_copy(update={"placed_at": one.placed_at.replace(hour=age)})
        for one, age in zip(orders, ages, strict=True)
    ]
    await router.hears(*old)
    await router.is_answered(*(allocate(request, {BOOTS: 1}) for request in await router.said(AllocateOrder)))
    assert await has_news(router, "W2") == 4
    again = [request.placed_at.hour for request in await router.said(AllocateOrder)][4:]
    assert again == [1, 2, 3, 4]


async def test_news_that_neither_saw_while_both_were_written_is_looked_for_once_more(router: Router) -> None:
    await places(router, order(row()), {BOOTS: 3})
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE balances SET heard_at = now() WHERE catalogue_id = 'W2'")
    await retrying.look(router.database)
    assert len(await router.said(AllocateOrder)) == 1
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE unserved_rows SET recheck_at = now()")
    for _ in range(2):
        await retrying.look(router.database)
    assert len(await router.said(AllocateOrder)) == 2


async def test_what_is_wanted_of_a_refused_order_stays_together_when_less_of_it_is_wanted(router: Router) -> None:
    placed = order(row("1", mandatory=True), row("2", "SOCKS", quantity=2))
    await places(router, placed, {("W1", "SOCKS"): 9})
    async with router.database.transaction() as tx:
        await part_cancelling.cancel(tx, SETTINGS, placed.order_id, "2", Decimal(1))
    assert await has_news(router, "W1", "SOCKS") == 1
    request = await asked(router, placed)
    assert [(one.external_id, int(one.quantity), one.mandatory) for one in request.rows] == [
        ("1", 5, True),
        ("2", 1, False),
    ]
    await router.is_answered(allocate(request, {("W1", "SOCKS"): 9}))
    assert await router.said(ShipmentCreated) == []
    assert await has_news(router, "W2", version=3) == 1
    await router.is_answered(allocate(await asked(router, placed), {("W1", "SOCKS"): 9, OTHER_BOOTS: 9}))
    assert await row_of(router, placed, "2") == {("W1", 4): 1, "cancelled": 1}


async def test_a_bundle_is_asked_for_again_as_a_bundle_or_not_at_all(router: Router) -> None:
    placed = order(row("1", "HAT"), row("2"), row("3", "SOCKS", parent="2"))
    await router.knows([], [balance("W1", "HAT")])
    await places(router, placed, {("W1", "HAT"): 9, BOOTS: 9})
    assert await row_of(router, placed, "2") == {"unserved": 5}
    assert await has_news(router, "W1", version=2) == 1
    again = await asked(router, placed)
    assert [(one.external_id, one.parent) for one in again.rows] == [("2", None), ("3", "2")]
    await router.is_answered(allocate(again, {BOOTS: 9}))
    assert await row_of(router, placed, "2") == {"unserved": 5}


async def test_two_replicas_that_look_at_once_ask_once(router: Router) -> None:
    placed = order(row())
    await places(router, placed, {BOOTS: 3})
    await router.knows([], [balance("W2", version=2)])
    async with router.database.transaction() as tx:
        assert len(await store.due_routes(tx, 10)) == 1
        assert await retrying.ask_due(router.database) == 0
    assert await retrying.ask_due(router.database) == 1


async def test_the_record_says_when_a_reservation_was_of_no_use_and_the_order_names_it_again_when_it_stays(
    router: Router,
) -> None:
    reservation = UUID(int=7)
    kept = order(row(), row("2", "SOCKS", 1, mandatory=True), reservation_id=reservation)
    absent = order(row(), external_id="A-2", reservation_id=reservation)
    for placed, hold in ((kept, "kept"), (absent, "absent")):
        await router.hears(placed)
        answered = allocate(await asked(router, placed), {BOOTS: 9})
        await router.is_answered(answered.model_copy(update={"hold": hold}))
    assert await notes_of(router, absent) == (NO_RESERVATION,)
    assert await notes_of(router, kept) == (RESERVATION_STAYS,)
    assert [told.outcome for told in await router.said(OrderRouted)] == ["refused", "full"]
    await has_news(router, "W1", "SOCKS")
    again = await asked(router, kept)
    assert (again.round, again.reservation_id) == (2, reservation)
    served = allocate(again, {BOOTS: 9, ("W1", "SOCKS"): 9})
    await router.is_answered(served.model_copy(update={"hold": "ended"}))
    assert await notes_of(router, kept) == ()
    assert await history_of(router, kept) == ["decided again: before, refused"]


async def notes_of(router: Router, placed: OrderPlaced) -> tuple[str, ...]:
    """What else is to be known of an order's decision."""
    record = (await router.route(placed)).record
    assert record is not None
    return record.notes
