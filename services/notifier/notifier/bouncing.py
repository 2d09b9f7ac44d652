"""Mails that came back: delivery status notifications (RFC 3464), read from the mailbox of our sender.

Anybody may write to that mailbox, so a notification only adds a line to the log and to the feed; nobody loses an
address by it. It counts when it names a Message-ID of ours and a recipient of that mail. Where there is a key to sign
with, only who has the mail knows its Message-ID; without one, also who knows the shipment, such as its retailer.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message
from uuid import NAMESPACE_URL, UUID, uuid5

from notifier import domain, message_ids, refusals, store
from notifier.feed import store as feed
from notifier.feed import telling
from notifier.feed.telling import Entry
from notifier.store import Bounced
from shared.postgres import Database, Record, Transaction

AT_ONCE = 500

_MESSAGE_ID = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[a-z0-9.-]+@[^<>\s]+>", re.IGNORECASE)
_STATUS = re.compile(r"5\.\d{1,3}\.\d{1,3}")
_ADDRESS = re.compile(r"<?([^<>\s;]+@[^<>\s;]+?)>?\s*\Z")


@dataclass(frozen=True)
class Failed:
    """A mail that could not be delivered to addresses, of which the first known one counts: with which status (5.1.1),
    and what the mail server said."""

    message_id: str
    emails: tuple[str, ...]
    status: str
    answer: str


def read(content: bytes) -> list[Failed]:
    """What a message says could not be delivered for good; nothing of a delay, and of what is no notification of
    ours.
    """
    message = message_from_bytes(content, policy=policy.compat32)
    message_id = _message_id(message)
    if message_id is None:
        return []
    return [
        failed
        for part in message.walk()
        if part.get_content_type() == "message/delivery-status"
        for fields in _groups(part)
        for failed in _failed(fields, message_id)
    ]


async def note(database: Database, failed: Sequence[Failed]) -> int:
    """Note in the delivery logs what came back, and tell the organisations in their feeds; how much of it is new."""
    count = 0
    for begin in range(0, len(failed), AT_ONCE):
        async with database.transaction() as tx:
            count += await _note(tx, failed[begin : begin + AT_ONCE])
    return count


async def _note(tx: Transaction, failed: Sequence[Failed]) -> int:
    mails = {row["message_id"]: row for row in await store.bounced_mails(tx, {_about(one) for one in failed})}
    # Of a mail and an address it is noted once.
    found: dict[tuple[int, str], tuple[Record, Failed]] = {}
    for one in failed:
        mail = mails.get(one.message_id)
        email = None if mail is None else _recipient(mail, one)
        if mail is not None and email is not None:
            found.setdefault((mail["id"], email), (mail, one))
    if not found:
        return 0
    now = await tx.now()
    fresh = await store.save_bounces(
        tx,
        [
            Bounced(id_, mail["recipient_id"], email, one.status, one.answer)
            for (id_, email), (mail, one) in found.items()
        ],
    )
    await feed.save_events(
        tx, [entry for (_, email), (mail, _) in found.items() for entry in _entries(mail, email, now)]
    )
    return fresh


def _message_id(message: Message) -> str | None:
    """The Message-ID of the mail that came back: in the part that quotes it, or else in what the notification refers
    to.
    """
    texts = [*_quoted(message), *(str(message.get(name, "")) for name in ("In-Reply-To", "References"))]
    return next((found[0] for text in texts if (found := _MESSAGE_ID.search(text)) is not None), None)


def _quoted(message: Message) -> Iterator[str]:
    """What mails that a message quotes, whole or their headers, say of themselves.

    They are not written out again: what came back may be in any encoding, or in none.
    """
    for part in message.walk():
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(payload, list):
            yield from (str(mail.get("Message-ID", "")) for mail in payload if isinstance(mail, Message))
        elif part.get_content_type() == "text/rfc822-headers":
            yield (
                headers.decode("ascii", "replace")
                if isinstance(headers := part.get_payload(decode=True), bytes)
                else ""
            )


def _groups(part: Message) -> Iterator[Message]:
    """The fields of each recipient, and those of the message, which name none."""
    parts = part.get_payload()
    return (fields for fields in (parts if isinstance(parts, list) else []) if isinstance(fields, Message))


def _failed(fields: Message, message_id: str) -> Iterator[Failed]:
    status = _STATUS.search(str(fields.get("Status", "")))
    if str(fields.get("Action", "")).strip().lower() != "failed" or status is None:
        return
    # Who forwards a mail names the address that was not ours, beside the one that was.
    named = [_ADDRESS.search(str(fields.get(name, ""))) for name in ("Original-Recipient", "Final-Recipient")]
    answer = str(fields.get("Diagnostic-Code", "")).partition(";")[2] or str(fields.get("Status"))
    emails = tuple(email[1] for email in named if email is not None)
    yield Failed(message_id, emails, status[0], domain.one_line(answer, domain.MAX_ANSWER))


def _about(failed: Failed) -> UUID:
    """What the mail was about: the first part of its Message-ID."""
    return UUID(failed.message_id.strip("<>").partition(".")[0])


def _recipient(mail: Record, failed: Failed) -> str | None:
    """Which recipient of a mail is meant; the only one, when it is forwarded to somebody else and the Message-ID proves
    that it was.
    """
    known = {email.casefold(): email for email in mail["recipients"]}
    named = next((known[email.casefold()] for email in failed.emails if email.casefold() in known), None)
    proven = len(known) == 1 and message_ids.is_secret(mail["message_id"])
    return mail["recipients"][0] if named is None and proven else named


def _entries(mail: Record, email: str, at: datetime) -> Iterator[Entry]:
    refusal = telling.Refusal(
        organisation=mail["recipient_id"],
        mail_id=mail["id"],
        name=f"bounced_{uuid5(NAMESPACE_URL, email.casefold())}",
        kind=mail["kind"],
        message_id=mail["message_id"],
        shipment_id=mail["shipment_id"] if mail["kind"] in refusals.WITH_SHIPMENT else None,
        order_external_id=mail["order_external_id"],
        recipients=1,
        bounced=True,
        at=at,
    )
    yield from telling.mail_refused(refusal)
