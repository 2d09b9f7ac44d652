"""How an order stands, whatever is said of it and in whatever order."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_intake import domain
from order_intake.domain import CANCELLED, DELIVERED, ERROR, PROGRESS, RANK, Order, Row
from shared.contracts import OrderRouted, ShipmentChanged
from tests.order_intake import orders

ORDER, WEST, EAST = UUID(int=1), UUID(int=2), UUID(int=3)
STATUSES = st.sampled_from(sorted(RANK))
ON_THE_WAY = st.sampled_from([*PROGRESS, CANCELLED])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def an_order(*quantities: int) -> Order:
    """An order just placed."""
    rows = {str(number): Row(str(number), Decimal(quantity)) for number, quantity in enumerate(quantities, start=1)}
    return Order(ORDER, orders.SHOP, rows)


def told(order: Order, *messages: OrderRouted | ShipmentChanged) -> Order:
    """The order after messages, one after the other."""
    for message in messages:
        if isinstance(message, OrderRouted):
            order = domain.with_routing(order, message)
        else:
            order = domain.with_shipment(order, message)
    return order


@given(ON_THE_WAY, ON_THE_WAY)
def test_a_row_moves_forward_only(current: str, now: str) -> None:
    assert RANK[domain.next_status(current, now)] >= RANK[current]
    assert domain.next_status(current, current) == current


@given(ON_THE_WAY)
def test_a_row_falls_into_error_before_its_end_only_and_comes_out_again(status: str) -> None:
    ended = status in (DELIVERED, CANCELLED)
    assert domain.next_status(status, ERROR) == (status if ended else ERROR)
    assert domain.next_status(ERROR, status) == status


def test_a_row_is_in_error_while_any_of_its_shipments_is() -> None:
    routing = orders.routed(ORDER, orders.row_routed("1", ("W1", WEST, 3), ("W2", EAST, 2)))
    west = orders.shipment(ORDER, WEST, "Packing", ("1", 3, 0))
    east = [
        orders.shipment(ORDER, EAST, status, ("1", 2, 0), version=version, catalogue="W2")
        for version, status in enumerate(("Picking", ERROR, "Picking"), start=2)
    ]
    seen = [order.status for order in (told(an_order(5), routing, west, *east[:heard]) for heard in range(4))]
    assert seen == ["orderRouted", "Picking", ERROR, "Picking"]


@given(STATUSES, STATUSES)
def test_a_new_round_of_routing_may_move_a_row_anywhere(current: str, now: str) -> None:
    assert domain.next_status(current, now, decided_again=True) == now


@given(st.lists(STATUSES, min_size=1))
def test_an_order_is_as_far_as_its_earliest_row(statuses: list[str]) -> None:
    order = domain.order_status(statuses)
    rank = RANK["Routed" if order == "orderRouted" else order]
    assert rank == min(RANK[status] for status in statuses)


def test_a_routed_order_is_called_order_routed() -> None:
    order = told(an_order(5), orders.routed(ORDER, orders.row_routed("1", ("W1", WEST, 5))))
    assert (order.status, order.rows["1"].status) == ("orderRouted", "Routed")


def test_an_ended_order_is_cancelled_only_when_nothing_at_all_was_delivered() -> None:
    assert domain.order_status(["Cancelled", "Cancelled"]) == "Cancelled"
    assert domain.order_status(["Cancelled", "Delivered"]) == "Delivered"
    assert domain.order_status(["Cancelled", "Viewed"]) == "Viewed"


def test_a_row_that_nobody_can_serve_is_unroutable_and_says_why() -> None:
    row = told(an_order(5), orders.routed(ORDER, orders.row_routed(unserved=5, reason="no stock"))).rows["1"]
    assert [row.status, row.reason, domain.to_be_routed(row)] == ["Unroutable", "no stock", 5]


def test_a_row_that_waits_for_stock_is_not_unroutable() -> None:
    row = told(an_order(5), orders.routed(ORDER, orders.row_routed(waiting=5))).rows["1"]
    assert [row.status, domain.to_be_routed(row)] == ["Accepted", 5]


def test_a_row_is_not_delivered_while_a_part_of_it_waits_for_stock() -> None:
    routing = orders.routed(ORDER, orders.row_routed("1", ("W1", WEST, 3), waiting=2))
    row = told(an_order(5), routing, orders.shipment(ORDER, WEST, "Delivered", ("1", 3, 3))).rows["1"]
    assert [row.status, row.delivered, domain.to_be_routed(row)] == ["Routed", 3, 2]


def test_a_row_is_as_far_as_its_earliest_shipment() -> None:
    routing = orders.routed(ORDER, orders.row_routed("1", ("W1", WEST, 3), ("W2", EAST, 2)))
    west = orders.shipment(ORDER, WEST, "Delivered", ("1", 3, 3))
    east = orders.shipment(ORDER, EAST, "Picking", ("1", 2, 0), catalogue="W2")
    assert told(an_order(5), routing, west, east).rows["1"].status == "Picking"


def test_an_older_round_changes_nothing() -> None:
    second = orders.routed(ORDER, orders.row_routed("1", ("W2", EAST, 5)), round_=2)
    order = told(an_order(5), second)
    assert told(order, orders.routed(ORDER, orders.row_routed(unserved=5), round_=1)) == order


def test_an_older_version_of_a_shipment_changes_nothing() -> None:
    routing = orders.routed(ORDER, orders.row_routed("1", ("W1", WEST, 5)))
    order = told(an_order(5), routing, orders.shipment(ORDER, WEST, "Packing", ("1", 5, 0), version=3))
    assert told(order, orders.shipment(ORDER, WEST, "Viewed", ("1", 5, 0), version=2)) == order


def test_a_row_served_with_two_products_of_one_warehouse_counts_both() -> None:
    routing = orders.routed(ORDER, orders.row_routed("1", ("W1", WEST, 3), ("W1", WEST, 2)))
    order = told(an_order(5), routing)
    assert order.rows["1"].parts[WEST].quantity == 5
    order = told(order, orders.shipment(ORDER, WEST, "Delivered", ("1", 3, 3), ("1", 2, 1)))
    assert [order.rows["1"].parts[WEST].quantity, order.rows["1"].delivered] == [5, 4]


@given(JSON)
def test_a_document_is_the_same_in_another_spelling(value: Any) -> None:
    plain, spread = json.dumps(value), json.dumps(value, indent=3, sort_keys=True, ensure_ascii=False)
    assert domain.same_document(plain.encode(), spread.encode())


@given(JSON, JSON)
def test_documents_that_say_different_things_are_different(one: Any, other: Any) -> None:
    same = domain.same_document(json.dumps(one).encode(), json.dumps(other).encode())
    assert same == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


@pytest.mark.parametrize(
    ("one", "other"), [("3", "3.0"), ("30", "3e1"), ("0.10", "0.1"), ("7" * 5_000, "7" * 5_000 + ".0")]
)
def test_the_spelling_of_a_number_does_not_count(one: str, other: str) -> None:
    assert domain.same_document(one.encode(), other.encode())


@pytest.mark.parametrize(("one", "other"), [("true", "1"), ("false", "0"), ("null", "0"), ('"1"', "1"), ("1", "[1]")])
def test_what_only_looks_like_a_number_is_none(one: str, other: str) -> None:
    assert not domain.same_document(f"[{one}]".encode(), f"[{other}]".encode())


def test_a_row_unknown_to_the_order_is_passed_over() -> None:
    order = an_order(5)
    routing = orders.routed(ORDER, orders.row_routed("9", ("W1", WEST, 5)))
    assert told(order, routing) == replace(order, round=1)
