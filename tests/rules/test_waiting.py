"""The waiting list: who is on it, and who gets the stock that comes."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import Candidate
from shared.rules import taking, waiting
from shared.rules.balance import Balance, free_of
from shared.rules.waiting import Waiting
from tests.inventory import orders
from tests.rules.worlds import key_of, shelf_of


def line(number: int, quantity: float, *candidates: int, placed: int = 0, whole: bool = False) -> Waiting:
    """What the first row of an order waits for."""
    moment = orders.MOMENT + timedelta(minutes=placed)
    return Waiting(UUID(int=number), "1", 1, moment, 0, Decimal(str(quantity)), candidates or (1,), whole)


def shelf(**stocked: float) -> dict[int, Balance]:
    """Balances by `_1=3`."""
    return {int(name[1:]): Balance(int(name[1:]), Decimal(str(there))) for name, there in stocked.items()}


def filled(lines: list[Waiting], balances: dict[int, Balance]) -> dict[int, dict[int, float]]:
    """What orders get, by their numbers and by balance."""
    return {
        one.waiting.order_id.int: {place: float(quantity) for place, quantity in one.taken.items()}
        for one in waiting.fill_waiting(lines, balances)
    }


def test_the_older_of_two_backorders_gets_what_arrives() -> None:
    older, younger = line(9, 6, placed=0), line(1, 3, placed=1)
    assert filled([younger, older], shelf(_1=4)) == {9: {1: 4}}
    assert filled([younger, older], shelf(_1=8)) == {9: {1: 6}, 1: {1: 2}}


def test_orders_of_one_moment_go_by_their_ids_and_rows_by_their_place() -> None:
    rows = [replace(line(2, 1), position=1, row_id="b"), replace(line(2, 1), row_id="a"), line(1, 1)]
    got = waiting.fill_waiting(rows, shelf(_1=2))
    assert [(one.waiting.order_id.int, one.waiting.row_id) for one in got] == [(1, "1"), (2, "a")]


def test_a_row_is_filled_from_its_candidates_in_turn_and_from_no_others() -> None:
    assert filled([line(1, 5, 3, 2)], shelf(_1=9, _2=4, _3=2)) == {1: {3: 2, 2: 3}}


def test_a_row_that_must_be_whole_waits_on_and_lets_the_next_have_the_stock() -> None:
    whole, next_one = line(1, 5, 1, 2, whole=True), line(2, 3, 1, 2, placed=1)
    assert filled([whole, next_one], shelf(_1=4, _2=4)) == {2: {1: 3}}
    assert filled([whole, next_one], shelf(_1=4, _2=6)) == {1: {2: 5}, 2: {1: 3}}


def test_what_may_not_be_sold_or_is_kept_back_fills_nothing() -> None:
    there = shelf(_1=4, _2=4, _3=4)
    there[1] = replace(there[1], active=False)
    there[2] = replace(there[2], safety_stock=Decimal(3), held=Decimal("0.5"))
    assert filled([line(1, 9, 1, 2, 3)], there) == {1: {2: 0.5, 3: 4}}


def test_what_became_unlimited_fills_everybody() -> None:
    there = {1: replace(shelf(_1=0)[1], unlimited=True)}
    assert filled([line(1, 9), line(2, 9)], there) == {1: {1: 9}, 2: {1: 9}}


lines = st.builds(
    Waiting,
    order_id=st.integers(1, 3).map(lambda number: UUID(int=number)),
    row_id=st.just("1"),
    lot=st.just(1),
    placed_at=st.integers(0, 2).map(lambda minutes: orders.MOMENT + timedelta(minutes=minutes)),
    position=st.integers(0, 9),
    quantity=st.decimals("0.1", 9, places=1),
    candidates=st.lists(st.integers(1, 4), max_size=4).map(tuple),
    whole=st.booleans(),
)
balances = st.dictionaries(st.integers(1, 3), st.decimals(0, 9, places=1)).map(
    lambda stocked: {number: Balance(number, there) for number, there in stocked.items()}
)


@given(st.lists(lines, max_size=6), balances)
def test_nobody_gets_more_than_there_is_or_than_they_wait_for_and_none_waits_beside_free_stock(
    waits: list[Waiting], there: dict[int, Balance]
) -> None:
    gone: defaultdict[int, Decimal] = defaultdict(Decimal)
    got: dict[int, Decimal] = {}
    for entry, taken in waiting.fill_waiting(waits, there):
        assert set(taken) <= set(entry.candidates)
        assert all(quantity > 0 for quantity in taken.values())
        for place, quantity in taken.items():
            gone[place] += quantity
        got[id(entry)] = sum(taken.values(), Decimal(0))
        assert got[id(entry)] <= entry.quantity
        if entry.whole:
            assert list(taken.values()) == [entry.quantity]
    assert all(gone[place] <= free_of(balance) for place, balance in there.items())
    for one in waits:
        rest = one.quantity - got.get(id(one), Decimal(0))
        left = [free_of(there[place]) - gone[place] for place in one.candidates if place in there]
        assert not rest or all(free < rest if one.whole else not free for free in left)


@given(st.lists(lines, max_size=6), balances, st.randoms(use_true_random=False))
def test_who_is_served_first_does_not_depend_on_how_the_list_was_read(
    waits: list[Waiting], there: dict[int, Balance], random: object
) -> None:
    named = [replace(one, row_id=str(number), position=number) for number, one in enumerate(waits)]
    shuffled = list(named)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert waiting.fill_waiting(shuffled, there) == waiting.fill_waiting(named, there)


def test_what_waits_names_every_candidate_of_its_row() -> None:
    row = orders.row("1", 5, "W1/A", "W2/A", "W2/A", back_order=True)
    allowed = {key: replace(one, back_order_allowed=True) for key, one in shelf_of(W1_A=2, W2_A=0).items()}
    wanted = orders.order(orders.row("0", 1, "W1/A"), row)
    (found,) = waiting.lines_of(wanted, taking.allocate(wanted, allowed))
    assert (found.row_id, found.position, float(found.quantity), found.whole) == ("1", 1, 4, False)
    assert found.at == Candidate(catalogue_id="W1", product_id="A")
    assert [one.catalogue_id for one in found.candidates] == ["W1", "W2"]


def test_the_rows_of_a_bundle_are_filled_from_where_they_wait_and_from_nowhere_else() -> None:
    there = {
        key_of(place): Balance(number, Decimal(0), back_order_allowed=True)
        for number, place in enumerate(("W1/A", "W1/B", "W2/A", "W2/B"))
    }
    table = orders.row("1", 1, "W2/A", "W1/A", back_order=True)
    chairs = orders.row("2", 4, "W1/B", "W2/B", back_order=True, parent="1")
    wanted = orders.order(table, chairs)
    found = waiting.lines_of(wanted, taking.allocate(wanted, there))
    assert [[one.catalogue_id for one in entry.candidates] for entry in found] == [["W2"], ["W2"]]
