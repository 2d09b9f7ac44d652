"""Which candidates are asked first, for each strategy; what is planned is what inventory's own rules would promise."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from shared.contracts import OrderPlaced
from shared.rules import strategies
from shared.rules.bounds import bounds_of
from shared.rules.expectation import Aim, expected
from shared.rules.optimising import search
from shared.rules.plan import Plan
from shared.rules.supply import supply_of
from tests.rules import plans
from tests.rules.plans import known, order_of, plan_of, worlds

OPTIMISING = ("fewest-shipments", "lowest-cost")


def asked(plan: Plan, place: int = 0) -> list[str]:
    """The catalogues of a row, first to last."""
    return [one.catalogue_id for one in plan.rows[place].ranked]


def worth(strategy: str, order: OrderPlaced, plan: Plan) -> tuple[Decimal, Decimal, Decimal]:
    """How good a plan is by the measure of a strategy, the less the better."""
    answer = expected(order, plan)
    last = plans.cost(plan, answer) if strategy == "lowest-cost" else Decimal(plans.shipments(answer))
    return *plans.missing(answer), last


def test_by_priority_the_candidates_stay_as_they_are_ranked() -> None:
    plan = plan_of([known("W1", stock=0), known("W2")])
    assert strategies.planned("priority", order_of(5), plan) == plan


def test_by_highest_stock_whoever_has_most_is_asked_first_and_of_equals_the_one_with_priority() -> None:
    plan = plan_of(
        [known("W1", stock=None), known("W2", stock=3), known("W3", stock=7), known("W4", stock=3)],
        [known("W1", "HAT", stock=4), known("W2", "HAT", stock=0, unlimited=True)],
    )
    found = strategies.planned("highest-stock", order_of(5, 1), plan)
    assert asked(found) == ["W3", "W2", "W4", "W1"]
    assert asked(found, 1) == ["W2", "W1"]
    assert found.strategy == "highest-stock"


def test_by_highest_stock_of_two_that_never_run_out_the_one_with_priority_is_asked_first_whatever_they_count() -> None:
    plan = plan_of([known("W1"), known("W2", stock=0, unlimited=True), known("W3", stock=40, unlimited=True)])
    assert asked(strategies.planned("highest-stock", order_of(5), plan)) == ["W2", "W3", "W1"]


def test_by_fewest_shipments_the_one_that_has_all_of_it_comes_before_the_one_with_priority() -> None:
    plan = plan_of([known("W1", stock=3), known("W2", stock=4), known("W3"), known("W4")])
    assert asked(strategies.planned("fewest-shipments", order_of(5), plan)) == ["W3", "W1", "W2", "W4"]


def test_by_fewest_shipments_rows_go_where_another_row_has_to_go() -> None:
    plan = plan_of(
        [known("W1"), known("W2"), known("W3")],
        [known("W3", "HAT")],
        [known("W2", "SOCKS"), known("W3", "SOCKS", stock=2)],
    )
    found = strategies.planned("fewest-shipments", order_of(5, 1, 4), plan)
    assert plans.shipments(expected(order_of(5, 1, 4), found)) == 2
    assert [asked(found, row)[0] for row in range(3)] == ["W2", "W3", "W2"]


def test_by_fewest_shipments_a_row_goes_where_another_takes_all_there_is() -> None:
    plan = plan_of([known("W1"), known("W2")], [known("W2", "HAT", stock=2), known("W3", "HAT", stock=1)])
    found = strategies.planned("fewest-shipments", order_of(5, 3), plan)
    assert plans.shipments(expected(order_of(5, 3), found)) == 2
    assert [asked(found, row) for row in range(2)] == [["W2", "W1"], ["W2", "W3"]]


def test_of_several_ways_with_fewest_shipments_the_one_with_priority_is_planned() -> None:
    rows = (
        [known("W1", stock=1), known("W2"), known("W3")],
        [known("W4", "HAT"), known("W3", "HAT"), known("W2", "HAT")],
    )
    found = strategies.planned("fewest-shipments", order_of(5, 1), plan_of(*rows))
    assert [asked(found, row)[0] for row in range(2)] == ["W2", "W2"]


def test_what_a_later_row_can_get_nowhere_else_is_left_for_it() -> None:
    plan = plan_of([known("W1", stock=5), known("W2", stock=5)], [known("W1", stock=5)])
    order = order_of(5, 5)
    assert plans.missing(expected(order, plan)) == (Decimal(5), Decimal(0))
    for strategy in OPTIMISING:
        assert plans.missing(expected(order, strategies.planned(strategy, order, plan))) == (Decimal(0), Decimal(0))


def test_the_lowest_cost_weighs_prices_against_shipments() -> None:
    rows = [
        [known("W1", price=10), known("W2", price=9)],
        [known("W1", "HAT", price=5), known("W2", "HAT", price=7)],
    ]
    dear, cheap = plan_of(*rows, per_shipment=6), plan_of(*rows, per_shipment=3)
    together = strategies.planned("lowest-cost", order_of(5, 4), dear)
    assert [asked(together, row)[0] for row in range(2)] == ["W1", "W1"]
    apart = strategies.planned("lowest-cost", order_of(5, 4), cheap)
    assert [asked(apart, row)[0] for row in range(2)] == ["W2", "W1"]


def test_a_price_that_is_not_known_or_of_another_currency_counts_as_the_dearest() -> None:
    plan = plan_of(
        [
            known("W1", price=10, currency="EUR"),
            known("W2", price=1, currency="SEK"),
            known("W3", price=None),
            known("W4", price=9, currency="EUR"),
        ]
    )
    assert asked(strategies.planned("lowest-cost", order_of(5), plan)) == ["W4", "W1", "W2", "W3"]


def test_without_any_price_or_stock_the_plan_is_that_of_priority() -> None:
    blank = plan_of([known("W1", stock=None), known("W2", stock=None)], [])
    for strategy in OPTIMISING:
        assert strategies.planned(strategy, order_of(5, 5), blank).rows == blank.rows


def test_a_plan_that_nothing_is_better_than_is_that_of_priority() -> None:
    plan = plan_of([known("W1", price=2), known("W2", price=2)], [known("W1", "HAT"), known("W2", "HAT")])
    for strategy in OPTIMISING:
        assert strategies.planned(strategy, order_of(5, 5), plan).rows == plan.rows


def test_an_order_that_would_be_refused_is_planned_so_that_it_is_served() -> None:
    order = order_of(5, 5)
    mandatory = order.model_copy(update={"rows": (order.rows[0], order.rows[1].model_copy(update={"mandatory": True}))})
    rows = [known("W1", stock=5), known("W2", stock=5)], [known("W1", stock=5)]
    for asking, plan in ((mandatory, plan_of(*rows)), (order, plan_of(*rows, all_or_nothing=True))):
        assert expected(asking, plan).outcome == "refused"
        for strategy in OPTIMISING:
            assert expected(asking, strategies.planned(strategy, asking, plan)).outcome == "full"


def test_a_mandatory_row_is_served_even_if_more_units_of_others_stay_unserved() -> None:
    order = order_of(5, 5, 1)
    whole = order.rows[0].model_copy(update={"partial_delivery_allowed": False})
    order = order.model_copy(
        update={"rows": (whole, order.rows[1], order.rows[2].model_copy(update={"mandatory": True}))}
    )
    plan = plan_of(
        [known("W1", stock=5), known("W2", stock=5)],
        [known("W2", stock=5)],
        [known("W1", stock=5)],
    )
    assert expected(order, plan).outcome == "refused"
    for strategy in OPTIMISING:
        answer = expected(order, strategies.planned(strategy, order, plan))
        assert [int(row.short) for row in answer.rows] == [0, 5, 0]


def test_an_order_that_is_refused_in_any_case_is_planned_by_priority() -> None:
    plan = plan_of([known("W1", stock=1), known("W2", stock=2)], [known("W1", "HAT")], all_or_nothing=True)
    for strategy in OPTIMISING:
        assert strategies.planned(strategy, order_of(5, 5), plan).rows == plan.rows


def test_what_waits_waits_where_it_is_cheapest() -> None:
    plan = plan_of(
        [
            known("W1", stock=1, price=5, back_order_allowed=True),
            known("W2", stock=1, price=3),
            known("W3", stock=0, price=4, back_order_allowed=True),
        ]
    )
    order = order_of(5)
    order = order.model_copy(update={"rows": (order.rows[0].model_copy(update={"back_order": True}),)})
    (row,) = expected(order, strategies.planned("lowest-cost", order, plan)).rows
    assert [(waits.catalogue_id, waits.quantity) for waits in row.waiting] == [("W3", Decimal(3))]


def test_a_name_that_is_no_strategy_is_an_error() -> None:
    with pytest.raises(ValueError, match="cheapest is no strategy"):
        strategies.planned("cheapest", order_of(5), plan_of([]))


@pytest.mark.parametrize("strategy", OPTIMISING)
@settings(max_examples=100)
@given(world=worlds())
def test_no_order_of_the_candidates_is_better_than_the_one_planned(
    strategy: str, world: tuple[OrderPlaced, Plan]
) -> None:
    order, plan = world
    found = strategies.planned(strategy, order, plan)
    assert worth(strategy, order, found) == min(worth(strategy, order, way) for way in plans.ways(plan))
    if worth(strategy, order, found) == worth(strategy, order, plan):
        assert found.rows == plan.rows


@pytest.mark.parametrize("strategy", OPTIMISING)
@settings(max_examples=25)
@given(world=worlds(most_rows=6, most_candidates=8, products=4, catalogues=8))
def test_a_plan_is_never_worse_than_that_of_priority_and_asks_the_same_candidates(
    strategy: str, world: tuple[OrderPlaced, Plan]
) -> None:
    order, plan = world
    found = strategies.planned(strategy, order, plan)
    assert worth(strategy, order, found) <= worth(strategy, order, plan)
    for before, after in zip(plan.rows, found.rows, strict=True):
        assert sorted(before.ranked, key=repr) == sorted(after.ranked, key=repr)


@pytest.mark.parametrize("aim", strategies.AIMS.values(), ids=strategies.AIMS)
def test_of_twelve_rows_with_eight_candidates_each_the_best_plan_is_found(aim: Aim) -> None:
    for seed in range(10):
        supply = supply_of(aim, *plans.large(seed))
        _, proved = search(supply, bounds_of(supply))
        assert proved, seed


@pytest.mark.parametrize("strategy", OPTIMISING)
def test_what_is_too_large_for_that_is_planned_in_bounded_steps_and_never_worse_than_by_priority(strategy: str) -> None:
    order, plan = plans.large(1, rows=60, products=30, catalogues=20)
    found = strategies.planned(strategy, order, plan)
    assert worth(strategy, order, found) < worth(strategy, order, plan)
    assert strategies.planned(strategy, order, plan) == found
