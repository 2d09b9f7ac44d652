"""Telling organisations in their feeds that mails to them were refused."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from notifier import choosing, domain
from notifier.feed import telling
from notifier.feed.telling import Entry, Refusal
from notifier.store import Tried

WITH_SHIPMENT = frozenset({domain.NEW_SHIPMENT, domain.REMINDER, domain.CANCELLED})
"""The kinds of mails that are about a shipment."""


def is_refused(tried: Tried) -> bool:
    """Whether a mail will not reach all it is for: it is tried no more, and somebody has not got it."""
    return tried.verdict.state in ("sent", "refused") and bool(_without_it(tried))


def told_of(refused: Iterable[Tried], at: datetime) -> Iterator[Entry]:
    """The events of mails that were refused, of each mail the same however often it is told."""
    for tried in refused:
        mail = tried.mail
        kind = choosing.kind_of(mail.kind)
        refusal = Refusal(
            organisation=mail.recipient_id,
            mail_id=mail.id,
            name="refused",
            kind=kind,
            message_id=mail.message_id,
            shipment_id=mail.shipment_id if kind in WITH_SHIPMENT else None,
            order_external_id=mail.order_external_id,
            recipients=len(_without_it(tried)),
            bounced=False,
            at=at,
        )
        yield from telling.mail_refused(refusal)


def _without_it(tried: Tried) -> list[str]:
    return [email for email in tried.mail.recipients if email not in tried.verdict.reached]
