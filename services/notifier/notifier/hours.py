"""When a mail may go: at once, with others at the next full hour, or once a day; and never in an organisation's quiet
hours.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Pace = Literal["instant", "hourly", "daily"]

SUMMARY_HOUR = 8
_MONDAY = 0


@dataclass(frozen=True)
class Timing:
    """How soon somebody wants to be told. `hour` of the day, 0 to 23, counts for what comes daily."""

    pace: Pace = "instant"
    hour: int = 8

    @property
    def name(self) -> str:
        """What tells it from others: `instant`, `hourly`, `daily-8`."""
        return f"daily-{self.hour}" if self.pace == "daily" else self.pace


INSTANT = Timing()


@dataclass(frozen=True)
class Quiet:
    """From when until when of every day nothing is sent; past midnight when the end comes before the beginning."""

    begin: time
    end: time

    def holds(self, at: time) -> bool:
        """Whether it is quiet at a time of the day. When both are the same it never is."""
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


def due(timing: Timing, quiet: Quiet | None, zone: str, at: datetime) -> datetime:
    """When a mail goes of which was heard at a moment: at the time that was chosen, or when quiet hours end after
    it.
    """
    return calm(_chosen(timing, ZoneInfo(zone), at), quiet, zone)


def calm(at: datetime, quiet: Quiet | None, zone: str) -> datetime:
    """The first moment that is not quiet, from this one on."""
    if quiet is None:
        return at
    here = at.astimezone(ZoneInfo(zone))
    if not quiet.holds(here.time()):
        return at
    # In autumn an hour comes twice, and quiet hours that end in it end both times.
    ends = (_at(here + timedelta(days=day), quiet.end.replace(fold=fold)) for day in (0, 1) for fold in (0, 1))
    return next(end for end in ends if end > at)


def next_summary(zone: str, at: datetime) -> datetime:
    """The next Monday morning after a moment."""
    here = at.astimezone(ZoneInfo(zone))
    monday = here + timedelta(days=(_MONDAY - here.weekday()) % 7)
    morning = _at(monday, time(SUMMARY_HOUR))
    return morning if morning > at else _at(monday + timedelta(days=7), time(SUMMARY_HOUR))


def _chosen(timing: Timing, zone: ZoneInfo, at: datetime) -> datetime:
    if timing.pace == "instant":
        return at
    here = at.astimezone(zone)
    if timing.pace == "hourly":
        past = timedelta(minutes=here.minute, seconds=here.second, microseconds=here.microsecond)
        # Counted on from the moment, not on the clock, which may be set back or forward within the hour.
        return at.astimezone(UTC) - past + timedelta(hours=1)
    today = _at(here, time(timing.hour))
    return today if today > at else _at(here + timedelta(days=1), time(timing.hour))


def _at(day: datetime, clock: time) -> datetime:
    """A time of a day where that day is; one that the clocks leave out in spring is as much later as they jump."""
    return datetime.combine(day.date(), clock, day.tzinfo).astimezone(UTC)
