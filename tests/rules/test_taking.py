"""Who gets what: the rules of allocation, against a slow way of doing the same."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import AllocateOrder, OrderAllocated, RowAllocated, RowDemand, Seen
from shared.rules import taking
from shared.rules.balance import Balance, Key
from tests.inventory import orders
from tests.inventory.orders import SHOP
from tests.rules import counting, worlds
from tests.rules.worlds import key_of, promises, shelf_of, waits


def tenths(counted: counting.Counted) -> dict[str, dict[str, Decimal]]:
    return {row: {place: Decimal(number) / 10 for place, number in by.items()} for row, by in counted.items()}


@given(worlds.demands(), worlds.shelves)
def test_allocation_is_what_counting_tenths_of_units_gives(order: AllocateOrder, shelf: dict[Key, Balance]) -> None:
    answer = taking.allocate(order, shelf)
    taken, waiting = counting.count(order, shelf)
    assert (promises(answer), waits(answer)) == (tenths(taken), tenths(waiting))


@given(worlds.demands(), worlds.shelves)
def test_taken_waiting_and_short_make_the_quantity_of_every_row(
    order: AllocateOrder, shelf: dict[Key, Balance]
) -> None:
    answer = taking.allocate(order, shelf)
    for demand, row in zip(order.rows, answer.rows, strict=True):
        assert row.external_id == demand.external_id
        assert sum(one.quantity for one in (*row.taken, *row.waiting)) + row.short == demand.quantity
        assert all(one.quantity > 0 for one in (*row.taken, *row.waiting))
        assert {(s.catalogue_id, s.product_id): s.taken for s in row.seen if s.taken} == {
            (t.catalogue_id, t.product_id): t.quantity for t in row.taken
        }
        assert {(s.catalogue_id, s.product_id): s.waiting for s in row.seen if s.waiting} == {
            (t.catalogue_id, t.product_id): t.quantity for t in row.waiting
        }
        assert [(s.catalogue_id, s.product_id) for s in row.seen] == [
            (c.catalogue_id, c.product_id) for c in dict.fromkeys(demand.candidates)
        ]


@given(worlds.demands(), worlds.shelves)
def test_nothing_is_promised_twice_and_what_is_kept_back_stays(order: AllocateOrder, shelf: dict[Key, Balance]) -> None:
    answer = taking.allocate(order, shelf)
    for key, balance in taking.balances_after(shelf, SHOP, answer).items():
        before = shelf[key]
        taken = balance.allocated - before.allocated
        assert 0 <= taken <= taking.free_of(before)
        assert before.quantity - balance.quantity == (0 if before.unlimited else taken)
        if before.back_order_room is not None:
            assert balance.back_order_room is not None
            assert 0 <= balance.back_order_room <= before.back_order_room


@given(worlds.demands(), worlds.shelves, st.randoms(use_true_random=False))
def test_the_order_in_which_balances_were_read_does_not_matter(
    order: AllocateOrder, shelf: dict[Key, Balance], random: object
) -> None:
    shuffled = list(shelf.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert taking.allocate(order, dict(shuffled)) == taking.allocate(order, shelf)


@given(worlds.demands(), worlds.shelves, st.sampled_from(worlds.PLACES[:-1]), st.booleans())
def test_a_negative_or_missing_balance_is_as_good_as_an_empty_one_and_reduces_no_other(
    order: AllocateOrder, shelf: dict[Key, Balance], place: str, missing: bool
) -> None:
    empty = replace(shelf[key_of(place)], quantity=Decimal(0), unlimited=False, back_order_allowed=False)
    with_empty = taking.allocate(order, {**shelf, key_of(place): empty})
    worse = {**shelf, key_of(place): replace(empty, quantity=Decimal(-7))}
    if missing:
        del worse[key_of(place)]
    answer = taking.allocate(order, worse)
    assert (promises(answer), waits(answer)) == (promises(with_empty), waits(with_empty))


def first_true_reason(demand: RowDemand, row: RowAllocated, seen: Seen, balance: Balance | None) -> set[str]:
    """The rules one by one, for a row that is not part of a bundle, in an order that was not refused.

    To a row that must be whole the catalogues have their turns, each with all its products.
    """
    turns = list(row.seen)
    if not demand.partial_delivery_allowed:
        catalogues = list(dict.fromkeys(one.catalogue_id for one in turns))
        turns.sort(key=lambda one: catalogues.index(one.catalogue_id))
    before = turns[: turns.index(seen)]
    rest = demand.quantity - sum(one.quantity for one in row.taken)
    free = Decimal(0) if balance is None else max(Decimal(0), seen.quantity - seen.held - seen.safety_stock)
    rules = [
        (balance is None, "unknown"),
        (balance is not None and not balance.active, "inactive"),
        (balance is not None and balance.end_of_sale, "end of sale"),
        (balance is not None and not balance.sellable, "not sellable"),
        (seen.taken > 0, "taken"),
        (seen.waiting > 0, "waiting"),
        (sum(one.taken for one in before) == demand.quantity, "served already"),
        (any(one.waiting for one in before), "served already"),
        (
            demand.back_order and rest > 0 and balance is not None and not balance.back_order_allowed,
            "backorder not allowed",
        ),
        (demand.back_order and rest > 0, "limit reached"),
        (free > 0, "whole row needed"),
        (True, "no stock"),
    ]
    return {next(reason for holds, reason in rules if holds)}


@given(worlds.demands(), worlds.shelves)
def test_each_candidate_that_is_passed_over_says_the_first_rule_that_did_it(
    order: AllocateOrder, shelf: dict[Key, Balance]
) -> None:
    order = order.model_copy(
        update={
            "all_or_nothing": False,
            "rows": tuple(row.model_copy(update={"mandatory": False, "parent": None}) for row in order.rows),
        }
    )
    for demand, row in zip(order.rows, taking.allocate(order, shelf).rows, strict=True):
        for seen in row.seen:
            balance = shelf.get((SHOP, seen.catalogue_id, seen.product_id))
            assert {seen.verdict} == first_true_reason(demand, row, seen, balance)


def test_the_same_product_on_two_rows_counts_together() -> None:
    wanted = orders.order(orders.row("1", 2, "W1/A"), orders.row("2", 2, "W1/A", "W2/A"))
    answer = taking.allocate(wanted, shelf_of(W1_A=3, W2_A=1))
    assert orders.taken(answer.rows) == {"1": {"W1/A": 2}, "2": {"W1/A": 1, "W2/A": 1}}
    assert [(float(seen.quantity), float(seen.allocated)) for seen in answer.rows[1].seen] == [(1, 2), (1, 0)]
    assert answer.outcome == "full"


def test_every_candidate_says_why_it_serves_or_not() -> None:
    shelf = shelf_of(W1_A=5, W2_A=5, W3_A=5, W4_A=1, W5_A=3, W6_A=2)
    shelf[key_of("W1/A")] = replace(shelf[key_of("W1/A")], active=False)
    shelf[key_of("W2/A")] = replace(shelf[key_of("W2/A")], end_of_sale=True)
    shelf[key_of("W3/A")] = replace(shelf[key_of("W3/A")], sellable=False)
    shelf[key_of("W4/A")] = replace(shelf[key_of("W4/A")], safety_stock=Decimal(1))
    answer = taking.allocate(orders.order(orders.row("1", 3, *(f"W{n}/A" for n in range(8)))), shelf)
    assert orders.verdicts(answer.rows) == [
        "unknown",
        "inactive",
        "end of sale",
        "not sellable",
        "no stock",
        "taken",
        "served already",
        "unknown",
    ]


def test_what_is_unlimited_gives_all_that_is_asked_and_keeps_its_number() -> None:
    shelf = shelf_of(W1_A=0, W2_A=9)
    shelf[key_of("W1/A")] = replace(shelf[key_of("W1/A")], unlimited=True, held=Decimal(3), safety_stock=Decimal(5))
    answer = taking.allocate(orders.order(orders.row("1", 400, "W1/A", "W2/A")), shelf)
    assert orders.taken(answer.rows) == {"1": {"W1/A": 400}}
    assert answer.rows[0].seen[0].unlimited
    after = taking.balances_after(shelf, SHOP, answer)[key_of("W1/A")]
    assert (float(after.quantity), float(after.allocated)) == (0, 400)


def test_a_row_that_must_be_whole_comes_from_one_catalogue_or_not_at_all() -> None:
    whole = orders.row("1", 3, "W1/A", "W2/A", partial_delivery_allowed=False)
    answer = taking.allocate(orders.order(whole), shelf_of(W1_A=2, W2_A=3))
    assert orders.taken(answer.rows) == {"1": {"W2/A": 3}}
    assert orders.verdicts(answer.rows) == ["whole row needed", "taken"]
    answer = taking.allocate(orders.order(whole), shelf_of(W1_A=2, W2_A=2))
    assert answer.outcome == "none"
    assert answer.rows[0].short == 3
    assert orders.verdicts(answer.rows) == ["whole row needed", "whole row needed"]


def test_a_row_that_must_be_whole_may_come_from_two_products_of_one_catalogue() -> None:
    whole = orders.row("1", 3, "W1/A", "W2/A", "W1/B", partial_delivery_allowed=False)
    answer = taking.allocate(orders.order(whole), shelf_of(W1_A=2, W2_A=2, W1_B=1))
    assert orders.taken(answer.rows) == {"1": {"W1/A": 2, "W1/B": 1}}


def test_a_mandatory_row_that_is_not_served_refuses_the_whole_order() -> None:
    wanted = orders.order(orders.row("1", 2, "W1/A"), orders.row("2", 2, "W1/B", mandatory=True))
    answer = taking.allocate(wanted, shelf_of(W1_A=5, W1_B=1))
    assert answer.outcome == "refused"
    assert [row.taken for row in answer.rows] == [(), ()]
    assert [float(row.short) for row in answer.rows] == [2, 2]
    assert orders.verdicts(answer.rows) == ["order refused", "order refused"]
    assert taking.balances_after(shelf_of(W1_A=5, W1_B=1), SHOP, answer) == {}


def test_a_mandatory_row_that_waits_is_promised() -> None:
    shelf = backorders(shelf_of(W1_A=1), "W1/A")
    answer = taking.allocate(orders.order(orders.row("1", 2, "W1/A", mandatory=True, back_order=True)), shelf)
    assert (answer.outcome, float(answer.rows[0].waiting[0].quantity)) == ("backordered", 1)


def test_an_order_that_is_all_or_nothing_is_refused_by_any_row_that_is_short() -> None:
    wanted = orders.order(orders.row("1", 2, "W1/A"), orders.row("2", 2, "W1/B"))
    shelf = shelf_of(W1_A=5, W1_B=1)
    assert taking.allocate(wanted, shelf).outcome == "partial"
    together = wanted.model_copy(update={"all_or_nothing": True})
    answer = taking.allocate(together, shelf)
    assert answer.outcome == "refused"
    assert promises(answer) == {"1": {}, "2": {}}
    assert taking.allocate(together, shelf_of(W1_A=2, W1_B=2)).outcome == "full"


def test_the_outcome_says_how_much_of_the_order_is_served() -> None:
    wanted = orders.order(orders.row("1", 2, "W1/A"), orders.row("2", 2, "W1/B"))
    assert taking.allocate(wanted, shelf_of(W1_A=2, W1_B=2)).outcome == "full"
    assert taking.allocate(wanted, shelf_of(W1_A=2)).outcome == "partial"
    assert taking.allocate(wanted, {}).outcome == "none"


def backorders(shelf: Mapping[Key, Balance], *places: str, room: float | None = None) -> dict[Key, Balance]:
    """The shelf with backorders allowed at these places, each with so much room."""
    limit = None if room is None else Decimal(str(room))
    allowed = {
        key_of(place): replace(shelf[key_of(place)], back_order_allowed=True, back_order_room=limit) for place in places
    }
    return {**shelf, **allowed}


def answered(row: RowDemand, shelf: Mapping[Key, Balance]) -> OrderAllocated:
    return taking.allocate(orders.order(row), shelf)


def test_what_all_shelves_leave_waits_whole_at_the_first_place_that_allows_it_and_has_room() -> None:
    row = orders.row("1", 9, "W1/A", "W2/A", "W3/A", "W4/A", "W5/A", back_order=True)
    shelf = shelf_of(W1_A=0, W2_A=1, W3_A=0, W4_A=2, W5_A=0)
    shelf = {**backorders(shelf, "W4/A", "W5/A"), **backorders({key_of("W3/A"): shelf[key_of("W3/A")]}, "W3/A", room=5)}
    answer = answered(row, shelf)
    assert orders.taken(answer.rows) == {"1": {"W2/A": 1, "W4/A": 2}}
    assert waits(answer) == {"1": {"W4/A": 6}}
    assert orders.verdicts(answer.rows) == [
        "backorder not allowed",
        "taken",
        "limit reached",
        "taken",
        "served already",
    ]
    assert [seen.back_order_room for seen in answer.rows[0].seen] == [0, 0, 5, None, None]
    assert answer.outcome == "backordered"


def test_a_row_that_does_not_allow_backorders_is_short_instead() -> None:
    answer = answered(orders.row("1", 2, "W1/A"), backorders(shelf_of(W1_A=1), "W1/A"))
    assert (answer.rows[0].waiting, float(answer.rows[0].short)) == ((), 1)


@pytest.mark.parametrize("bar", ["inactive", "not sellable", "end of sale"])
def test_nothing_waits_where_nothing_may_be_sold(bar: str) -> None:
    shelf = backorders(shelf_of(W1_A=0), "W1/A")
    shelf[key_of("W1/A")] = replace(
        shelf[key_of("W1/A")],
        active=bar != "inactive",
        sellable=bar != "not sellable",
        end_of_sale=bar == "end of sale",
    )
    answer = answered(orders.row("1", 2, "W1/A", back_order=True), shelf)
    assert (answer.outcome, orders.verdicts(answer.rows)) == ("none", [bar])


def test_what_one_row_fills_of_a_limit_is_gone_for_the_next() -> None:
    shelf = backorders(shelf_of(W1_A=0), "W1/A", room=3)
    wanted = orders.order(orders.row("1", 2, "W1/A", back_order=True), orders.row("2", 2, "W1/A", back_order=True))
    answer = taking.allocate(wanted, shelf)
    assert waits(answer) == {"1": {"W1/A": 2}, "2": {}}
    assert orders.verdicts(answer.rows) == ["waiting", "limit reached"]
    assert taking.balances_after(shelf, SHOP, answer)[key_of("W1/A")].back_order_room == 1


def test_a_row_that_must_be_whole_waits_whole_and_leaves_the_shelf_to_others() -> None:
    row = orders.row("1", 3, "W1/A", "W2/A", partial_delivery_allowed=False, back_order=True)
    answer = answered(row, backorders(shelf_of(W1_A=2, W2_A=2), "W2/A"))
    assert promises(answer) == {"1": {}}
    assert waits(answer) == {"1": {"W2/A": 3}}
    assert orders.verdicts(answer.rows) == ["backorder not allowed", "waiting"]


def test_what_others_hold_and_what_is_kept_back_is_not_there() -> None:
    shelf = shelf_of(W1_A=5)
    shelf[key_of("W1/A")] = replace(shelf[key_of("W1/A")], held=Decimal(3), safety_stock=Decimal(1))
    answer = answered(orders.row("1", 5, "W1/A"), shelf)
    assert orders.taken(answer.rows) == {"1": {"W1/A": 1}}
    (seen,) = answer.rows[0].seen
    assert (float(seen.quantity), float(seen.held), float(seen.safety_stock)) == (5, 3, 1)
