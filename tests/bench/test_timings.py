"""How a benchmark's times are told."""

import math

from hypothesis import given
from hypothesis import strategies as st

from bench import timings

TIMES = st.lists(st.floats(0, 1e4), min_size=1, max_size=200).map(sorted)


def test_the_95th_percentile_of_a_hundred_is_the_95th() -> None:
    assert timings.percentile(range(1, 101), 0.95) == 95


def test_of_few_the_99th_percentile_is_the_longest() -> None:
    assert timings.percentile([1, 2, 30], 0.99) == 30


def test_of_nothing_there_is_no_percentile() -> None:
    assert math.isnan(timings.spread([]).p99)


@given(times=TIMES, share=st.floats(0.01, 1))
def test_so_large_a_share_is_not_above_a_percentile_and_no_smaller_time_has_that(
    times: list[float], share: float
) -> None:
    found = timings.percentile(times, share)
    assert found in times
    assert sum(one <= found for one in times) >= share * len(times) - 1e-9
    assert sum(one < found for one in times) < share * len(times)


def test_seconds_are_told_in_milliseconds() -> None:
    assert timings.spread([0.002, 0.001, 0.004]) == timings.Spread(2.0, 4.0, 4.0, 4.0)
