"""The rules of changing one's mind about an order, said by their owners."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from router import domain
from router.domain import Amendment, Happening, Plan, Route
from tests.router.examples import amended, order, row

NOW = datetime(2026, 1, 2, 9, tzinfo=UTC)
PLACED = order(row(), held=True)
HELD = Route(PLACED, Plan(), round=1, held=True)


def told_in_turn(steps: Sequence[tuple[bool, bool, str]]) -> list[Amendment]:
    """What a retailer says, version by version: it neither holds what it released, nor wants what it cancelled."""
    held, cancelled = True, False
    told: list[Amendment] = []
    for version, (holds, cancels, code) in enumerate(steps, 1):
        held, cancelled = held and holds, cancelled or cancels
        told.append(
            Amendment(
                PLACED.order_id,
                version,
                held=held,
                delivery=PLACED.delivery.model_copy(update={"service_code": code}),
                cancelled=Happening(at=NOW + timedelta(minutes=version), cause="so") if cancelled else None,
            )
        )
    return told


said = st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from(["2102", "2103", "2104"])), max_size=5).map(
    told_in_turn
)


@given(said, st.data())
def test_changes_of_mind_give_the_same_in_whatever_order_and_however_often_they_come(
    told: list[Amendment], data: st.DataObject
) -> None:
    heard = data.draw(st.permutations(told + data.draw(st.lists(st.sampled_from(told)) if told else st.just([]))))
    before = data.draw(st.integers(0, len(heard)))
    kept = domain.merged(heard[:before])
    route = domain.amend(HELD, kept[PLACED.order_id]) if kept else HELD
    for amendment in heard[before:]:
        after = domain.amend(route, amendment)
        assert route.cancelled is None or after == route
        assert after.held <= route.held
        route = after
    assert (route.cancelled is not None) == any(one.cancelled for one in told)
    if route.cancelled is None:
        assert route.held == all(one.held for one in told)
        assert route.amended == len(told)
        assert route.delivery == (told[-1].delivery if told else PLACED.delivery)


def test_a_released_order_is_not_held_again_whatever_comes_late() -> None:
    released = domain.amend(HELD, domain.amendment(amended(PLACED, version=2, held=False)))
    assert not domain.amend(released, domain.amendment(amended(PLACED, version=1, held=True))).held
    assert not domain.amend(released, domain.amendment(amended(PLACED, version=3, held=True))).held
    late = [domain.amendment(amended(PLACED, version=version, held=version != 2)) for version in (1, 2, 3)]
    assert not domain.merged(late)[PLACED.order_id].held


def test_a_replaced_order_is_cancelled_and_says_by_what() -> None:
    by = order(row())
    after = domain.amend(HELD, domain.replacement(PLACED.order_id, by.order_id, NOW))
    assert after.cancelled == Happening(at=NOW, cause=f"replaced by {by.order_id}")
    assert after.held
