"""A folder of mails, one .eml file each, named so that their names sort as they came."""

import email
import email.policy
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

_ID = re.compile(r"\d{20}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Summary:
    """A mail as a list shows it. `recipients` are those of the envelope, whom the server was told to deliver to."""

    id: str
    received: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str


@dataclass(frozen=True)
class Mail:
    """A mail as a person reads it: headers as written, the parts decoded, attachments by name and size in bytes."""

    summary: Summary
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    attachments: tuple[tuple[str, int], ...]


class Mailbox:
    """The mails in `folder`, which is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> str:
        """Keep a mail under a new id, which it returns; the envelope goes on top, as at any last stop (RFC 5321, 4.4).

        Raises OSError if it cannot be written; then nothing of it is there.
        """
        mail_id = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {recipient}" for recipient in recipients)]
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{mail_id}.part"
        try:
            draft.write_bytes("".join(f"{line}\r\n" for line in envelope).encode() + content)
            draft.rename(self._folder / f"{mail_id}.eml")
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        return mail_id

    def newest(self, limit: int, before: str = "") -> list[Summary]:
        """At most `limit` mails, newest first; with `before`, those older than the mail of that id."""
        ids = (path.stem for path in self._folder.glob("*.eml"))
        wanted = sorted((i for i in ids if _ID.fullmatch(i) and (not before or i < before)), reverse=True)
        return [_summary(mail_id, _parse(self._path(mail_id).read_bytes())) for mail_id in wanted[:limit]]

    def count(self) -> int:
        """How many mails there are."""
        return sum(1 for _ in self._folder.glob("*.eml"))

    def raw(self, mail_id: str) -> bytes | None:
        """The mail's bytes, envelope on top; None if there is no such mail."""
        if not _ID.fullmatch(mail_id):
            return None
        try:
            return self._path(mail_id).read_bytes()
        except FileNotFoundError:
            return None

    def read(self, mail_id: str) -> Mail | None:
        """The mail, decoded; None if there is no such mail."""
        content = self.raw(mail_id)
        if content is None:
            return None
        message = _parse(content)
        return Mail(
            summary=_summary(mail_id, message),
            headers=tuple(_headers(message)),
            text=_part(message, "plain"),
            html=_part(message, "html"),
            attachments=tuple(
                (part.get_filename() or part.get_content_type(), len(part.get_payload(decode=True) or b""))
                for part in message.iter_attachments()
            ),
        )

    def _path(self, mail_id: str) -> Path:
        return self._folder / f"{mail_id}.eml"


def _parse(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=email.policy.default)


def _summary(mail_id: str, message: EmailMessage) -> Summary:
    headers = list(_headers(message))

    def first(name: str) -> str:
        return next((value for key, value in headers if key.lower() == name), "")

    return Summary(
        id=mail_id,
        received=datetime.fromtimestamp(int(mail_id.split("-")[0]) / 1e9, UTC),
        sender=first("from"),
        recipients=tuple(value for key, value in headers if key.lower() == "delivered-to"),
        subject=first("subject"),
        message_id=first("message-id"),
    )


def _headers(message: EmailMessage) -> Iterator[tuple[str, str]]:
    """The headers in their order, decoded; as they were sent where they cannot be decoded."""
    for name, value in message.raw_items():
        try:
            yield name, str(message.policy.header_fetch_parse(name, value))
        except Exception:  # The parser has a different one for every way of being wrong, and a sink shows them all.
            yield name, value.encode(errors="surrogateescape").decode(errors="replace")


def _part(message: EmailMessage, subtype: str) -> str:
    """The text of the body that is text/`subtype`, as far as it can be read; empty if there is none."""
    part = message.get_body((subtype,))
    if part is None:
        return ""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        text = content.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:
        text = content.decode(errors="replace")
    return text.replace("\r\n", "\n")
