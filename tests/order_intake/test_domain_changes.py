"""What becomes of an order whose retailer changes its mind, whatever else is said of it and in whatever order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_intake import domain
from order_intake.domain import CANCELLED, DELIVERED, ERROR, Known, Order, Row, Step
from shared.contracts import OrderPlaced, OrderRouted, Party, Reference, ShipmentChanged
from tests.order_intake import orders, routing_story
from tests.order_intake.orders import SHOP, document, new_order

ORDER, WEST, EAST = UUID(int=1), UUID(int=2), UUID(int=3)

Heard = Callable[[Order], Order]
"""Something that happens to an order."""


def an_order(*quantities: int, **fields: Any) -> Order:
    """An order just placed."""
    rows = {str(number): Row(str(number), Decimal(quantity)) for number, quantity in enumerate(quantities, start=1)}
    return Order(ORDER, SHOP, rows, **fields)


def routing(*rows: Any, round_: int = 1) -> Heard:
    """A routing is heard."""
    told = orders.routed(ORDER, *rows, round_=round_)
    return lambda order: domain.with_routing(order, told)


def shipping(shipment: UUID, status: str, quantity: int, delivered: int = 0, version: int = 2) -> Heard:
    """A change of a shipment of row 1 is heard."""
    catalogue = "W1" if shipment == WEST else "W2"
    told = orders.shipment(ORDER, shipment, status, ("1", quantity, delivered), version=version, catalogue=catalogue)
    return lambda order: domain.with_shipment(order, told)


def cancelling(order: Order) -> Order:
    """The retailer cancels the order."""
    return domain.with_cancellation(order, orders.at(9))


def after(order: Order, *heard: Heard) -> Order:
    """The order after all that, one after the other."""
    for happens in heard:
        order = happens(order)
    return order


def state(order: Order) -> Any:
    """Where an order stands, without the times at which that was heard."""
    return (
        (order.round, order.status, order.cancelled, order.catalogues),
        [replace(row, history=(), parts=dict(row.parts)) for row in order.rows.values()],
    )


def asked(*quantities: float, **fields: Any) -> OrderPlaced:
    """What a document asks for, at a quarter past noon."""
    placed = new_order(document("A-1", *quantities, **fields)).placed
    return placed.model_copy(update={"placed_at": orders.at(15)})


def hearing(message: OrderRouted | ShipmentChanged) -> Heard:
    """A message is heard."""
    if isinstance(message, OrderRouted):
        return lambda order: domain.with_routing(order, message)
    return lambda order: domain.with_shipment(order, message)


@given(routing_story.stories(), st.data())
def test_an_order_cancelled_at_any_time_ends_the_same(
    story: tuple[int, list[routing_story.Message]], data: st.DataObject
) -> None:
    quantity, said = story
    heard = [hearing(message) for message in data.draw(st.composite(routing_story.heard)(said))]
    heard.insert(data.draw(st.integers(0, len(heard))), cancelling)
    in_order = [*(hearing(message) for message in said), cancelling]
    assert state(after(an_order(quantity), *heard)) == state(after(an_order(quantity), *in_order))


@given(routing_story.stories(), st.data())
def test_every_unit_of_a_cancelled_order_was_delivered_or_is_cancelled(
    story: tuple[int, list[routing_story.Message]], data: st.DataObject
) -> None:
    heard = [hearing(message) for message in data.draw(st.composite(routing_story.heard)(story[1]))]
    before = data.draw(st.integers(0, len(heard)))
    order = after(an_order(story[0]), *heard[:before], cancelling)
    for happens in (lambda now: now, *heard[before:]):
        now = happens(order)
        row, was = now.rows["1"], order.rows["1"]
        assert [row.reserved, row.waiting, row.rerouting, row.unserved, domain.to_be_routed(row)] == [0] * 5
        assert row.delivered + row.cancelled == row.quantity
        assert row.status == (DELIVERED if row.delivered else CANCELLED)
        assert not (was.status == DELIVERED and row.status == CANCELLED)
        assert now.history[: len(order.history)] == order.history
        order = now


def test_a_cancelled_order_is_cancelled_at_once_before_anybody_routed_it() -> None:
    order = cancelling(an_order(5, 2))
    assert [order.status, *(row.status for row in order.rows.values())] == [CANCELLED] * 3
    assert [row.cancelled for row in order.rows.values()] == [5, 2]


def test_what_was_delivered_of_a_cancelled_order_stays_delivered() -> None:
    order = after(
        an_order(5, 2),
        routing(orders.row_routed("1", ("W1", WEST, 5)), orders.row_routed("2", unserved=2)),
        shipping(WEST, "Packing", 5, 3),
        cancelling,
    )
    first, second = order.rows.values()
    assert [first.status, first.delivered, first.cancelled] == [DELIVERED, 3, 2]
    assert [second.status, second.delivered, second.cancelled] == [CANCELLED, 0, 2]
    assert order.status == DELIVERED


def test_a_late_routing_does_not_bring_a_cancelled_order_back() -> None:
    order = after(an_order(5), cancelling, routing(orders.row_routed("1", ("W1", WEST, 3), waiting=1, unserved=1)))
    row = order.rows["1"]
    assert [order.status, row.status, row.cancelled, row.waiting, row.unserved] == [CANCELLED, CANCELLED, 5, 0, 0]
    assert order.rows["1"].parts[WEST].quantity == 3


def test_a_supplier_that_delivered_in_spite_of_the_cancellation_has_delivered() -> None:
    order = after(
        an_order(5), routing(orders.row_routed("1", ("W1", WEST, 5))), cancelling, shipping(WEST, DELIVERED, 5, 4)
    )
    assert [step.value for step in order.rows["1"].history] == ["Routed", CANCELLED, DELIVERED]
    assert [order.status, order.rows["1"].delivered, order.rows["1"].cancelled] == [DELIVERED, 4, 1]


def test_what_is_reserved_for_a_held_order_is_on_its_way() -> None:
    held = after(an_order(5), routing(orders.row_routed("1", reserved=5)))
    assert [held.status, held.rows["1"].status, domain.to_be_routed(held.rows["1"])] == ["orderRouted", "Routed", 5]
    released = after(held, routing(orders.row_routed("1", ("W1", WEST, 5)), round_=2))
    assert [released.rows["1"].status, released.rows["1"].reserved] == ["Routed", 0]


def test_an_order_is_found_by_the_catalogues_it_was_routed_to() -> None:
    order = after(an_order(5, catalogues=("W9",)), routing(orders.row_routed("1", ("W1", WEST, 5))))
    assert order.catalogues == ("W1", "W9")


@pytest.mark.parametrize(
    ("heard", "may"),
    [
        ([], True),
        ([routing(orders.row_routed("1", ("W1", WEST, 3), ("W2", EAST, 2)))], True),
        ([routing(orders.row_routed("1", ("W1", WEST, 5))), shipping(WEST, "Viewed", 5)], True),
        ([routing(orders.row_routed("1", ("W1", WEST, 5))), shipping(WEST, ERROR, 5)], True),
        ([routing(orders.row_routed("1", ("W1", WEST, 5))), shipping(WEST, "Picking", 5)], False),
        ([routing(orders.row_routed("1", ("W1", WEST, 3), waiting=2)), shipping(WEST, "Picking", 3)], False),
        ([routing(orders.row_routed("1", ("W1", WEST, 3), waiting=2)), shipping(WEST, DELIVERED, 3, 3)], False),
        ([routing(orders.row_routed("1", ("W1", WEST, 5))), shipping(WEST, DELIVERED, 5, 5)], False),
        ([cancelling], False),
    ],
)
def test_rows_can_be_changed_until_somebody_picks_them(heard: list[Heard], may: bool) -> None:
    assert (domain.too_far(after(an_order(5), *heard)) is None) == may


def test_a_row_that_was_delivered_before_keeps_no_other_from_being_changed() -> None:
    order, _ = domain.placed_anew(an_order(5, 2), asked(5, 2), {"1": Decimal(5)})
    assert domain.too_far(order) is None


@pytest.mark.parametrize(
    ("field", "value", "otherwise"),
    [
        ("productDescription", "Boots", False),
        ("weight", 3, False),
        ("quantity", 6, True),
        ("productEANCode", "6419835068484", True),
        ("externalProductId", "P-9", True),
        ("externalWarehouseId", "W1", True),
        ("backOrder", True, True),
        ("mandatory", True, True),
        ("partialDeliveryAllowed", False, True),
    ],
)
def test_a_row_asks_for_something_else_when_what_it_wishes_differs(field: str, value: Any, otherwise: bool) -> None:
    changed = document("A-1", 5)
    changed["rows"][0][field] = value
    assert domain.asks_otherwise(new_order(changed).placed, asked(5)) == otherwise


def test_another_receiver_counts_only_with_a_purchase_order() -> None:
    for references, otherwise in (((), False), ((Reference(name="PO", value="7"),), True)):
        before = asked(5)
        before = before.model_copy(update={"delivery": before.delivery.model_copy(update={"references": references})})
        assert domain.asks_otherwise(before.model_copy(update={"receiver": "Another"}), before) == otherwise


def test_comments_and_references_do_not_make_a_delivery_go_elsewhere() -> None:
    delivery = asked(5).delivery
    said = delivery.model_copy(update={"references": (Reference(name="SO", value="7"),), "comments": ()})
    moved = delivery.model_copy(update={"delivery_address": Party(name="Somebody")})
    assert not domain.goes_elsewhere(said, delivery)
    assert domain.goes_elsewhere(moved, delivery)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=4))
def test_an_order_placed_anew_asks_for_what_was_not_delivered_before(rows: list[tuple[int, int]]) -> None:
    wish = asked(*(quantity for quantity, _ in rows))
    before = {str(number): Decimal(delivered) for number, (_, delivered) in enumerate(rows, start=1)}
    order, announced = domain.placed_anew(an_order(*(quantity for quantity, _ in rows)), wish, before)
    asked_for = {row.external_id: row.quantity for row in announced.rows}
    for number, (quantity, delivered) in enumerate(rows, start=1):
        row = order.rows[str(number)]
        assert row.quantity == max(0, quantity - delivered) == asked_for.get(str(number), 0)
        assert row.delivered_in_all == delivered
        assert row.status == ("Accepted" if row.quantity else DELIVERED)
    assert [announced.replaces, announced.order_id] == [ORDER, order.id]
    assert order.status == (DELIVERED if all(quantity <= delivered for quantity, delivered in rows) else "Accepted")


def test_a_row_begins_anew_with_its_history_behind_it() -> None:
    old = after(an_order(5), routing(orders.row_routed("1", ("W1", WEST, 5))), cancelling)
    new, _ = domain.placed_anew(old, asked(5, 1), {})
    assert [step.value for step in new.rows["1"].history] == ["Routed", CANCELLED, "Accepted"]
    assert new.rows["2"].history == (Step("Accepted", orders.at(15)),)
    assert [step.value for step in new.history] == ["orderRouted", CANCELLED, "Accepted"]
    assert new.history[-1].at - orders.NOON == timedelta(minutes=15)


def test_a_row_whose_parent_was_delivered_before_is_a_bundle_no_more() -> None:
    wish = document("A-1", 5, 5)
    wish["rows"][1]["parentRowReference"] = "1"
    for before, parent in (({}, "1"), ({"1": Decimal(5)}, None)):
        _, announced = domain.placed_anew(an_order(5, 5), new_order(wish).placed, before)
        assert [row.parent for row in announced.rows if row.external_id == "2"] == [parent]


@pytest.mark.parametrize(
    ("known", "row", "refused"),
    [
        ([], {}, False),
        ([Known("W1", "111")], {}, True),
        ([Known("W1", "111")], {"productEANCode": "111"}, False),
        ([Known("W1", "111")], {"productEANCode": "0111"}, False),
        ([Known("W1", "0111")], {"productEANCode": "111"}, False),
        ([Known("W1", "111")], {"productEANCode": None}, False),
        ([Known("W1", None)], {}, False),
        ([Known("W1", "111"), Known("W2", "222")], {}, False),
        ([Known("W1", "111"), Known("W2", "222")], {"externalWarehouseId": "W1"}, True),
        ([Known("W1", "111"), Known("W2", "222")], {"externalWarehouseId": "W2"}, False),
        ([Known("W1", "111")], {"externalWarehouseId": "W3"}, False),
    ],
)
def test_a_row_must_not_name_two_products(known: list[Known], row: dict[str, Any], refused: bool) -> None:
    wish = document("A-1", 1, 5)
    wish["rows"][1] |= {"productEANCode": "222"} | row
    placed = new_order(wish).placed
    assert domain.disagreeing_rows(placed, {(SHOP, "P-2"): known}) == ([1] if refused else [])


def test_only_rows_that_name_a_product_twice_are_looked_up() -> None:
    wish = document("A-1", 1, 1)
    wish["rows"][1]["productEANCode"] = "222"
    assert domain.wanted_products(new_order(wish).placed) == {(SHOP, "P-2")}
