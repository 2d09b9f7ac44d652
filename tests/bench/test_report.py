"""What the benchmark says at its end: verdicts, the line of JSON, and whether it was good."""

import json
import math

import pytest

from bench.loading import Loaded
from bench.report import TARGETS, Report, Target, Verdict
from bench.timings import Passage, Spread

NO_TIMES = Spread(math.nan, math.nan, math.nan, math.nan)


def target(key: str) -> Target:
    """A target by its key."""
    return next(target for target in TARGETS if target.key == key)


def loaded(orders: int, taken: int, shipped: int, shown: int) -> Loaded:
    """A load that ended so."""
    return Loaded(
        orders=orders,
        statuses={200: taken, 503: orders - taken},
        taken=taken,
        shipped=shipped,
        shown=shown,
        offered_per_second=None,
        seconds=1.0,
        answered_per_second=1.0,
        orders_per_second=1.0,
        answer=NO_TIMES,
        shipment=NO_TIMES,
        order_shows=NO_TIMES,
        cpu_seconds_per_order={},
        generator_cpu_seconds_per_order=0.0,
        peak_mb={},
        paths=[Passage(0.0, 1.0, None, None)],
    )


@pytest.mark.parametrize(
    ("key", "value", "verdict"),
    [
        ("orders_per_second", 1_000.0, Verdict.MET),
        ("orders_per_second", 999.9, Verdict.MISSED),
        ("answer_p99_ms", 49.9, Verdict.MET),
        ("answer_p99_ms", 50.0, Verdict.MISSED),
        ("answer_p99_ms", math.nan, Verdict.MISSED),
        ("growth_ratio", math.nan, Verdict.MISSED),
        ("replay_seconds", None, Verdict.NOT_MEASURED),
    ],
)
def test_a_target_is_met_at_its_limit_from_above_and_only_below_it_otherwise(
    key: str, value: float | None, verdict: Verdict
) -> None:
    assert target(key).verdict(value, cores=2) is verdict


def test_a_second_replica_is_judged_only_where_it_has_a_core_of_its_own() -> None:
    replicas = target("replica_ratio")
    assert replicas.verdict(1.1, cores=2) is Verdict.NOT_JUDGED
    assert replicas.verdict(1.1, cores=4) is Verdict.MISSED
    assert replicas.verdict(1.8, cores=4) is Verdict.MET


def test_what_was_not_measured_does_not_make_a_run_bad() -> None:
    assert Report("embedded", figures={"orders_per_second": 1_200.0}).good


@pytest.mark.parametrize(
    "report",
    [
        Report("embedded", figures={"orders_per_second": 900.0}),
        Report("embedded", problems=["a balance was oversold"]),
        Report("embedded", failed=["growth: TimeoutError"]),
    ],
    ids=["a target missed", "the books unclean", "a part broken off"],
)
def test_a_missed_target_unclean_books_and_a_broken_part_make_a_run_bad(report: Report) -> None:
    assert not report.good


def test_an_order_that_was_taken_and_is_not_shown_is_a_problem_of_the_books() -> None:
    report = Report("embedded")
    report.check("a load", loaded(10, taken=10, shipped=10, shown=9))
    assert len(report.problems) == 1
    assert not report.failed


def test_an_order_that_was_not_taken_fails_a_load_unless_that_is_what_is_looked_at() -> None:
    report = Report("embedded")
    report.check("an outage", loaded(10, taken=9, shipped=9, shown=9), all_taken=False)
    assert report.good
    report.check("a load", loaded(10, taken=9, shipped=9, shown=9))
    assert report.failed
    assert not report.problems


def test_the_line_names_every_target_with_its_figure_its_limit_and_its_verdict() -> None:
    report = Report("embedded", figures={"ratio_to_floor": 0.81234567}, cores=2)
    told = json.loads(report.line())["targets"]
    assert told.keys() == {target.key for target in TARGETS}
    assert told["ratio_to_floor"] == {"value": 0.81235, "at_least": 0.7, "verdict": "met"}
    assert told["big_order_ms"] == {"value": None, "below": 150, "verdict": "not measured"}


def test_the_line_has_the_figures_that_programs_read() -> None:
    report = Report("embedded", headline={"orders_per_second": 1_100.0, "p99_ms": math.nan}, problems=["a loss"])
    told = json.loads(report.line())
    assert (told["orders_per_second"], told["p99_ms"], told["broker"]) == (1_100.0, None, "embedded")
    assert told["books_clean"] is False
