"""An order decided again from nothing but what its rows saw."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given

from shared.contracts import AllocateOrder
from shared.rules import remembering, taking
from shared.rules.balance import Balance, Key
from tests.inventory import orders
from tests.rules import worlds
from tests.rules.worlds import key_of, shelf_of


@given(worlds.demands(), worlds.shelves)
def test_what_its_rows_saw_is_enough_to_decide_an_order_again_word_for_word(
    order: AllocateOrder, shelf: dict[Key, Balance]
) -> None:
    answer = taking.allocate(order, shelf)
    seen = [one for row in answer.rows for one in row.seen]
    assert taking.allocate(order, remembering.balances_seen(orders.SHOP, seen)) == answer
    assert taking.allocate(order, remembering.balances_seen(orders.SHOP, reversed(seen))) == answer


def test_of_what_was_never_seen_there_is_nothing() -> None:
    answer = taking.allocate(orders.order(orders.row("1", 1, "W1/A")), {})
    assert remembering.balances_seen(orders.SHOP, answer.rows[0].seen) == {}


def test_a_limit_that_was_reached_before_is_not_taken_for_backorders_that_are_not_allowed() -> None:
    shelf = shelf_of(W1_A=0, W2_A=0)
    shelf[key_of("W1/A")] = replace(shelf[key_of("W1/A")], back_order_allowed=True, back_order_room=Decimal(0))
    order = orders.order(orders.row("1", 1, "W1/A", "W2/A"), orders.row("2", 1, "W1/A", "W2/A", back_order=True))
    answer = taking.allocate(order, shelf)
    assert orders.verdicts(answer.rows) == ["no stock", "no stock", "limit reached", "backorder not allowed"]
    seen = [one for row in answer.rows for one in row.seen]
    assert taking.allocate(order, remembering.balances_seen(orders.SHOP, seen)) == answer
