"""Who is told what, and when: from what the addresses of an organisation have chosen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notifier import domain, hours
from notifier.domain import USUAL_CHOICE, Choice, Contact, Kind
from notifier.hours import INSTANT, Timing

AT_ONCE = frozenset({domain.WEBHOOK_PAUSED, domain.WEEKLY_SUMMARY})
"""What waits for no digest: it would be a digest of its own."""

ELSEWHERE = ">"
"""An address behind this sign, which no address has in it, gets another mail about the same."""


@dataclass(frozen=True)
class Batch:
    """Addresses that are told at the same time; no address: whoever wants it when it goes. `due` None is now.

    The first batch also names those of the others, behind `ELSEWHERE`, so that nobody is told twice. `suffix` is added
    to the kind of the mail: each batch but the first has one of its own.
    """

    timing: Timing
    due: datetime | None
    audience: tuple[str, ...] = ()
    suffix: str = ""


def is_first(named: str) -> bool:
    """Whether a mail is the first of its kind about something: those whom it is for want it the soonest."""
    return "/" not in named


def kind_of(named: str) -> str:
    """The kind of a mail without the timing of those whom it is for: `new-shipment/daily-8` is `new-shipment`."""
    return named.partition("/")[0]


def wanting(contact: Contact, kind: str) -> list[str]:
    """The addresses that want mails of a kind.

    A digest is for those who want anything that may stand in one. Without new shipments nobody is reminded of one
    either, and only who has chosen that by itself hears of cancelled ones. That a webhook was paused is told to all
    when nobody has chosen it: nobody else would notice.
    """
    if kind == domain.DIGEST:
        some = {email for told in domain.KINDS if told not in AT_ONCE for email in wanting(contact, told)}
        return [email for email in contact.emails if email in some]
    if kind in domain.ABOUT_NEW and not contact.new_shipment:
        return []
    found = [email for email in contact.emails if kind in _choice(contact, email).kinds]
    if kind == domain.CANCELLED and not contact.new_shipment:
        found = [email for email in found if domain.NEW_SHIPMENT not in _choice(contact, email).kinds]
    return list(contact.emails) if kind == domain.WEBHOOK_PAUSED and not found else found


def wish(contact: Contact, kind: str) -> domain.Wish:
    """A mail waits for a contact not yet known, and is sent only to one with an address that wants it."""
    if not contact.known:
        return "waiting"
    return "pending" if wanting(contact, kind) else "not wanted"


def wishes(contacts: Mapping[str, Contact]) -> dict[tuple[str, str], domain.State]:
    """What becomes of mails that waited for contacts, by organisation and kind."""
    return {(id_, kind): wish(contact, kind) for id_, contact in contacts.items() for kind in domain.KINDS}


def batches(contact: Contact, kind: Kind, retailer_id: str, at: datetime) -> list[Batch]:
    """When a mail goes, and to whom: the soonest first. One batch as long as all who want it want it at one time."""
    paces: dict[Timing, list[str]] = {}
    for email in wanting(contact, kind):
        paces.setdefault(_timing(contact, email, kind, retailer_id), []).append(email)
    if not paces:
        return [Batch(INSTANT, None)]
    found = sorted(
        ((hours.due(timing, contact.quiet, contact.time_zone, at), timing.name, timing) for timing in paces),
        key=lambda one: (one[2] != INSTANT, one[0], one[1]),
    )
    first, *further = (
        Batch(timing, None if due == at else due, tuple(paces[timing]), f"/{name}") for due, name, timing in found
    )
    elsewhere = tuple(f"{ELSEWHERE}{email}" for batch in further for email in batch.audience)
    alone = not further and first.timing == INSTANT
    return [replace(first, audience=() if alone else first.audience + elsewhere, suffix=""), *further]


def recipients(contact: Contact, named: str, audience: Sequence[str]) -> list[str]:
    """Who gets a mail of a kind that is to go now.

    Of those it was meant for who still want it. If nobody is left of those for whom the first mail of its kind was
    meant, whoever wants it now and has no other mail about it, for somebody has to hear of it. However an address was
    written then, it is the same mailbox.
    """
    want = wanting(contact, kind_of(named))
    planned = {email.casefold() for email in audience}
    meant = [email for email in want if not audience or email.casefold() in planned]
    if meant or not is_first(named):
        return meant
    return [email for email in want if f"{ELSEWHERE}{email}".casefold() not in planned]


def readers(contact: Contact, named: str, audience: Sequence[str], kinds: Iterable[str]) -> dict[str, list[str]]:
    """Who is told what of a digest now, by the kind of what it carries: each goes to whom it would go to by itself."""
    suffix = named.removeprefix(domain.DIGEST)
    return {kind: recipients(contact, f"{kind}{suffix}", audience) for kind in kinds}


def quiet_s(contact: Contact, at: datetime) -> float:
    """For how many seconds from a moment nothing is to be sent."""
    return (hours.calm(at, contact.quiet, contact.time_zone) - at).total_seconds()


def may_be_left(contact: Contact, email: str, kinds: Sequence[str]) -> list[str]:
    """Which of these kinds an address need not want any more.

    Somebody at an organisation hears of new shipments, and of those that wait for an answer, as long as it wants that
    at all: the last address for it cannot leave by a link in a mail.
    """
    return [
        kind
        for kind in kinds
        if kind not in domain.ABOUT_NEW or any(other != email for other in wanting(contact, kind))
    ]


def without(contact: Contact, email: str, kinds: Sequence[str]) -> Choice | None:
    """What an address wants once it has left those of these kinds that may be left; None when it may leave none."""
    left = may_be_left(contact, email, kinds)
    if not left:
        return None
    chosen = _choice(contact, email)
    return replace(chosen, kinds=frozenset(kind for kind in chosen.kinds if kind not in left))


def may_leave(contact: Contact, email: str, kind: str) -> bool:
    """Whether an address may leave a kind of mails by a link in them."""
    return kind != domain.WEBHOOK_PAUSED and without(contact, email, [kind]) is not None


def attaches(contact: Contact, email: str, kind: str) -> bool:
    """Whether an address wants the papers that a mail of a kind is about attached to it."""
    return kind == domain.PAPERS or (kind == domain.NEW_SHIPMENT and _choice(contact, email).attach_note)


def _choice(contact: Contact, email: str) -> Choice:
    return contact.choices.get(email, USUAL_CHOICE)


def _timing(contact: Contact, email: str, kind: str, retailer_id: str) -> Timing:
    chosen = _choice(contact, email)
    return INSTANT if kind in AT_ONCE else chosen.retailers.get(retailer_id, chosen.timing)
