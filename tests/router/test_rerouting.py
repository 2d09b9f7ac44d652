"""What suppliers decline is asked of the others, once, however often that is heard."""

import asyncio
from decimal import Decimal

import pytest

from router import domain, handlers, store
from router.domain import Change, PackedChange, ParcelChange
from shared.contracts import AllocateOrder, OrderFilled, OrderRouted, ReleaseParts, ShipmentCreated
from shared.inbox import Unprocessable
from tests.router.conftest import Router
from tests.router.examples import SETTINGS, allocate, order, row
from tests.router.happenings import (
    LOT,
    REJECTED,
    answer,
    asked,
    filled,
    fills,
    from_catalogue,
    hears_of,
    history_of,
    moves,
    row_of,
    standing_of,
)
from tests.router.warehouses import BOOTS, OTHER_BOOTS, STOCK, THIRD_BOOTS, places

pytestmark = pytest.mark.usefixtures("three_warehouses")


def delivering(row_id: str, quantity: int) -> Change:
    """Delivered with so much of a row."""
    packed = PackedChange(row_id=row_id, delivered=Decimal(quantity))
    return Change(status="Delivered", parcels=(ParcelChange("1", rows=(packed,)),))


async def test_what_a_supplier_rejects_is_asked_of_the_others(router: Router) -> None:
    placed = order(row(quantity=5, mandatory=True))
    await places(router, placed, {BOOTS: 3, OTHER_BOOTS: 2})
    said = await moves(router, await from_catalogue(router, placed, "W1"), REJECTED)
    request = await asked(router, placed)
    assert request.round == 2
    assert [(r.external_id, int(r.quantity), r.mandatory) for r in request.rows] == [("1", 3, False)]
    assert [c.catalogue_id for c in request.rows[0].candidates] == ["W2", "W3"]
    assert await row_of(router, placed) == {("W2", 1): 2, "rerouting": 3}
    await hears_of(router, said, said)
    assert len(await router.said(AllocateOrder)) == 2
    await router.is_answered(allocate(request, {OTHER_BOOTS: 1, THIRD_BOOTS: 9}))
    assert await row_of(router, placed) == {("W2", 1): 2, ("W2", 2): 1, ("W3", 2): 2}
    created = await router.said(ShipmentCreated)
    assert {(c.catalogue_id, c.lot, int(c.rows[0].quantity)) for c in created} == {
        ("W1", 1, 3),
        ("W2", 1, 2),
        ("W2", 2, 1),
        ("W3", 2, 2),
    }
    assert len({c.shipment_id for c in created}) == 4
    assert await history_of(router, placed) == ["rejected by W1", "routed again: 1 from W2, 2 from W3"]
    told = await router.said(OrderRouted)
    assert [t.round for t in told] == [1, 3, 4]
    assert [(int(t.rows[0].rerouting), len(t.rows[0].routed)) for t in told] == [(0, 2), (3, 1), (0, 3)]


async def test_a_rejected_row_that_nobody_else_has_is_not_coming_and_says_why(router: Router) -> None:
    placed = order(row("1", "SOCKS"))
    await places(router, placed, {("W1", "SOCKS"): 9})
    await moves(router, await from_catalogue(router, placed, "W1"), REJECTED)
    assert len(await router.said(AllocateOrder)) == 1
    assert await row_of(router, placed) == {"cancelled": 5}
    told = (await router.said(OrderRouted))[-1]
    assert (told.round, told.outcome, told.rows[0].routed) == (2, "none", ())
    assert told.rows[0].reason


async def test_of_a_rejected_row_comes_as_much_as_the_others_have(router: Router) -> None:
    placed = order(row())
    await places(router, placed, {BOOTS: 5})
    await moves(router, await from_catalogue(router, placed, "W1"), REJECTED)
    await router.is_answered(allocate(await asked(router, placed), {OTHER_BOOTS: 2}))
    assert await row_of(router, placed) == {("W2", 2): 2, "cancelled": 3}
    assert (await router.said(OrderRouted))[-1].rows[0].reason == "no stock"


async def test_each_supplier_that_rejects_a_row_is_not_asked_again(router: Router) -> None:
    placed = order(row())
    await places(router, placed, {BOOTS: 5})
    await moves(router, await from_catalogue(router, placed, "W1"), REJECTED)
    await router.is_answered(allocate(await asked(router, placed), {OTHER_BOOTS: 5}))
    await moves(router, await from_catalogue(router, placed, "W2", 2), REJECTED)
    assert [c.catalogue_id for c in (await asked(router, placed)).rows[0].candidates] == ["W3"]


async def test_what_a_supplier_delivers_less_of_is_asked_of_the_others_and_else_is_not_coming(router: Router) -> None:
    served, short = order(row()), order(row(), external_id="A-2")
    for placed in (served, short):
        await places(router, placed, {BOOTS: 5})
        await moves(router, await from_catalogue(router, placed, "W1"), delivering("1", 3))
        assert await row_of(router, placed) == {("W1", 1): 3, "rerouting": 2}
    await router.is_answered(
        allocate(await asked(router, served), {OTHER_BOOTS: 2}), allocate(await asked(router, short), {})
    )
    assert await row_of(router, served) == {("W1", 1): 3, ("W2", 2): 2}
    assert await row_of(router, short) == {("W1", 1): 3, "cancelled": 2}
    assert await history_of(router, short) == ["W1 delivered less", "routed again: 2 not coming"]


async def test_of_a_row_that_is_not_to_be_delivered_in_parts_the_rest_is_not_coming(router: Router) -> None:
    placed = order(row(partial_delivery_allowed=False))
    await places(router, placed, {BOOTS: 5})
    await moves(router, await from_catalogue(router, placed, "W1"), delivering("1", 3))
    assert await row_of(router, placed) == {("W1", 1): 3, "cancelled": 2}
    assert len(await router.said(AllocateOrder)) == 1


async def test_a_shipment_that_is_delivered_in_full_changes_nothing(router: Router) -> None:
    placed = order(row())
    await places(router, placed, STOCK)
    before = await router.route(placed)
    await moves(router, await from_catalogue(router, placed, "W1"), Change(status="Viewed"))
    seen: list[str] = []
    async with router.database.transaction() as tx:
        (shipment,) = [s for s in await router.shipments() if s.catalogue_id == "W1"]
        moved = domain.move(shipment, Change(status="Delivered"), await tx.now())
        assert isinstance(moved, domain.Shipment)
        with tx.connection.query_logger(lambda query: seen.append(query.query)):
            await handlers.reroute_shipments([domain.shipment_changed(moved)], tx, SETTINGS)
    assert seen == []
    assert await router.route(placed) == before


async def test_rows_that_a_supplier_rejects_of_an_open_shipment_are_asked_of_the_others(router: Router) -> None:
    placed = order(row("1"), row("2", "SOCKS"))
    await places(router, placed, {BOOTS: 5, ("W1", "SOCKS"): 5})
    async with router.database.transaction() as tx:
        shipment = await store.shipment(tx, (await from_catalogue(router, placed, "W1")).shipment_id)
        assert shipment is not None
        smaller = domain.shrunk(shipment, {("1", "BOOTS"): Decimal(2)}, "rejected", await tx.now())
        await store.save_amended_shipments(tx, [smaller])
        await store.save_shrunk(tx, [smaller])
    said = domain.shipment_changed(smaller)
    assert (said.shrunk, said.closed) == (True, False)
    await hears_of(router, said)
    await hears_of(router, said)
    assert await row_of(router, placed) == {("W1", 1): 3, "rerouting": 2}
    assert await row_of(router, placed, "2") == {("W1", 1): 5}
    assert len(await router.said(AllocateOrder)) == 2


async def test_an_order_said_again_asks_again_what_is_not_answered_and_tells_how_it_stands(router: Router) -> None:
    placed = order(row())
    await places(router, placed, STOCK)
    await moves(router, await from_catalogue(router, placed, "W1"), REJECTED)
    await router.hears(placed)
    requests, told = await router.said(AllocateOrder), await router.said(OrderRouted)
    assert requests[-1] == requests[-2]
    assert told[-1] == told[-2]
    answered = allocate(requests[-1], {OTHER_BOOTS: 9})
    await router.is_answered(answered)
    await router.is_answered(answered)
    assert await row_of(router, placed) == {("W2", 1): 2, ("W2", 2): 3}
    assert await router.said(ReleaseParts) == []


async def test_several_rounds_may_be_asked_for_at_once(router: Router) -> None:
    placed = order(row(quantity=5))
    await places(router, placed, STOCK)
    for catalogue_id in ("W1", "W2"):
        await moves(router, await from_catalogue(router, placed, catalogue_id), REJECTED)
    first, second = (await router.said(AllocateOrder))[1:]
    assert await row_of(router, placed) == {"rerouting": 5}
    await router.is_answered(allocate(second, {THIRD_BOOTS: 9}), allocate(first, {THIRD_BOOTS: 1}))
    assert await row_of(router, placed) == {("W3", second.round): 2, ("W3", first.round): 1, "cancelled": 2}


@pytest.mark.parametrize(
    "rows",
    [{"1": ({BOOTS: 3}, {}, 0)}, {"1": ({OTHER_BOOTS: 4}, {}, 0)}, {"2": ({OTHER_BOOTS: 1}, {}, 0)}],
)
async def test_an_impossible_answer_to_a_later_round_is_unprocessable_and_changes_nothing(
    router: Router, rows: dict[str, tuple[dict[tuple[str, str], int], dict[tuple[str, str], int], int]]
) -> None:
    placed = order(row())
    await places(router, placed, {BOOTS: 3})
    await moves(router, await from_catalogue(router, placed, "W1"), REJECTED)
    before = await standing_of(router, placed)
    with pytest.raises(Unprocessable):
        await router.is_answered(answer(placed, 2, rows))
    assert await standing_of(router, placed) == before


async def test_two_replicas_that_hear_the_same_ask_and_ship_once(router: Router) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 3}, {BOOTS: 2}, 0)}))
    said = await moves(router, await from_catalogue(router, placed, "W1"), REJECTED)
    came: OrderFilled = filled(placed, LOT, {"1": {BOOTS: 2}})
    answered = allocate(await asked(router, placed), {OTHER_BOOTS: 5})
    await asyncio.gather(
        *(hears_of(router, said) for _ in range(3)),
        *(fills(router, came) for _ in range(3)),
        *(router.is_answered(answered) for _ in range(3)),
    )
    # What waited is asked of others as well: whoever has declined the row does not fill it either.
    assert await row_of(router, placed) == {("W2", 2): 5}
    assert len(await router.said(AllocateOrder)) == 2
    assert len(await router.said(ShipmentCreated)) == 2
