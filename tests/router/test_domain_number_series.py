"""What codes are made of a number series, and what may become of a series."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.domain import number_series
from router.domain.number_series import Misfit, NumberSeries, Used, tracking_code

DIGITS = st.text("0123456789", min_size=1, max_size=17)


def sum_of_luhn(digits: str) -> int:
    """The sum that Luhn wants to end in 0, told in other words: from the right, every second digit is looked up in a
    table of what its double comes to."""
    doubles = "0246813579"
    return sum(int(doubles[int(d)] if place % 2 else d) for place, d in enumerate(digits[::-1]))


def sum_of_gs1(digits: str) -> int:
    """The sum that GS1 wants to end in 0, told in other words: the digits at odd places from the right, and three times
    the others."""
    backwards = [int(digit) for digit in reversed(digits)]
    return sum(backwards[::2]) + 3 * sum(backwards[1::2])


@given(DIGITS)
def test_with_its_check_digit_a_number_adds_up_by_both_rules(digits: str) -> None:
    assert sum_of_luhn(f"{digits}{number_series.luhn_digit(digits)}") % 10 == 0
    assert sum_of_gs1(f"{digits}{number_series.gs1_digit(digits)}") % 10 == 0


@given(DIGITS, st.data())
def test_one_digit_read_wrong_is_noticed_by_both_rules(digits: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[place]]))
    misread = digits[:place] + other + digits[place + 1 :]
    assert number_series.luhn_digit(misread) != number_series.luhn_digit(digits)
    assert number_series.gs1_digit(misread) != number_series.gs1_digit(digits)


def test_the_published_code_of_posti_is_made_of_its_number() -> None:
    assert tracking_code("JJFI", "654321", "LUHN", 22) == "JJFI65432100000000224"


@pytest.mark.parametrize(
    ("prefix", "number", "code"),
    # GS1's own example of an SSCC, and one with the longest prefix.
    [("10614141", 123456789, "106141411234567897"), ("36414141414", 1, "364141414140000018")],
)
def test_an_sscc_ends_in_the_check_digit_of_gs1(prefix: str, number: int, code: str) -> None:
    made = tracking_code("SSCC", prefix, "GS1", number)
    assert made == code
    assert sum_of_gs1(made) % 10 == 0


@given(
    st.sampled_from([("JJFI", "654321", "LUHN"), ("JJFI", "000000", "GS1"), ("SSCC", "36414141414", "GS1")]),
    st.data(),
)
def test_codes_of_one_series_are_as_long_as_one_another_and_never_the_same(
    form: tuple[str, str, str], data: st.DataObject
) -> None:
    largest = number_series.largest(form[0], form[1])  # type: ignore[arg-type]
    numbers = data.draw(st.lists(st.integers(0, largest), min_size=2, max_size=20, unique=True))
    codes = [tracking_code(*form, number) for number in numbers]  # type: ignore[arg-type]
    assert len(set(codes)) == len(codes)
    assert {len(code) for code in codes} == {21 if form[0] == "JJFI" else 18}


SERIES = NumberSeries("posti", "Posti", "JJFI", "654321", "LUHN", 10, 99, 5)


def test_a_series_nobody_took_of_may_become_anything() -> None:
    other = replace(SERIES, form="SSCC", prefix="36414141", check_digit="GS1", first=1, last=2)
    assert number_series.become(Used(SERIES, 10, 90), other) == other


@pytest.mark.parametrize("changed", [{"prefix": "654322"}, {"first": 9}, {"first": 11}, {"check_digit": "GS1"}])
def test_codes_of_a_series_that_is_used_stay_what_they_are(changed: dict[str, object]) -> None:
    misfit = number_series.become(Used(SERIES, 11, 89), replace(SERIES, **changed))  # type: ignore[arg-type]
    assert isinstance(misfit, Misfit)
    assert misfit.field in changed


def test_a_used_series_ends_where_it_is_told_to_but_not_before_what_is_used() -> None:
    used = Used(SERIES, 50, 50)
    longer, shortest = replace(SERIES, last=500, contract_number="612345"), replace(SERIES, last=49)
    assert number_series.become(used, longer) == longer
    assert number_series.become(used, shortest) == shortest
    misfit = number_series.become(used, replace(SERIES, last=48))
    assert misfit == Misfit("last", "The numbers of posti up to 49 are used already")


def test_a_series_is_low_when_it_and_its_like_have_few_left() -> None:
    assert Used(SERIES, 95, 5).low
    assert not Used(SERIES, 95, 500).low


@given(
    st.sampled_from(["JJFI", "SSCC"]), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)
)
def test_series_have_a_code_in_common_exactly_when_their_spans_overlap(
    form: str, a: int, b: int, c: int, d: int
) -> None:
    prefix = "654321" if form == "JJFI" else "36414141"
    one, other = (
        NumberSeries("x", "Posti", form, prefix, "GS1", min(ends), max(ends), 0)  # type: ignore[arg-type]
        for ends in ((a, b), (c, d))
    )
    codes = [
        {tracking_code(s.form, s.prefix, s.check_digit, number) for number in range(s.first, s.last + 1)}
        for s in (one, other)
    ]
    (first, last), (other_first, other_last) = number_series.span(one), number_series.span(other)
    assert bool(codes[0] & codes[1]) == (first <= other_last and other_first <= last)


def test_no_code_of_one_form_is_in_the_span_of_the_other() -> None:
    jjfi = NumberSeries("a", "Posti", "JJFI", "999999", "LUHN", 0, 10**10 - 1, 0)
    sscc = NumberSeries("b", "Posti", "SSCC", "00000000", "GS1", 0, 10**9 - 1, 0)
    assert number_series.span(jjfi)[1] < number_series.span(sscc)[0]
