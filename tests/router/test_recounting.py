"""What a catalogue turns out not to have is taken from its shipments and asked of others."""

import pytest

from router.domain import Change
from shared.contracts import AllocateOrder, OrderRouted, ShipmentChanged
from tests.router.conftest import Router
from tests.router.examples import allocate, amended, order, row
from tests.router.happenings import (
    LOT,
    answer,
    asked,
    filled,
    fills,
    from_catalogue,
    hears_of,
    history_of,
    moves,
    row_of,
    withdrawn,
    withdraws,
)
from tests.router.warehouses import BOOTS, OTHER_BOOTS, places

pytestmark = pytest.mark.usefixtures("three_warehouses")


async def test_what_a_catalogue_turns_out_not_to_have_is_taken_from_its_shipment_and_asked_of_others(
    router: Router,
) -> None:
    placed = order(row(), row("2", "SOCKS", 1))
    await places(router, placed, {BOOTS: 5, ("W1", "SOCKS"): 1})
    await withdraws(router, withdrawn(placed, "W1", ("1", "BOOTS", 1, 2)))
    shipment = await from_catalogue(router, placed, "W1")
    assert [(r.row_id, int(r.quantity)) for r in shipment.rows] == [("1", 3), ("2", 1)]
    assert (shipment.version, shipment.status) == (2, "Created")
    assert [(e.type, e.comment) for e in shipment.events] == [("Shrunk", "W1 counted less: 2 moved")]
    (changed,) = await router.said(ShipmentChanged)
    assert [int(r.quantity) for r in changed.rows] == [3, 1]
    await hears_of(router, changed)
    request = await asked(router, placed)
    assert [(int(r.quantity), [c.catalogue_id for c in r.candidates]) for r in request.rows] == [
        (2, ["W1", "W2", "W3"])
    ]
    await router.is_answered(allocate(request, {OTHER_BOOTS: 9}))
    assert await row_of(router, placed) == {("W1", 1): 3, ("W2", 2): 2}
    assert await history_of(router, placed) == ["W1 counted less: 2 moved", "routed again: 2 from W2"]


async def test_a_shipment_with_nothing_left_is_cancelled_and_its_service_goes_along_with_the_goods(
    router: Router,
) -> None:
    placed = order(row(), row("2", "WRAP", quantity=1, product_type="serviceProduct"))
    await places(router, placed, {BOOTS: 5})
    await withdraws(router, withdrawn(placed, "W1", ("1", "BOOTS", 1, 5)))
    shipment = await from_catalogue(router, placed, "W1")
    assert (shipment.status, shipment.status_reason) == ("Cancelled", "W1 counted less: 5 moved")
    assert await row_of(router, placed, "2") == {"rerouting": 1}
    await router.is_answered(allocate(await asked(router, placed), {OTHER_BOOTS: 9}))
    moved = await from_catalogue(router, placed, "W2", 2)
    assert [(r.row_id, int(r.quantity)) for r in moved.rows] == [("1", 5), ("2", 1)]
    assert await row_of(router, placed, "2") == {("W2", 2): 1}


async def test_a_row_that_is_not_to_be_delivered_in_parts_moves_as_a_whole(router: Router) -> None:
    placed = order(row(partial_delivery_allowed=False))
    await places(router, placed, {BOOTS: 5})
    await withdraws(router, withdrawn(placed, "W1", ("1", "BOOTS", 1, 2)))
    assert await row_of(router, placed) == {"rerouting": 5}
    assert (await from_catalogue(router, placed, "W1")).status == "Cancelled"
    request = await asked(router, placed)
    assert [(int(r.quantity), r.partial_delivery_allowed) for r in request.rows] == [(5, False)]


async def test_what_is_delivered_in_spite_of_a_recount_stays_delivered(router: Router) -> None:
    placed = order(row())
    await places(router, placed, {BOOTS: 5})
    await moves(router, await from_catalogue(router, placed, "W1"), Change(status="Delivered"))
    await withdraws(router, withdrawn(placed, "W1", ("1", "BOOTS", 1, 2)))
    assert await row_of(router, placed) == {("W1", 1): 5}
    assert len(await router.said(AllocateOrder)) == 1


async def test_a_recount_that_overtakes_the_promise_it_takes_back_is_kept_until_that_comes(router: Router) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await withdraws(
        router, withdrawn(placed, "W1", ("1", "BOOTS", 1, 1)), withdrawn(placed, "W1", ("1", "BOOTS", LOT, 2))
    )
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 2}, {BOOTS: 3}, 0)}))
    assert await row_of(router, placed) == {("W1", 1): 1, "waiting": 3, "rerouting": 1}
    await fills(router, filled(placed, LOT, {"1": {BOOTS: 3}}))
    assert await row_of(router, placed) == {("W1", 1): 1, ("W1", LOT): 1, "rerouting": 3}


async def test_a_recount_that_overtakes_the_filling_it_takes_back_is_kept_until_that_comes(router: Router) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 2}, {BOOTS: 3}, 0)}))
    await withdraws(router, withdrawn(placed, "W1", ("1", "BOOTS", LOT, 2)))
    await fills(router, filled(placed, LOT, {"1": {BOOTS: 3}}))
    assert await row_of(router, placed) == {("W1", 1): 2, ("W1", LOT): 1, "rerouting": 2}
    [shrunk] = [shipment for shipment in await router.shipments() if shipment.lot == LOT]
    assert [packed.quantity for packed in shrunk.rows] == [1]


async def test_a_catalogue_that_was_counted_short_is_asked_again_like_all_others(router: Router) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 5}, {}, 0)}))
    await withdraws(router, withdrawn(placed, "W1", ("1", "BOOTS", 1, 2)))
    candidates = (await asked(router, placed)).rows[0].candidates
    assert [candidate.catalogue_id for candidate in candidates] == ["W1", "W2", "W3"]


async def test_a_held_order_gets_later_what_it_lost_and_ships_it_when_it_is_released(router: Router) -> None:
    placed = order(row(back_order=True), held=True)
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 3}, {BOOTS: 2}, 0)}))
    await withdraws(router, withdrawn(placed, "W1", ("1", "BOOTS", 1, 1)))
    await router.is_answered(allocate(await asked(router, placed), {OTHER_BOOTS: 1}))
    await fills(router, filled(placed, LOT, {"1": {BOOTS: 2}}))
    assert await router.shipments() == []
    assert int((await router.said(OrderRouted))[-1].rows[0].reserved) == 5
    await router.hears_a_change(amended(placed, held=False))
    shipped = {(s.catalogue_id, s.lot): int(s.rows[0].quantity) for s in await router.shipments()}
    assert shipped == {("W1", 1): 2, ("W2", 2): 1, ("W1", LOT): 2}
    told = (await router.said(OrderRouted))[-1]
    assert {part.shipment_id for part in told.rows[0].routed} == {s.shipment_id for s in await router.shipments()}
    assert int(told.rows[0].reserved) == 0
