"""Numbers, moments, texts and pages, as they are read and answered."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.datastructures import URL

from shared import problems, wire


class Thing(wire.WireModel):
    """One of each."""

    number: wire.Number | None = None
    moment: wire.Moment | None = None
    text: wire.Text = None


@pytest.mark.parametrize(
    ("number", "written"), [("3", "3"), ("3.000000", "3"), ("2.50", "2.5"), ("0.000001", "1e-6"), ("-1.5", "-1.5")]
)
def test_a_number_is_answered_as_short_as_it_can_be(number: str, written: str) -> None:
    assert Thing(number=Decimal(number)).model_dump_json(exclude_none=True) == f'{{"number":{written}}}'


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-02T08:00:00.000Z", datetime(2026, 1, 2, 8, tzinfo=UTC)),
        ("2026-01-02T08:00:00", datetime(2026, 1, 2, 8, tzinfo=UTC)),
        ("2026-01-02 08:00:00", datetime(2026, 1, 2, 8, tzinfo=UTC)),
        ("2026-01-02T10:00:00+02:00", datetime(2026, 1, 2, 8, tzinfo=UTC)),
        ("2026-01-02T10:00:00 02:00", datetime(2026, 1, 2, 8, tzinfo=UTC)),
        ("2026-01-02T10:00:00.123+0200", datetime(2026, 1, 2, 8, 0, 0, 123_000, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_with_any_offset_or_none(written: str, meant: datetime) -> None:
    assert Thing.model_validate({"moment": written}).moment == meant


@pytest.mark.parametrize("written", ["", "soon", 1767340800, True, "2026-13-01T00:00:00Z", "25:00"])
def test_what_is_no_moment_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        Thing.model_validate({"moment": written})


@pytest.mark.parametrize(
    "written",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59Z",
        "1900-01-01T00:00:00+02:00",
        "1899-12-31T23:59:59",
        "2201-01-01T00:00:00Z",
    ],
)
def test_a_moment_that_no_time_zone_can_show_is_refused_with_the_years_that_are_taken(written: str) -> None:
    with pytest.raises(ValidationError, match="is a date and time in the years 1900 to 2200"):
        Thing.model_validate({"moment": written})


def test_a_moment_is_kept_in_utc_whatever_offset_it_came_with() -> None:
    moment = Thing.model_validate({"moment": "1900-01-01T00:00:00-01:00"}).moment
    assert (moment, moment and moment.tzinfo) == (datetime(1900, 1, 1, 1, tzinfo=UTC), UTC)


ZONES = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-8))])


@given(st.datetimes(datetime(1901, 1, 1), datetime(2199, 12, 31), timezones=ZONES))  # noqa: DTZ001 - zones are drawn
def test_a_moment_is_answered_in_zulu_time_to_the_millisecond(moment: datetime) -> None:
    written = problems.timestamp(moment)
    assert written.endswith("Z")
    read = Thing.model_validate({"moment": written}).moment
    assert read is not None
    assert timedelta(0) <= moment - read < timedelta(milliseconds=1)


def test_an_empty_text_counts_as_not_given() -> None:
    assert Thing.model_validate({"text": ""}).text is None
    assert Thing.model_validate({"text": "x"}).text == "x"
    assert wire.answer(Thing(text="x")).body == b'{"text":"x"}'


def page(total: int, number: int, size: int) -> wire.Page[int]:
    asked = wire.PageRequest(number, size)
    return wire.page_of([], total, asked, URL("http://sluice.test/v3/things?role=supplier"))


@given(st.integers(0, 10_000), st.integers(1, 2_000))
def test_pages_cover_a_list_exactly(total: int, size: int) -> None:
    pages = page(total, 0, size).page.total_pages
    assert (pages - 1) * size < total <= pages * size or total == pages == 0


def test_a_page_links_to_its_neighbours() -> None:
    middle = {link.rel: link.href for link in page(5, 1, 2).links}
    assert middle == {
        "prev": "/v3/things?role=supplier&page=0&size=2",
        "next": "/v3/things?role=supplier&page=2&size=2",
    }
    assert [link.rel for link in page(5, 0, 2).links] == ["next"]
    assert [link.rel for link in page(5, 2, 2).links] == ["prev"]
    assert page(0, 0, 2).links == ()


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (("rows", 0, "quantity"), "rows[0].quantity"),
        (("consignment", "parcels", 0, "rows", 12, "id"), "consignment.parcels[0].rows[12].id"),
        ((3, "name"), "[3].name"),
        ((), ""),
    ],
)
def test_a_place_is_named_as_the_client_wrote_it(location: tuple[int | str, ...], path: str) -> None:
    assert problems.path_of(location) == path


def test_a_refusal_says_the_first_errors_and_carries_all() -> None:
    refusal = problems.invalid(problems.FieldError(f"rows[{n}]", "missing", "is required") for n in range(7))
    assert refusal.status == 400
    assert refusal.message.count("is required") == 5
    assert len(refusal.errors) == 7
