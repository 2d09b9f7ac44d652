"""What becomes of orders once they are decided: suppliers decline, stock comes and goes, messages overtake others."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from router import domain, handlers, store
from router.domain import Change, PackedChange, ParcelChange
from shared.contracts import (
    AllocateOrder,
    OrderAllocated,
    OrderFilled,
    OrderPlaced,
    OrderRouted,
    PartRelease,
    ReleaseOrder,
    ReleaseParts,
    ShipmentChanged,
    ShipmentCreated,
)
from shared.inbox import Unprocessable
from tests.router.conftest import Router
from tests.router.examples import OTHER_SUPPLIER, SETTINGS, allocate, amended, balance, catalogue, order, row
from tests.router.happenings import (
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
    withdrawn,
    withdraws,
)

BOOTS = ("W1", "BOOTS")
OTHER_BOOTS = ("W2", "BOOTS")
THIRD_BOOTS = ("W3", "BOOTS")
STOCK = {BOOTS: 3, OTHER_BOOTS: 99}
LOT = 1_000_000
REJECTED = Change(status="Cancelled")
MIGRATIONS = Path(store.__file__).parents[1] / "migrations"


def statement(migration: str, beginning: str) -> str:
    """A statement of a migration, to be run over what there is."""
    return beginning + (MIGRATIONS / migration).read_text().partition(beginning)[2].partition(";")[0]


DERIVED = statement("1040_keep_standings.sql", "UPDATE routes AS o")
UNSERVED = statement("1041_ask_again.sql", "INSERT INTO unserved_rows")


def delivering(row_id: str, quantity: int) -> Change:
    """Delivered with so much of a row."""
    packed = PackedChange(row_id=row_id, delivered=Decimal(quantity))
    return Change(status="Delivered", parcels=(ParcelChange("1", rows=(packed,)),))


@pytest.fixture(autouse=True)
async def three_warehouses(router: Router) -> None:
    """W1 is asked first, then W2, then W3."""
    await router.knows(
        [
            catalogue("W1", priority=1),
            catalogue("W2", priority=2, supplier_id=OTHER_SUPPLIER),
            catalogue("W3", priority=3, supplier_id=OTHER_SUPPLIER),
        ],
        [balance("W1"), balance("W2"), balance("W3"), balance("W1", "SOCKS")],
    )


async def places(router: Router, placed: OrderPlaced, stock: Mapping[tuple[str, str], int | Decimal]) -> None:
    """Let it hear of an order and of inventory's answer from the stock."""
    await router.hears(placed)
    await router.is_answered(allocate(await asked(router, placed), dict(stock)))


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


async def test_of_a_cancelled_order_nothing_is_routed_again_and_late_answers_go_back(router: Router) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 3}, {BOOTS: 2}, 0)}))
    await moves(router, await from_catalogue(router, placed, "W1"), REJECTED)
    request = await asked(router, placed)
    await router.hears_a_change(amended(placed, cancelled=True))
    assert await row_of(router, placed) == {"cancelled": 5}
    late = answer(placed, request.round, {"1": ({OTHER_BOOTS: 2}, {OTHER_BOOTS: 1}, 0)})
    await router.is_answered(late, late)
    await router.is_answered(late)
    await fills(router, filled(placed, LOT, {"1": {BOOTS: 1}}))
    assert await row_of(router, placed) == {"cancelled": 5}
    assert [[(p.lot, int(p.quantity)) for p in r.parts] for r in await router.said(ReleaseParts)] == [
        [(1, 2)],
        [(2, 2), (2, 1)],
        [(LOT, 1)],
    ]
    assert await router.said(ReleaseOrder) == []
    for changed in await router.said(ShipmentChanged):
        await hears_of(router, changed)
    assert len(await router.said(AllocateOrder)) == 2


async def test_the_order_book_is_told_what_is_left_of_a_cancelled_order(router: Router) -> None:
    placed = order(row())
    await places(router, placed, STOCK)
    await moves(router, await from_catalogue(router, placed, "W1"), Change(status="Delivered"))
    await router.hears_a_change(amended(placed, cancelled=True))
    told = (await router.said(OrderRouted))[-1]
    assert (told.round, int(told.rows[0].cancelled), told.rows[0].reason) == (2, 2, "cancelled by the retailer")
    assert [(p.catalogue_id, int(p.quantity)) for p in told.rows[0].routed] == [("W1", 3)]


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


@pytest.mark.parametrize("rows", [{"9": {BOOTS: 1}}, {"1": {("W9", "BOOTS"): 1}}])
async def test_stock_for_what_is_not_of_the_order_is_unprocessable(
    router: Router, rows: dict[str, dict[tuple[str, str], int]]
) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({}, {BOOTS: 5}, 0)}))
    with pytest.raises(Unprocessable):
        await fills(router, filled(placed, LOT, rows))


async def test_news_of_an_unknown_order_is_dropped(router: Router) -> None:
    stranger = order(row())
    await fills(router, filled(stranger, LOT, {"1": {BOOTS: 1}}))
    await withdraws(router, withdrawn(stranger, "W1", ("1", "BOOTS", 1, 1)))
    await router.is_answered(OrderAllocated(order_id=stranger.order_id, round=2, outcome="none", rows=()))
    async with router.database.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM early_news") == 0
    assert await router.said(OrderRouted) == []


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


async def test_the_books_tell_how_every_row_stands_and_every_piece_of_it(router: Router) -> None:
    placed = order(row(back_order=True), row("2", "WRAP", quantity=1, product_type="serviceProduct"))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 3}, {BOOTS: 2}, 0)}))
    await withdraws(router, withdrawn(placed, "W1", ("1", "BOOTS", 1, 1)))
    await fills(router, filled(placed, LOT, {"1": {BOOTS: 1}}))
    async with router.database.transaction() as tx:
        standings = [
            (r["row_id"], *(int(r[name]) for name in ("quantity", "promised", "waiting", "rerouting", "unserved")))
            for r in await store.standings(tx)
        ]
        pieces = {(r["row_id"], r["catalogue_id"], r["lot"], int(r["quantity"])) for r in await store.pieces(tx)}
        shipped = {(r["row_id"], r["catalogue_id"], r["lot"], int(r["quantity"])) for r in await store.books(tx)}
    assert standings == [("1", 5, 3, 1, 1, 0), ("2", 1, 1, 0, 0, 0)]
    assert pieces == shipped == {("1", "W1", 1, 2), ("1", "W1", LOT, 1), ("2", "W1", 1, 1)}


async def test_orders_that_are_fully_served_are_decided_in_few_statements(router: Router) -> None:
    placed = [order(row(), external_id=f"A-{number}") for number in range(50)]
    await router.hears(*placed)
    first, *answers = [allocate(request, {BOOTS: 3, OTHER_BOOTS: 9}) for request in await router.said(AllocateOrder)]
    seen: list[str] = []
    async with router.database.transaction() as tx:
        # The first statements of a connection ask for the types of columns.
        await handlers.ship_orders([first], tx, SETTINGS)
        with tx.connection.query_logger(lambda query: seen.append(query.query)):
            await handlers.ship_orders(answers, tx, SETTINGS)
    # Routes locked and written, shipments, their rows, messages.
    assert len(seen) == 5


async def test_what_was_decided_before_there_were_standings_stands_as_it_was_shipped(router: Router) -> None:
    wrap = row("2", "WRAP", quantity=1, product_type="serviceProduct")
    shipped, held, ended, early = (
        order(row(back_order=True), wrap, external_id=f"A-{number}", held=number == 1) for number in range(4)
    )
    await router.hears(shipped, held, ended, early)
    await router.hears_a_change(amended(early, cancelled=True))
    for placed in (shipped, held, ended, early):
        await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 2, OTHER_BOOTS: 1}, {BOOTS: 1}, 1)}))
    await moves(router, await from_catalogue(router, shipped, "W2"), Change(status="Delivered"))
    await moves(router, await from_catalogue(router, ended, "W1"), Change(status="Delivered"))
    await router.hears_a_change(amended(ended, cancelled=True))
    before = {placed.external_id: await standing_of(router, placed) for placed in (shipped, held, ended, early)}
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE routes SET standing = NULL")
        await tx.execute("SET LOCAL search_path = router")
        await tx.execute(DERIVED)
        await tx.execute("DELETE FROM unserved_rows")
        await tx.execute(UNSERVED)
        found = await tx.fetch(
            "SELECT order_id, row_id, product_id, ean, quantity FROM unserved_rows ORDER BY order_id"
        )
    assert [(str(r["order_id"]), r["row_id"], r["product_id"], r["ean"], int(r["quantity"])) for r in found] == [
        (str(placed.order_id), "1", "BOOTS", None, 1) for placed in (shipped, held)
    ]
    for placed in (shipped, held, ended, early):
        now = await standing_of(router, placed)
        assert [(r.pieces, r.waiting, r.unserved, r.cancelled, r.stocked) for r in now.rows] == [
            (r.pieces, r.waiting, r.unserved, r.cancelled, r.stocked) for r in before[placed.external_id].rows
        ]


async def test_a_catalogue_says_how_long_its_shipments_may_stay_unopened(router: Router) -> None:
    await router.knows([catalogue("W2", supplier_id=OTHER_SUPPLIER, acceptance_hours=2.0, version=2)], [])
    placed = order(row())
    await places(router, placed, STOCK)
    hours = {
        c.catalogue_id: (c.accept_by - c.created_at).total_seconds() / 3600 for c in await router.said(ShipmentCreated)
    }
    assert hours == {"W1": 24, "W2": 2}
