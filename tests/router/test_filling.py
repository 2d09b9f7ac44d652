"""Stock that comes for what waits: when it is due, before its answer, or when nobody wants it any more."""

import asyncio
from decimal import Decimal

import pytest

from router import store
from shared.contracts import PartRelease, ReleaseParts, ShipmentCreated
from shared.inbox import Unprocessable
from tests.router.conftest import Router
from tests.router.examples import amended, order, row
from tests.router.happenings import (
    LOT,
    REJECTED,
    answer,
    asked,
    filled,
    fills,
    from_catalogue,
    history_of,
    moves,
    row_of,
    withdrawn,
    withdraws,
)
from tests.router.warehouses import BOOTS, OTHER_BOOTS, places

pytestmark = pytest.mark.usefixtures("three_warehouses")


async def test_stock_that_comes_for_what_waits_is_shipped_in_a_lot_of_its_own(router: Router) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 2}, {BOOTS: 3}, 0)}))
    assert await row_of(router, placed) == {("W1", 1): 2, "waiting": 3}
    came = filled(placed, LOT, {"1": {BOOTS: 2}})
    await fills(router, came, came)
    await fills(router, came, filled(placed, LOT + 1, {"1": {OTHER_BOOTS: 1}}))
    assert await row_of(router, placed) == {("W1", 1): 2, ("W1", LOT): 2, ("W2", LOT + 1): 1}
    assert {(c.catalogue_id, c.lot) for c in await router.said(ShipmentCreated)} == {
        ("W1", 1),
        ("W1", LOT),
        ("W2", LOT + 1),
    }
    assert await history_of(router, placed) == ["filled: 2 from W1", "filled: 1 from W2"]
    assert await router.said(ReleaseParts) == []


async def test_news_of_several_orders_locks_them_in_one_order_however_often_one_of_them_comes(router: Router) -> None:
    placed = [order(row(back_order=True), external_id=f"A-{number}") for number in range(2)]
    await router.hears(*placed)
    for one in placed:
        await router.is_answered(answer(one, 1, {"1": ({}, {BOOTS: 5}, 0)}))
    low, high = sorted(placed, key=lambda one: one.order_id)
    news = [
        filled(high, LOT, {"1": {BOOTS: 1}}),
        filled(high, LOT + 1, {"1": {BOOTS: 2}}),
        filled(low, LOT, {"1": {BOOTS: 3}}),
    ]
    async with router.database.transaction() as tx:
        await store.routes_for_update(tx, [low.order_id])
        filling = asyncio.create_task(fills(router, *news))
        while not await tx.fetch_value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0)
            assert not filling.done()
        await tx.execute("SELECT FROM routes WHERE order_id = $1 FOR UPDATE NOWAIT", high.order_id)
    await filling
    assert await row_of(router, high) == {("W1", LOT): 1, ("W1", LOT + 1): 2, "waiting": 2}
    assert await row_of(router, low) == {("W1", LOT): 3, "waiting": 2}


async def test_more_than_waits_goes_back(router: Router) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({}, {BOOTS: 5}, 0)}))
    await router.hears_a_change(amended(placed, no_waiting=("1",)))
    assert await row_of(router, placed) == {"cancelled": 5}
    await fills(router, filled(placed, LOT, {"1": {BOOTS: 2}}))
    ended, back = await router.said(ReleaseParts)
    assert ended.parts == (PartRelease(row_id="1", quantity=Decimal(5)),)
    assert back.parts == (PartRelease(row_id="1", quantity=Decimal(2), lot=LOT, catalogue_id="W1", product_id="BOOTS"),)
    assert await router.shipments() == []


async def test_a_row_that_is_not_to_wait_any_more_does_not_wait_whenever_that_is_said(router: Router) -> None:
    early, late = order(row(back_order=True)), order(row(back_order=True), external_id="A-2")
    await router.hears_a_change(amended(early, no_waiting=("1",)))
    await router.hears(early, late)
    await router.hears_a_change(amended(late, no_waiting=("1",)))
    for placed in (early, late):
        await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 2}, {BOOTS: 3}, 0)}))
        assert await row_of(router, placed) == {("W1", 1): 2, "cancelled": 3}
    assert [r.parts for r in await router.said(ReleaseParts)] == [(PartRelease(row_id="1", quantity=Decimal(3)),)] * 2


async def test_stock_that_overtakes_the_answer_is_kept_until_that_comes(router: Router) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await fills(router, filled(placed, LOT, {"1": {BOOTS: 1}}))
    assert await router.said(ShipmentCreated) == []
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 2}, {BOOTS: 3}, 0)}))
    assert await row_of(router, placed) == {("W1", 1): 2, ("W1", LOT): 1, "waiting": 2}
    assert not (await router.route(placed)).early


async def test_stock_that_overtakes_the_answer_to_a_later_round_is_kept_as_well(router: Router) -> None:
    placed = order(row(back_order=True))
    await places(router, placed, {BOOTS: 5})
    await moves(router, await from_catalogue(router, placed, "W1"), REJECTED)
    await fills(router, filled(placed, LOT, {"1": {OTHER_BOOTS: 2}}, waited=2))
    await router.is_answered(answer(placed, 2, {"1": ({}, {OTHER_BOOTS: 5}, 0)}))
    assert await row_of(router, placed) == {("W2", LOT): 2, "waiting": 3}
    assert await router.said(ReleaseParts) == []


async def test_stock_that_overtakes_its_answer_by_a_moment_is_not_lost(router: Router) -> None:
    placed = [order(row(back_order=True), external_id=f"A-{number}") for number in range(10)]
    await router.hears(*placed)
    await asyncio.gather(
        *(fills(router, filled(one, LOT, {"1": {BOOTS: 3}})) for one in placed),
        *(router.is_answered(answer(one, 1, {"1": ({BOOTS: 2}, {BOOTS: 3}, 0)})) for one in placed),
    )
    for one in placed:
        assert await row_of(router, one) == {("W1", 1): 2, ("W1", LOT): 3}


async def test_what_comes_for_one_round_does_not_serve_what_waits_since_another(router: Router) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 2}, {BOOTS: 3}, 0)}))
    await withdraws(router, withdrawn(placed, "W1", ("1", "BOOTS", 1, 2)))
    again = await asked(router, placed)
    await router.is_answered(answer(placed, again.round, {"1": ({}, {BOOTS: 2}, 0)}))
    await fills(router, filled(placed, LOT, {"1": {BOOTS: 4}}, waited=1))
    assert await row_of(router, placed) == {("W1", LOT): 3, "waiting": 2}
    [released] = [part for said in await router.said(ReleaseParts) for part in said.parts]
    assert (released.lot, int(released.quantity), released.catalogue_id) == (LOT, 1, "W1")
    await fills(router, filled(placed, LOT + 1, {"1": {BOOTS: 2}}, waited=again.round))
    assert await row_of(router, placed) == {("W1", LOT): 3, ("W1", LOT + 1): 2}


@pytest.mark.parametrize("rows", [{"9": {BOOTS: 1}}, {"1": {("W9", "BOOTS"): 1}}])
async def test_stock_for_what_is_not_of_the_order_is_unprocessable(
    router: Router, rows: dict[str, dict[tuple[str, str], int]]
) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({}, {BOOTS: 5}, 0)}))
    with pytest.raises(Unprocessable):
        await fills(router, filled(placed, LOT, rows))
