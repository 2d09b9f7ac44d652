"""Who is told what: from what addresses have chosen."""

from datetime import UTC, datetime, time
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from notifier import choosing, domain
from notifier.domain import USUAL, Choice, Contact
from notifier.hours import INSTANT, Quiet, Timing

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
SHOP, OTHER_SHOP = "1234567-1", "7654321-2"
HOURLY, DAILY = Timing("hourly"), Timing("daily", 8)
EMAILS = ("a@x.fi", "b@x.fi", "c@x.fi")

timings = st.sampled_from([INSTANT, HOURLY, DAILY, Timing("daily", 15)])
choices = st.builds(
    Choice,
    st.frozensets(st.sampled_from(domain.KINDS)),
    timings,
    st.dictionaries(st.sampled_from([SHOP, OTHER_SHOP]), timings),
)
contacts = st.builds(
    Contact,
    known=st.just(True),
    emails=st.sets(st.sampled_from(EMAILS)).map(sorted),
    new_shipment=st.booleans(),
    choices=st.dictionaries(st.sampled_from(EMAILS), choices),
    quiet=st.none() | st.just(Quiet(time(20), time(7))),
)
kinds = st.sampled_from(domain.KINDS)


def contact(**chosen: Choice) -> Contact:
    """A contact of addresses that have chosen, by what comes before the @."""
    return Contact(
        True, tuple(f"{name}@x.fi" for name in chosen), True, {f"{name}@x.fi": one for name, one in chosen.items()}
    )


def told(found: list[choosing.Batch]) -> list[tuple[str, tuple[str, ...], str]]:
    return [(batch.timing.name, batch.audience, batch.suffix) for batch in found]


def test_addresses_that_want_it_at_one_time_get_one_mail() -> None:
    assert told(choosing.batches(contact(a=Choice(), b=Choice()), "new-shipment", SHOP, NOW)) == [("instant", (), "")]


def test_addresses_that_want_it_at_several_times_get_a_mail_each_and_only_the_first_has_the_plain_kind() -> None:
    both = contact(a=Choice(timing=DAILY), b=Choice(), c=Choice(timing=HOURLY))
    found = choosing.batches(both, "new-shipment", SHOP, NOW)
    assert told(found) == [
        ("instant", ("b@x.fi", ">c@x.fi", ">a@x.fi"), ""),
        ("hourly", ("c@x.fi",), "/hourly"),
        ("daily-8", ("a@x.fi",), "/daily-8"),
    ]
    assert found[0].due is None


def test_a_retailer_may_have_a_timing_of_its_own() -> None:
    one = contact(a=Choice(timing=DAILY, retailers={SHOP: INSTANT}))
    assert told(choosing.batches(one, "new-shipment", SHOP, NOW)) == [("instant", (), "")]
    assert told(choosing.batches(one, "new-shipment", OTHER_SHOP, NOW)) == [("daily-8", ("a@x.fi",), "")]


@given(contacts, kinds)
def test_who_wants_a_mail_gets_it_in_exactly_one_batch(whose: Contact, kind: domain.Kind) -> None:
    found = choosing.batches(whose, kind, SHOP, NOW)
    got = [choosing.recipients(whose, f"{kind}{batch.suffix}", batch.audience) for batch in found]
    assert sorted(chain.from_iterable(got)) == sorted(choosing.wanting(whose, kind))
    assert [batch.suffix for batch in found].count("") == 1
    assert len({batch.suffix for batch in found}) == len(found)


@given(contacts, contacts, kinds)
def test_a_mail_goes_to_nobody_who_does_not_want_it_when_it_goes_and_somebody_hears_of_it(
    then: Contact, now: Contact, kind: domain.Kind
) -> None:
    found = choosing.batches(then, kind, SHOP, NOW)
    got = [*chain.from_iterable(choosing.recipients(now, f"{kind}{b.suffix}", b.audience) for b in found)]
    want = set(choosing.wanting(now, kind))
    assert set(got) <= want
    assert len(got) == len(set(got))
    assert bool(got) == bool(want)


@given(contacts, st.sampled_from(EMAILS), kinds)
def test_who_leaves_gets_no_more_of_it_and_the_last_who_hears_of_new_shipments_cannot_leave(
    whose: Contact, email: str, kind: domain.Kind
) -> None:
    left = choosing.without(whose, email, [kind])
    if left is None:
        assert kind in domain.ABOUT_NEW
        assert set(choosing.wanting(whose, kind)) <= {email}
        return
    after = Contact(True, whose.emails, whose.new_shipment, {**whose.choices, email: left}, whose.quiet)
    if kind != domain.WEBHOOK_PAUSED:
        assert email not in choosing.wanting(after, kind)
    for other in USUAL - {kind, domain.WEBHOOK_PAUSED}:
        assert choosing.wanting(after, other) == choosing.wanting(whose, other)


def test_a_mail_about_a_paused_webhook_is_never_left_by_a_link() -> None:
    assert not choosing.may_leave(contact(a=Choice(), b=Choice()), "a@x.fi", domain.WEBHOOK_PAUSED)
    assert choosing.may_leave(contact(a=Choice(), b=Choice()), "a@x.fi", domain.NEW_SHIPMENT)
    assert not choosing.may_leave(contact(a=Choice()), "a@x.fi", domain.NEW_SHIPMENT)
