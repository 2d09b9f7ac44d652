from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import domain
from portal.domain import Counter, Limit, SigningKey, Tries

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIVE_AN_HOUR = Limit(5, within=HOUR, lock=HOUR)
SEVEN_DIGITS = st.text("0123456789", min_size=7, max_size=7)


@given(SEVEN_DIGITS)
def test_a_check_digit_fills_the_weighted_sum_to_a_multiple_of_eleven(digits: str) -> None:
    total = sum(weight * int(digit) for weight, digit in zip((7, 9, 10, 5, 8, 4, 2), digits, strict=True))
    possible = [digit for digit in range(10) if (total + digit) % 11 == 0]
    assert domain.check_digit(digits) == (possible[0] if possible else None)


@pytest.mark.parametrize("known", ["0109357-9", "1531864-4"])
def test_business_ids_of_the_public_documents_are_valid(known: str) -> None:
    assert domain.valid_business_id(known) == known


@given(SEVEN_DIGITS, st.integers(0, 6), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_found(digits: str, place: int, other: str) -> None:
    expected = domain.check_digit(digits)
    if expected is None or digits[place] == other:
        return
    with pytest.raises(ValueError, match="is not a business id"):
        domain.valid_business_id(f"{digits[:place]}{other}{digits[place + 1 :]}-{expected}")


@pytest.mark.parametrize("text", ["", "01093579", "0109357-99", " 0109357-9", "0109357-9\n", "०१०९३५७-९", "FI01093579"])
def test_a_business_id_has_seven_digits_a_dash_and_a_digit(text: str) -> None:
    with pytest.raises(ValueError, match="seven digits, a dash and a check digit"):
        domain.valid_business_id(text)


def test_a_wrong_check_digit_is_answered_with_the_right_one() -> None:
    with pytest.raises(ValueError, match="its check digit would be 9"):
        domain.valid_business_id("0109357-8")


def test_roles_are_kept_once_and_in_one_order() -> None:
    assert domain.valid_roles(["supplier", "retailer", "supplier"]) == ("retailer", "supplier")
    with pytest.raises(ValueError, match="retailer, supplier, operator"):
        domain.valid_roles([])


@pytest.mark.parametrize(
    "text", ["a@b\r\nBcc: c@d", "a@b, c@d", "Orders <a@b>", "a", "@b", "a@", "a@b@c", "x" * 250 + "@b.fi"]
)
def test_what_is_not_one_mail_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="one mail address"):
        domain.valid_email(text)


def test_no_mail_address_means_no_mail() -> None:
    assert domain.valid_email(None) is None
    assert domain.valid_email("orders@supplier.example") == "orders@supplier.example"


def test_a_name_is_trimmed_and_has_no_line_breaks() -> None:
    assert domain.valid_name("  Äänekosken Kenkä Oy ") == "Äänekosken Kenkä Oy"
    for name in ("", "   ", "a\nb", "x" * 201):
        with pytest.raises(ValueError, match="1 to 200 printable"):
            domain.valid_name(name)


@pytest.mark.parametrize("text", ["", "a:b", "a b", "ä", "x" * 101, "a\x00"])
def test_an_account_can_be_written_into_a_basic_header(text: str) -> None:
    with pytest.raises(ValueError, match="visible ASCII"):
        domain.valid_account(text)


def test_a_secret_is_at_least_twelve_characters_long() -> None:
    assert domain.valid_secret("x" * 12) == "x" * 12
    for secret in ("x" * 11, "x" * 201, "salasana ä salasana"):
        with pytest.raises(ValueError, match="12 to 200"):
            domain.valid_secret(secret)


def test_organisations_are_written_to_in_three_languages() -> None:
    assert [domain.valid_language(language) for language in ("fi", "sv", "en")] == ["fi", "sv", "en"]
    with pytest.raises(ValueError, match="fi, sv, en"):
        domain.valid_language("FI")


def counted(minutes: list[int], limit: Limit = FIVE_AN_HOUR) -> tuple[Tries | None, list[int]]:
    """Bad tries at these minutes after noon: what is counted in the end, and which of them came during a lock."""
    counter, refused = Counter("shop", "198.51.100.7"), []
    tries: dict[Counter, Tries] = {}
    for minute in minutes:
        now = NOON + timedelta(minutes=minute)
        if domain.is_locked(tries.get(counter), now):
            refused.append(minute)
        tries |= domain.after_bad_try(tries, {counter: limit}, now)
    return tries.get(counter), refused


def test_the_fifth_bad_try_locks_for_an_hour() -> None:
    tries, refused = counted([0, 1, 2, 3, 4])
    assert tries == Tries(5, NOON, NOON + timedelta(minutes=64))
    assert refused == []
    assert domain.is_locked(tries, NOON + timedelta(minutes=63, seconds=59))
    assert not domain.is_locked(tries, NOON + timedelta(minutes=64))


def test_tries_during_a_lock_do_not_make_it_longer() -> None:
    tries, refused = counted([0, 0, 0, 0, 0, 30, 59])
    assert tries is not None
    assert tries.locked_until == NOON + HOUR
    assert refused == [30, 59]


def test_four_bad_tries_an_hour_never_lock() -> None:
    assert counted([hour * 61 + minute for hour in range(10) for minute in range(4)])[1] == []


def test_after_a_lock_counting_starts_anew() -> None:
    short = Limit(5, within=HOUR, lock=timedelta(minutes=10))
    tries, refused = counted([0, 0, 0, 0, 0, 10, 11, 12, 13], short)
    assert tries == Tries(4, NOON + timedelta(minutes=10))
    assert refused == []


@given(st.lists(st.integers(0, 20), max_size=60))
def test_locks_are_those_of_a_slow_count(pauses: list[int]) -> None:
    minutes = [sum(pauses[: place + 1]) for place in range(len(pauses))]
    first, count, locked_until, refused = 0, 0, -1, []
    for minute in minutes:
        if minute < locked_until:
            refused.append(minute)
            continue
        if count in (0, 5) or minute - first > 60:
            first, count = minute, 0
        count += 1
        if count == 5:
            locked_until = minute + 60
    assert counted(minutes)[1] == refused


@given(st.integers(1, 400))
def test_one_stranger_cannot_lock_a_shop_out(tries_of_the_stranger: int) -> None:
    counters: dict[Counter, Tries] = {}
    limits = domain.limits("shop", "203.0.113.66")
    for second in range(tries_of_the_stranger):
        counters |= domain.after_bad_try(counters, limits, NOON + timedelta(seconds=second))
    after = NOON + timedelta(seconds=tries_of_the_stranger)
    assert domain.is_locked(counters[Counter("shop", "203.0.113.66")], after) == (tries_of_the_stranger >= 5)
    assert not any(domain.is_locked(counters.get(counter), after) for counter in domain.limits("shop", "198.51.100.7"))


def test_ten_strangers_lock_a_key_for_all() -> None:
    counters: dict[Counter, Tries] = {}
    for stranger in range(10):
        for _ in range(5):
            counters |= domain.after_bad_try(counters, domain.limits("shop", f"203.0.113.{stranger}"), NOON)
    assert domain.is_locked(counters[Counter("shop", "")], NOON)


def test_a_hundred_bad_tries_make_a_source_pause_whatever_the_account() -> None:
    counters: dict[Counter, Tries] = {}
    for number in range(100):
        assert not domain.is_locked(counters.get(Counter("", "203.0.113.66")), NOON)
        counters |= domain.after_bad_try(counters, domain.limits(f"shop-{number}", "203.0.113.66"), NOON)
    assert counters[Counter("", "203.0.113.66")].locked_until == NOON + timedelta(minutes=10)


LIFE, ANNOUNCED = timedelta(days=30), timedelta(minutes=2)


def signing_key(signs_from: datetime) -> SigningKey:
    return SigningKey(f"{signs_from}", "private", "public", signs_from)


def test_the_first_key_signs_at_once() -> None:
    assert domain.next_key_signs_from([], NOON, LIFE, ANNOUNCED) == NOON


def test_no_key_signs_before_its_time() -> None:
    old, new = signing_key(NOON - LIFE), signing_key(NOON)
    assert domain.key_that_signs([], NOON) is None
    assert domain.key_that_signs([old, new], NOON - timedelta(seconds=1)) == old
    assert domain.key_that_signs([old, new], NOON) == new


@given(st.lists(st.integers(1, 60 * 24 * 20), min_size=1, max_size=60))
def test_keys_follow_each_other_without_a_gap_and_each_is_announced_before_it_signs(pauses: list[int]) -> None:
    """However seldom anybody looks, some key signs, keys are made one at a time, and none signs unannounced."""
    now, keys = NOON, [signing_key(NOON)]
    for pause in pauses:
        now += timedelta(minutes=pause)
        signs_from = domain.next_key_signs_from(keys, now, LIFE, ANNOUNCED)
        newest = keys[-1].signs_from
        if signs_from is None:
            assert now < newest + LIFE
        else:
            assert signs_from == now + ANNOUNCED
            assert now >= newest + LIFE
            keys.append(signing_key(signs_from))
            assert domain.next_key_signs_from(keys, now, LIFE, ANNOUNCED) is None
        signs = domain.key_that_signs(keys, now)
        assert signs is not None
        assert signs.signs_from <= now
