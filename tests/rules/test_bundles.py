"""Rows that belong together: all of a set from one catalogue, or none of it."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from math import gcd

import pytest
from hypothesis import given

from shared.contracts import AllocateOrder, RowDemand
from shared.rules import bundles, taking
from shared.rules.balance import Balance, Key
from tests.inventory import orders
from tests.rules import worlds
from tests.rules.worlds import key_of, promises, shelf_of, waits


def table(quantity: float, *places: str, **flags: bool) -> RowDemand:
    return orders.row("table", quantity, *(places or ("W1/A", "W2/A")), **flags)


def chairs(quantity: float, *places: str, **flags: bool) -> RowDemand:
    return orders.row("chairs", quantity, *(places or ("W1/B", "W2/B")), parent="table", **flags)


def test_a_bundle_comes_from_the_first_catalogue_that_has_all_of_it() -> None:
    answer = taking.allocate(orders.order(table(1), chairs(4)), shelf_of(W1_A=9, W1_B=3, W2_A=1, W2_B=4))
    assert promises(answer) == {"table": {"W2/A": 1}, "chairs": {"W2/B": 4}}
    assert orders.verdicts(answer.rows) == ["bundle incomplete", "taken", "bundle incomplete", "taken"]


def test_nothing_of_a_bundle_is_promised_when_no_catalogue_has_all_of_it() -> None:
    answer = taking.allocate(orders.order(table(1), chairs(4)), shelf_of(W1_A=9, W2_B=9))
    assert promises(answer) == {"table": {}, "chairs": {}}
    assert answer.outcome == "none"
    assert orders.verdicts(answer.rows) == ["bundle incomplete", "unknown", "unknown", "bundle incomplete"]


def test_each_set_of_a_bundle_is_whole_wherever_it_comes_from() -> None:
    answer = taking.allocate(orders.order(table(3), chairs(12)), shelf_of(W1_A=2, W1_B=11, W2_A=5, W2_B=5))
    assert promises(answer) == {"table": {"W1/A": 2, "W2/A": 1}, "chairs": {"W1/B": 8, "W2/B": 4}}
    answer = taking.allocate(orders.order(table(3), chairs(12)), shelf_of(W1_A=2, W1_B=11))
    assert promises(answer) == {"table": {"W1/A": 2}, "chairs": {"W1/B": 8}}
    assert (answer.outcome, [int(row.short) for row in answer.rows]) == ("partial", [1, 4])


def test_one_row_that_may_not_be_split_keeps_the_whole_bundle_in_one_catalogue() -> None:
    whole = orders.order(table(3), chairs(12, partial_delivery_allowed=False))
    answer = taking.allocate(whole, shelf_of(W1_A=2, W1_B=12, W2_A=3, W2_B=12))
    assert promises(answer) == {"table": {"W2/A": 3}, "chairs": {"W2/B": 12}}


def test_a_child_may_come_before_its_parent_and_have_children_of_its_own() -> None:
    wanted = orders.order(
        orders.row("screws", 8, "W2/C", "W1/C", parent="legs"),
        orders.row("rug", 1, "W1/A"),
        orders.row("legs", 4, "W2/B", "W1/B", parent="table"),
        orders.row("table", 1, "W1/A", "W2/A"),
    )
    answer = taking.allocate(wanted, shelf_of(W1_A=1, W1_B=4, W1_C=8, W2_A=1, W2_B=4, W2_C=8))
    assert promises(answer) == {"screws": {"W1/C": 8}, "rug": {}, "legs": {"W1/B": 4}, "table": {"W1/A": 1}}
    assert [row.external_id for row in answer.rows] == ["screws", "rug", "legs", "table"]


def test_rows_of_a_service_that_is_no_row_of_the_request_belong_together() -> None:
    pair = [orders.row(name, 1, f"W1/{name}", f"W2/{name}", parent="assembly") for name in "AB"]
    assert promises(taking.allocate(orders.order(*pair), shelf_of(W1_A=1, W2_A=1, W2_B=1))) == {
        "A": {"W2/A": 1},
        "B": {"W2/B": 1},
    }


def test_the_same_product_in_parent_and_child_counts_together() -> None:
    wanted = orders.order(table(1), chairs(2, "W1/A", "W2/A"))
    answer = taking.allocate(wanted, shelf_of(W1_A=2, W2_A=3))
    assert promises(answer) == {"table": {"W2/A": 1}, "chairs": {"W2/A": 2}}
    assert [int(row.seen[1].quantity) for row in answer.rows] == [3, 2]


def test_what_is_left_of_a_bundle_waits_where_every_row_of_it_may() -> None:
    shelf = shelf_of(W1_A=1, W1_B=4, W2_A=0, W2_B=0)
    for place, room in (("W1/A", None), ("W2/A", None), ("W2/B", 8)):
        limit = None if room is None else Decimal(room)
        shelf[key_of(place)] = replace(shelf[key_of(place)], back_order_allowed=True, back_order_room=limit)
    wanted = orders.order(table(3, back_order=True), chairs(12, back_order=True))
    answer = taking.allocate(wanted, shelf)
    assert promises(answer) == {"table": {"W1/A": 1}, "chairs": {"W1/B": 4}}
    assert waits(answer) == {"table": {"W2/A": 2}, "chairs": {"W2/B": 8}}
    tight = {**shelf, key_of("W2/B"): replace(shelf[key_of("W2/B")], back_order_room=Decimal(7))}
    answer = taking.allocate(wanted, tight)
    assert waits(answer) == {"table": {}, "chairs": {}}
    assert orders.verdicts(answer.rows) == ["taken", "bundle incomplete", "taken", "limit reached"]


def test_a_bundle_does_not_wait_when_one_row_of_it_may_not() -> None:
    shelf = {key: replace(balance, back_order_allowed=True) for key, balance in shelf_of(W1_A=0, W1_B=4).items()}
    answer = taking.allocate(orders.order(table(1, back_order=True), chairs(4)), shelf)
    assert (waits(answer), answer.outcome) == ({"table": {}, "chairs": {}}, "none")
    assert orders.verdicts(answer.rows)[0] == "no stock"


@pytest.mark.parametrize(
    ("quantities", "sets"), [((2, 8), 2), ((6, 4), 2), ((2, 3), 1), ((2.5, 5), 1), ((0, 4), 4), ((0, 0), 0)]
)
def test_a_bundle_is_divided_into_sets_of_whole_units(quantities: tuple[float, float], sets: int) -> None:
    assert bundles.sets_of([table(quantities[0]), chairs(quantities[1])]) == sets


@given(worlds.demands(), worlds.shelves)
def test_every_catalogue_gives_whole_sets_of_a_bundle_and_what_is_left_waits_at_one(
    order: AllocateOrder, shelf: dict[Key, Balance]
) -> None:
    rows = {row.external_id: row for row in taking.allocate(order, shelf).rows}
    for family in bundles.grouped(order.rows):
        quantities = {row.external_id: row.quantity for row in family if row.quantity}
        if len(family) == 1 or not quantities:
            continue
        parts: defaultdict[str, set[Decimal]] = defaultdict(set)
        for name, quantity in quantities.items():
            given: defaultdict[str, Decimal] = defaultdict(Decimal)
            for taken in rows[name].taken:
                given[taken.catalogue_id] += taken.quantity
            for catalogue_id in {place.catalogue_id for row in family for place in row.candidates}:
                parts[catalogue_id].add(given[catalogue_id] / quantity)
        assert all(len(shares) == 1 for shares in parts.values())
        divisible = all(row.partial_delivery_allowed and row.quantity == int(row.quantity) for row in family)
        sets = gcd(*map(int, quantities.values())) if divisible else 1
        assert all(share * sets == int(share * sets) for shares in parts.values() for share in shares)
        assert len({waiting.catalogue_id for name in quantities for waiting in rows[name].waiting}) <= 1
        assert len({bool(rows[name].waiting) for name in quantities}) == 1


def test_rows_of_a_bundle_that_wait_for_one_product_count_together_under_its_limit() -> None:
    wanted = orders.order(table(1, "W1/A", back_order=True), chairs(2, "W1/A", back_order=True))
    shelf = shelf_of(W1_A=0)
    for room, waiting in ((3, {"table": {"W1/A": 1}, "chairs": {"W1/A": 2}}), (2, {"table": {}, "chairs": {}})):
        limited = replace(shelf[key_of("W1/A")], back_order_allowed=True, back_order_room=Decimal(room))
        assert waits(taking.allocate(wanted, {key_of("W1/A"): limited})) == waiting
