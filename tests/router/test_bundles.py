"""A bundle after the first decision: it moves in whole sets, is asked for as a bundle, and ends as one."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import domain, retrying, store
from router.domain import Change, PackedChange, ParcelChange, RejectedRow, Shipment, bundling
from shared.contracts import OrderPlaced, PartRelease, ReleaseParts, ShipmentChanged
from shared.rules import bundles
from tests.router.conftest import Router
from tests.router.examples import OTHER_SUPPLIER, SUPPLIER, allocate, amended, balance, catalogue, order, row
from tests.router.happenings import (
    answer,
    asked,
    from_catalogue,
    hears_of,
    history_of,
    moves,
    row_of,
    withdrawn,
    withdraws,
)

TABLES, CHAIRS = ("W1", "TABLE"), ("W1", "CHAIR")
OTHER_TABLES, OTHER_CHAIRS = ("W2", "TABLE"), ("W2", "CHAIR")
STOCK = {TABLES: 2, CHAIRS: 8}
OTHERS = {OTHER_TABLES: 9, OTHER_CHAIRS: 9}


@pytest.fixture
async def two_warehouses(router: Router) -> None:
    """W1 is asked first, then W2; both have tables and chairs."""
    await router.knows(
        [
            catalogue("W1", priority=1, supplier_id=SUPPLIER),
            catalogue("W2", priority=2, supplier_id=OTHER_SUPPLIER),
        ],
        [balance(name, product) for name in ("W1", "W2") for product in ("TABLE", "CHAIR")] + [balance("W1", "HAT")],
    )


def furniture(tables: int = 2, chairs: int = 8, **fields: bool) -> OrderPlaced:
    """An order of tables, each with its chairs, and a hat that has nothing to do with them."""
    return order(
        row("table", "TABLE", tables, **fields),
        row("chairs", "CHAIR", chairs, parent="table", **fields),
        row("hat", "HAT", 1),
    )


async def places(router: Router, placed: OrderPlaced, stock: Mapping[tuple[str, str], int]) -> None:
    """Let it hear of an order and of inventory's answer from the stock."""
    await router.hears(placed)
    await router.is_answered(allocate(await asked(router, placed), {("W1", "HAT"): 9, **stock}))


async def rejects(router: Router, shipment: Shipment, *rows: RejectedRow) -> None:
    """Let a supplier reject rows of a shipment, and the router hear of that twice."""
    async with router.database.transaction() as tx:
        left = domain.reject(shipment, rows, None, await tx.now())
        assert isinstance(left, Shipment)
        assert await store.save_moved(tx, left)
        await store.save_rows(tx, left)
    for _ in range(2):
        await hears_of(router, domain.shipment_changed(left))


async def contents(router: Router, placed: OrderPlaced, catalogue_id: str, lot: int = 1) -> dict[str, int]:
    """What is to be sent in a shipment."""
    shipment = await from_catalogue(router, placed, catalogue_id, lot)
    return {one.row_id: int(one.quantity) for one in shipment.rows if one.quantity}


async def wanted(router: Router, placed: OrderPlaced) -> list[tuple[str, int, str | None, list[str]]]:
    """What inventory was asked for last: row, quantity, parent and catalogues."""
    return [
        (one.external_id, int(one.quantity), one.parent, list(dict.fromkeys(c.catalogue_id for c in one.candidates)))
        for one in (await asked(router, placed)).rows
    ]


async def both(router: Router, placed: OrderPlaced) -> list[dict[tuple[str, int] | str, int]]:
    """How the two rows of the bundle stand."""
    return [await row_of(router, placed, name) for name in ("table", "chairs")]


@pytest.mark.usefixtures("two_warehouses")
async def test_what_a_supplier_rejects_of_a_bundle_takes_its_set_along_and_is_asked_of_others_as_one(
    router: Router,
) -> None:
    placed = furniture()
    await places(router, placed, STOCK)
    await rejects(router, await from_catalogue(router, placed, "W1"), RejectedRow("chairs", Decimal(1)))
    assert await contents(router, placed, "W1") == {"table": 1, "chairs": 4, "hat": 1}
    told = [{one.external_id: int(one.quantity) for one in said.rows} for said in await router.said(ShipmentChanged)]
    assert told == [{"table": 1, "chairs": 4, "hat": 1}]
    assert await wanted(router, placed) == [("table", 1, None, ["W2"]), ("chairs", 4, "table", ["W2"])]
    assert await both(router, placed) == [{("W1", 1): 1, "rerouting": 1}, {("W1", 1): 4, "rerouting": 4}]
    await router.is_answered(allocate(await asked(router, placed), dict(OTHERS)))
    assert await contents(router, placed, "W2", 2) == {"table": 1, "chairs": 4}


@pytest.mark.usefixtures("two_warehouses")
async def test_a_bundle_that_nobody_else_has_in_whole_sets_is_not_coming_at_all(router: Router) -> None:
    placed = furniture()
    await places(router, placed, STOCK)
    await rejects(router, await from_catalogue(router, placed, "W1"), RejectedRow("table"))
    assert await contents(router, placed, "W1") == {"hat": 1}
    await router.is_answered(allocate(await asked(router, placed), {OTHER_TABLES: 9, OTHER_CHAIRS: 7}))
    assert await both(router, placed) == [{("W2", 2): 1, "cancelled": 1}, {("W2", 2): 4, "cancelled": 4}]


@pytest.mark.usefixtures("two_warehouses")
async def test_a_bundle_of_which_nobody_else_keeps_a_row_is_not_asked_for_in_part(router: Router) -> None:
    await router.knows([], [balance("W2", "CHAIR", published=False, version=2)])
    placed = furniture()
    await places(router, placed, STOCK)
    await rejects(router, await from_catalogue(router, placed, "W1"), RejectedRow("table"))
    assert (await asked(router, placed)).round == 1
    assert await both(router, placed) == [{"cancelled": 2}, {"cancelled": 8}]
    assert await row_of(router, placed, "hat") == {("W1", 1): 1}


@pytest.mark.usefixtures("two_warehouses")
async def test_what_a_count_withdraws_of_a_bundle_takes_its_set_along_and_may_come_from_anybody(
    router: Router,
) -> None:
    placed = furniture()
    await places(router, placed, STOCK)
    await withdraws(router, withdrawn(placed, "W1", ("chairs", "CHAIR", 1, 5), ("table", "TABLE", 1, 1)))
    assert await contents(router, placed, "W1") == {"hat": 1}
    both_of = ["W1", "W2"]
    assert await wanted(router, placed) == [("table", 2, None, both_of), ("chairs", 8, "table", both_of)]
    await router.is_answered(allocate(await asked(router, placed), {**STOCK, CHAIRS: 4, OTHER_CHAIRS: 9}))
    assert await both(router, placed) == [{("W1", 2): 1, "unserved": 1}, {("W1", 2): 4, "unserved": 4}]
    assert (await history_of(router, placed))[0].startswith("W1 counted less")
    # What could not be served is tried again as a bundle, whichever row of it there is news of.
    await router.knows([], [balance("W2", "CHAIR", version=2)])
    assert await retrying.ask_due(router.database) == 1
    assert await wanted(router, placed) == [("table", 1, None, both_of), ("chairs", 4, "table", both_of)]


@pytest.mark.usefixtures("two_warehouses")
async def test_the_other_sets_of_a_bundle_stay_where_they_are(router: Router) -> None:
    placed = furniture()
    await places(router, placed, {TABLES: 1, CHAIRS: 4, **OTHERS})
    await rejects(router, await from_catalogue(router, placed, "W1"), RejectedRow("chairs", Decimal(3)))
    assert await contents(router, placed, "W2") == {"table": 1, "chairs": 4}
    assert await both(router, placed) == [{("W2", 1): 1, "rerouting": 1}, {("W2", 1): 4, "rerouting": 4}]


@pytest.mark.usefixtures("two_warehouses")
async def test_a_bundle_with_a_row_that_is_not_to_be_delivered_in_parts_moves_as_a_whole(router: Router) -> None:
    placed = furniture(partial_delivery_allowed=False)
    await places(router, placed, STOCK)
    await withdraws(router, withdrawn(placed, "W1", ("chairs", "CHAIR", 1, 1)))
    assert await both(router, placed) == [{"rerouting": 2}, {"rerouting": 8}]


@pytest.mark.usefixtures("two_warehouses")
async def test_a_held_order_lets_go_of_the_rest_of_a_set(router: Router) -> None:
    placed = furniture().model_copy(update={"held": True})
    await places(router, placed, STOCK)
    await withdraws(router, withdrawn(placed, "W1", ("chairs", "CHAIR", 1, 1)))
    (released,) = await router.said(ReleaseParts)
    parts = {part.row_id: part for part in released.parts}
    assert {name: int(part.quantity) for name, part in parts.items()} == {"table": 1, "chairs": 3}
    assert parts["table"] == PartRelease(
        row_id="table", quantity=Decimal(1), lot=1, catalogue_id="W1", product_id="TABLE"
    )
    assert await both(router, placed) == [{("W1", 1): 1, "rerouting": 1}, {("W1", 1): 4, "rerouting": 4}]


@pytest.mark.usefixtures("two_warehouses")
@pytest.mark.parametrize("status", ["Shipping", "Delivered"])
async def test_what_is_on_its_way_or_was_delivered_of_a_bundle_is_not_undone(router: Router, status: str) -> None:
    placed = furniture()
    await places(router, placed, STOCK)
    shipment = await from_catalogue(router, placed, "W1")
    if status == "Shipping":
        await moves(router, shipment, Change(status=status))
        await withdraws(router, withdrawn(placed, "W1", ("chairs", "CHAIR", 1, 1)))
    else:
        rows = [("table", 2), ("chairs", 7), ("hat", 1)]
        packed = tuple(PackedChange(row_id=name, delivered=Decimal(quantity)) for name, quantity in rows)
        await moves(router, shipment, Change(status=status, parcels=(ParcelChange("1", rows=packed),)))
    assert await both(router, placed) == [{("W1", 1): 2}, {("W1", 1): 7, "rerouting": 1}]
    # What is missing makes the set whole wherever it comes from.
    assert [asked[:3] for asked in await wanted(router, placed)] == [("chairs", 1, None)]


@pytest.mark.usefixtures("two_warehouses")
async def test_what_waits_of_a_bundle_that_was_rejected_is_asked_for_again_together_with_it(router: Router) -> None:
    placed = furniture(back_order=True)
    await router.hears(placed)
    waiting = {"table": ({TABLES: 1}, {TABLES: 1}, 0), "chairs": ({CHAIRS: 4}, {CHAIRS: 4}, 0)}
    await router.is_answered(answer(placed, 1, {**waiting, "hat": ({}, {}, 1)}))
    await rejects(router, await from_catalogue(router, placed, "W1"), RejectedRow("table"))
    assert await both(router, placed) == [{"rerouting": 2}, {"rerouting": 8}]
    (released,) = await router.said(ReleaseParts)
    assert [(part.row_id, int(part.quantity), part.catalogue_id) for part in released.parts] == [
        ("table", 1, None),
        ("chairs", 4, None),
    ]
    assert await wanted(router, placed) == [("table", 2, None, ["W2"]), ("chairs", 8, "table", ["W2"])]


@pytest.mark.usefixtures("two_warehouses")
async def test_a_row_of_a_bundle_goes_on_waiting_only_with_the_others(router: Router) -> None:
    placed = furniture(back_order=True)
    await router.hears(placed)
    await router.is_answered(
        answer(placed, 1, {"table": ({TABLES: 1}, {TABLES: 1}, 0), "chairs": ({CHAIRS: 4}, {CHAIRS: 4}, 0)})
    )
    packed = (PackedChange(row_id="table", delivered=Decimal(1)), PackedChange(row_id="chairs", delivered=Decimal(2)))
    change = Change(status="Delivered", parcels=(ParcelChange("1", rows=packed),))
    await moves(router, await from_catalogue(router, placed, "W1"), change)
    assert await both(router, placed) == [{("W1", 1): 1, "rerouting": 1}, {("W1", 1): 2, "rerouting": 6}]
    assert [one[:3] for one in await wanted(router, placed)] == [("table", 1, None), ("chairs", 6, "table")]


@pytest.mark.usefixtures("two_warehouses")
async def test_of_a_bundle_no_row_waits_once_one_is_not_to_wait_any_more(router: Router) -> None:
    placed = furniture(back_order=True)
    await router.hears(placed)
    await router.is_answered(
        answer(placed, 1, {"table": ({}, {TABLES: 2}, 0), "chairs": ({}, {CHAIRS: 8}, 0), "hat": ({}, {}, 1)})
    )
    await router.hears_a_change(amended(placed, no_waiting=("chairs",)))
    assert await both(router, placed) == [{"cancelled": 2}, {"cancelled": 8}]


@pytest.mark.usefixtures("two_warehouses")
async def test_of_an_order_that_is_not_wanted_any_more_no_set_is_asked_for(router: Router) -> None:
    placed = furniture()
    await places(router, placed, STOCK)
    shipment = await from_catalogue(router, placed, "W1")
    await router.hears_a_change(amended(placed, cancelled=True))
    await hears_of(router, domain.shipment_changed(shipment))
    assert (await asked(router, placed)).round == 1
    assert await both(router, placed) == [{"cancelled": 2}, {"cancelled": 8}]


sets = st.tuples(st.lists(st.integers(1, 9), min_size=2, max_size=4), st.integers(1, 6), st.booleans(), st.data())


@given(sets)
def test_only_whole_sets_stay_and_no_more_goes_than_must(
    drawn: tuple[list[int], int, bool, st.DataObject],
) -> None:
    units, count, divisible, data = drawn
    held = {str(number): Decimal(unit * count) for number, unit in enumerate(units)}
    lost = {name: Decimal(data.draw(st.integers(0, int(quantity)))) for name, quantity in held.items()}
    over = bundling.broken(held, lost, divisible=divisible)
    left = {name: quantity - lost[name] - over.get(name, Decimal(0)) for name, quantity in held.items()}
    (share,) = {Fraction(left[name]) / Fraction(held[name]) for name in held}
    sets = bundles.sets_in(held.values(), divisible=divisible)
    assert (share * sets) % 1 == 0
    # One set more would need what is lost.
    more = share + Fraction(1, sets)
    assert more > 1 or any(lost[name] > Fraction(held[name]) * (1 - more) for name in held)
    assert all(quantity > 0 for quantity in over.values())


def test_a_row_that_is_alone_where_it_is_takes_nothing_along() -> None:
    assert bundling.broken({"a": Decimal(3), "b": Decimal(0)}, {"a": Decimal(1)}, divisible=True) == {}


def test_what_is_wanted_of_a_bundle_hangs_together_without_the_row_it_hung_on() -> None:
    placed = order(
        row("legs", parent="table"), row("table"), row("screws", parent="legs"), row("rug"), row("top", parent="table")
    )
    assert bundling.tied(placed, ["legs", "screws", "top", "rug"]) == {
        "legs": None,
        "screws": "legs",
        "top": "legs",
        "rug": None,
    }
    assert bundling.tied(placed, ["screws"]) == {"screws": None}
    assert list(bundling.with_mates(placed, ["screws", "rug"])) == ["screws", "rug", "legs", "table", "top"]
