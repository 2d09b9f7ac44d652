"""A catalogue that has declined a row, or did not have it after all, is not asked for it again."""

from shared.rules import ranking
from tests.router.examples import balance, catalogue, order, reasons, row, sources
from tests.router.examples import ranking as catalogues

KNOWN = sources([catalogue("A", priority=1), catalogue("B", priority=2)], [balance("A"), balance("B")])


def test_a_barred_catalogue_is_dropped_with_that_reason_and_only_from_the_row_it_is_barred_from() -> None:
    plan = ranking.rank_candidates(order(row("1"), row("2")), KNOWN, {"1": ["A"]})
    assert catalogues(plan, 0) == ["B"]
    assert reasons(plan, 0) == {"A": "not asked again"}
    assert catalogues(plan, 1) == ["A", "B"]


def test_the_first_true_reason_goes_before_being_barred() -> None:
    plan = ranking.rank_candidates(order(row("1", catalogue_id="B")), KNOWN, {"1": ["A", "B"]})
    assert reasons(plan) == {"A": "pinned elsewhere", "B": "not asked again"}
