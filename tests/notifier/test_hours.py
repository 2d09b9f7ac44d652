"""When mails go: full hours, days and quiet hours, where an organisation is."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier import hours
from notifier.hours import INSTANT, Quiet, Timing

HELSINKI = "Europe/Helsinki"
NIGHT = Quiet(time(20), time(7))
DAILY = Timing("daily", 8)

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)
moments = st.floats(0, (LAST - FIRST).total_seconds()).map(lambda seconds: FIRST + timedelta(seconds=seconds))
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
zones = st.sampled_from([HELSINKI, "UTC", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"])
timings = st.one_of(st.just(INSTANT), st.just(Timing("hourly")), st.integers(0, 23).map(lambda h: Timing("daily", h)))


def here(text: str, zone: str = HELSINKI) -> datetime:
    """A moment as clocks show it there."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("timing", "quiet", "at", "due"),
    [
        (INSTANT, None, "2026-07-01T12:34:56", "2026-07-01T12:34:56"),
        (INSTANT, NIGHT, "2026-07-01T12:34:56", "2026-07-01T12:34:56"),
        (INSTANT, NIGHT, "2026-07-01T20:00:00", "2026-07-02T07:00:00"),
        (INSTANT, NIGHT, "2026-07-02T06:59:59", "2026-07-02T07:00:00"),
        (INSTANT, NIGHT, "2026-07-02T07:00:00", "2026-07-02T07:00:00"),
        (Timing("hourly"), None, "2026-07-01T12:34:56", "2026-07-01T13:00:00"),
        (Timing("hourly"), NIGHT, "2026-07-01T19:30:00", "2026-07-02T07:00:00"),
        (DAILY, None, "2026-07-01T07:59:59", "2026-07-01T08:00:00"),
        (DAILY, None, "2026-07-01T08:00:00", "2026-07-02T08:00:00"),
        # The clocks go forward in this night, and back in the next one.
        (DAILY, None, "2026-03-28T09:00:00", "2026-03-29T08:00:00"),
        (DAILY, NIGHT, "2026-10-24T21:00:00", "2026-10-25T08:00:00"),
    ],
)
def test_a_mail_goes_when_it_is_wanted_and_not_in_quiet_hours(
    timing: Timing, quiet: Quiet | None, at: str, due: str
) -> None:
    assert hours.due(timing, quiet, HELSINKI, here(at)) == here(due)


@given(timings, clocks, clocks, zones, moments)
def test_whatever_the_clocks_do_a_mail_goes_within_two_days_and_never_in_quiet_hours(
    timing: Timing, begin: time, end: time, zone: str, at: datetime
) -> None:
    quiet = Quiet(begin, end)
    due = hours.due(timing, quiet, zone, at)
    assert at <= due <= at + timedelta(hours=50)
    assert not quiet.holds(due.astimezone(ZoneInfo(zone)).time())
    assert hours.due(timing, None, zone, at) <= due


@given(zones, moments)
def test_the_weekly_summary_comes_on_the_next_monday_morning(zone: str, at: datetime) -> None:
    due = hours.next_summary(zone, at)
    clock = due.astimezone(ZoneInfo(zone))
    assert at < due <= at + timedelta(days=7, hours=1)
    assert (clock.weekday(), clock.hour, clock.minute) == (0, 8, 0)
