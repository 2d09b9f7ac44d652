"""How an order follows its later rounds of routing, whatever is heard first."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from order_intake import domain
from order_intake.api import shown_v3
from order_intake.domain import ACCEPTED, CANCELLED, DELIVERED, ERROR, RANK, ROUTED, UNROUTABLE, Order, Row
from shared.contracts import OrderRouted
from tests.order_intake import orders, routing_story
from tests.order_intake.routing_story import Message

ORDER, WEST, EAST, AGAIN = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)


def an_order(quantity: int) -> Order:
    """An order of one row, just placed."""
    return Order(ORDER, orders.SHOP, {"1": Row("1", Decimal(quantity))})


def told(order: Order, *messages: Message) -> Order:
    """The order after messages, one after the other."""
    for message in messages:
        if isinstance(message, OrderRouted):
            order = domain.with_routing(order, message)
        else:
            order = domain.with_shipment(order, message)
    return order


def row_of(quantity: int, *messages: Message) -> Row:
    """The row of an order after messages."""
    return told(an_order(quantity), *messages).rows["1"]


def routing(round_: int, *parts: tuple[str, UUID, int], **left: Any) -> OrderRouted:
    """A round of routing of row 1."""
    return orders.routed(ORDER, orders.row_routed("1", *parts, **left), round_=round_, minute=round_)


def state(order: Order) -> Any:
    """Where an order stands, without the times at which that was heard."""
    row = order.rows["1"]
    sums = (row.delivered, row.cancelled, row.reserved, row.waiting, row.rerouting, row.unserved)
    return order.round, order.status, row.status, sums, domain.to_be_routed(row), dict(row.parts)


@settings(max_examples=300)
@given(routing_story.stories(), st.data())
def test_whatever_is_heard_first_ends_the_same(story: tuple[int, list[Message]], data: st.DataObject) -> None:
    quantity, said = story
    heard = data.draw(st.composite(routing_story.heard)(said))
    assert state(told(an_order(quantity), *heard)) == state(told(an_order(quantity), *said))


@given(routing_story.stories(), st.data())
def test_a_row_moves_back_by_a_new_round_of_routing_only(story: tuple[int, list[Message]], data: st.DataObject) -> None:
    order = an_order(story[0])
    for message in data.draw(st.composite(routing_story.heard)(story[1])):
        now = told(order, message)
        row, was = now.rows["1"], order.rows["1"]
        forward = RANK[row.status] >= RANK[was.status] or ERROR in (row.status, was.status)
        assert forward or now.round > order.round, f"{was.status} became {row.status} by {message}"
        assert now.history[: len(order.history)] == order.history
        for part in row.parts.values():
            assert 0 <= part.delivered <= part.quantity
        assert 0 <= domain.to_be_routed(row) <= row.quantity
        order = now


@given(routing_story.stories())
def test_every_unit_of_a_row_is_in_one_place(story: tuple[int, list[Message]]) -> None:
    row = row_of(story[0], *story[1])
    left = row.reserved + row.waiting + row.rerouting + row.unserved
    assert domain.promised(row.parts.values()) + left + row.cancelled == row.quantity
    assert domain.to_be_routed(row) == left


def test_a_row_that_was_rejected_is_routed_again_and_was_never_cancelled() -> None:
    first = routing(1, ("W1", WEST, 5))
    rejected = orders.shipment(ORDER, WEST, CANCELLED, ("1", 5, 0))
    row = row_of(5, first, rejected)
    assert [row.status, row.cancelled, domain.to_be_routed(row)] == [ROUTED, 0, 5]
    row = row_of(5, first, rejected, routing(2, rerouting=5))
    assert [row.status, row.cancelled, domain.to_be_routed(row)] == [ACCEPTED, 0, 5]
    row = row_of(5, first, rejected, routing(2, rerouting=5), routing(3, ("W2", EAST, 5)))
    assert [row.status, domain.to_be_routed(row)] == [ROUTED, 0]
    assert [step.value for step in row.history] == [ROUTED, ACCEPTED, ROUTED]


def test_a_rejected_row_that_nobody_else_can_serve_is_unroutable_and_says_why() -> None:
    order = told(
        an_order(5),
        routing(1, ("W1", WEST, 5)),
        orders.shipment(ORDER, WEST, "Viewed", ("1", 5, 0)),
        orders.shipment(ORDER, WEST, CANCELLED, ("1", 5, 0), version=3),
        routing(2, unserved=5, reason="no other warehouse"),
    )
    row = order.rows["1"]
    assert [order.status, row.status, row.reason] == [UNROUTABLE, UNROUTABLE, "no other warehouse"]
    assert [row.cancelled, domain.to_be_routed(row)] == [0, 5]


def test_a_rejection_that_is_heard_after_its_round_does_not_bring_the_shipment_back() -> None:
    row = row_of(
        5,
        routing(1, ("W1", WEST, 5)),
        routing(2, unserved=5),
        orders.shipment(ORDER, WEST, "Viewed", ("1", 5, 0)),
        orders.shipment(ORDER, WEST, CANCELLED, ("1", 5, 0), version=3),
    )
    assert row.status == UNROUTABLE


def test_a_partly_delivered_row_is_delivered_once_the_rest_is_cancelled() -> None:
    first = routing(1, ("W1", WEST, 5))
    sent = orders.shipment(ORDER, WEST, DELIVERED, ("1", 5, 2))
    row = row_of(5, first, sent)
    assert [row.status, row.delivered, domain.to_be_routed(row)] == [ROUTED, 2, 3]
    row = row_of(5, first, sent, routing(2, ("W1", WEST, 2), cancelled=3))
    assert [row.status, row.delivered, row.cancelled, domain.to_be_routed(row)] == [DELIVERED, 2, 3, 0]


def test_a_partly_delivered_row_is_not_unroutable_while_the_rest_may_still_be_served() -> None:
    sent = orders.shipment(ORDER, WEST, DELIVERED, ("1", 5, 5))
    row = row_of(6, routing(1, ("W1", WEST, 5), unserved=1, reason="no stock"), sent)
    assert [row.status, row.reason, domain.to_be_routed(row)] == [DELIVERED, "no stock", 1]


def test_what_waited_and_came_is_a_shipment_of_its_own_from_the_same_warehouse() -> None:
    row = row_of(6, routing(1, ("W1", WEST, 4), waiting=2), routing(2, ("W1", WEST, 4), ("W1", AGAIN, 2)))
    parts = row.parts.values()
    assert [part.catalogue_id for part in parts] == ["W1", "W1"]
    assert [part.quantity for part in parts] == [4, 2]
    assert [part.routed_at for part in parts] == [orders.at(1), orders.at(2)]
    assert [row.waiting, domain.to_be_routed(row)] == [0, 0]


def test_a_shipment_that_shrinks_leaves_the_rest_to_be_routed() -> None:
    first, second = routing(1, ("W1", WEST, 5)), routing(2, ("W1", WEST, 3), rerouting=2)
    shrunk = orders.shipment(ORDER, WEST, "Created", ("1", 3, 0))
    for heard in ((first, second), (first, shrunk), (first, shrunk, second), (first, second, shrunk)):
        assert domain.to_be_routed(row_of(5, *heard)) == 2
    assert row_of(5, first, second).parts[WEST].quantity == 3


def test_a_row_that_is_cancelled_in_all_its_parts_is_cancelled() -> None:
    emptied = orders.shipment(ORDER, WEST, CANCELLED, ("1", 0, 0))
    row = row_of(5, routing(1, ("W1", WEST, 3), waiting=2), emptied, routing(2, cancelled=5))
    assert [row.status, row.cancelled, domain.to_be_routed(row)] == [CANCELLED, 5, 0]


def test_an_order_that_its_retailer_cancelled_waits_for_no_other_round() -> None:
    order = told(an_order(5), routing(1, ("W1", WEST, 3)), routing(2, ("W1", WEST, 1), rerouting=2, waiting=2))
    row = domain.with_cancellation(order, orders.at(3)).rows["1"]
    assert [row.status, row.cancelled, row.rerouting, domain.to_be_routed(row)] == [CANCELLED, 5, 0, 0]
    late = told(domain.with_cancellation(order, orders.at(3)), routing(3, ("W1", WEST, 1), unserved=4, reason="x"))
    assert late.rows["1"] == row


def test_a_row_that_waits_for_stock_is_accepted_and_a_held_one_is_created_for_its_stock_is_kept() -> None:
    """No supplier has what waits. What is held has its place, as shops that show it for review expect (A.11)."""
    now = orders.NOON
    for left, inside, shown in (
        ({"waiting": 5}, ACCEPTED, "Accepted"),
        ({"reserved": 5}, ROUTED, "Created"),
        ({"reserved": 3, "waiting": 2}, ROUTED, "Created"),
        ({"unserved": 5}, UNROUTABLE, "Unroutable"),
    ):
        order = told(an_order(5), routing(1, **left))
        assert order.rows["1"].status == inside
        assert shown_v3.status_of(order, order.rows, now)[0] == shown
