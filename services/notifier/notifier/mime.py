"""A mail's bytes from its parts: quick, always the same, and only ASCII (RFC 5322, 2045, 2047).

Old servers break eight-bit text, and a signature on the way would break with it.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

LONGEST_LINE = 76
_WORD, _WORD_BYTES = "=?utf-8?b?{}?=", 45
_POLICY = SMTP.clone(cte_type="7bit")
_HEADERS = HeaderRegistry()


@dataclass(frozen=True)
class Headers:
    """What stands over a mail. `subject` is one line without control characters, `message_id` and `language` ours.

    `leave` is the address by which its only recipient gets no more of such mails (RFC 2369, and RFC 8058 over https).
    """

    sender: Address
    recipients: tuple[str, ...]
    subject: str
    written_at: datetime
    message_id: str
    language: str
    leave: str | None = None


@dataclass(frozen=True)
class Attachment:
    """A PDF that comes with a mail. Its name is one line without quotation marks and backslashes."""

    name: str
    content: bytes


def mail(headers: Headers, text: str, html: str, boundary: str, attachments: Sequence[Attachment] = ()) -> bytes:
    """A mail that says the same as text and as HTML. `boundary` begins with `=_`, which the parts never hold."""
    said = b"".join(
        (
            f"\r\n--{boundary}\r\n".encode("ascii"),
            _part("plain", text),
            f"\r\n--{boundary}\r\n".encode("ascii"),
            _part("html", html),
            f"\r\n--{boundary}--\r\n".encode("ascii"),
        )
    )
    alternative = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n'
    if not attachments:
        return _headers(headers, alternative) + said
    # Neither boundary begins with the other.
    around = f"=_all{boundary}"
    return b"".join(
        (
            _headers(headers, f'Content-Type: multipart/mixed; boundary="{around}"\r\n'),
            f"\r\n--{around}\r\n{alternative}".encode("ascii"),
            said,
            *(f"\r\n--{around}\r\n".encode("ascii") + _attached(attachment) for attachment in attachments),
            f"\r\n--{around}--\r\n".encode("ascii"),
        )
    )


def _headers(headers: Headers, content_type: str) -> bytes:
    return b"".join(
        (
            _header_of_sender(headers.sender.display_name, headers.sender.addr_spec),
            _header_of_recipients(headers.recipients),
            f"Subject: {encoded(headers.subject, LONGEST_LINE - len('Subject: '))}\r\n"
            f"Date: {format_datetime(headers.written_at)}\r\n"
            f"Message-ID: {headers.message_id}\r\n"
            f"{_leaving(headers.leave)}"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            f"{content_type}"
            f"Content-Language: {headers.language}\r\n".encode("ascii"),
        )
    )


def encoded(text: str, room: int) -> str:
    """One line of text as a header's value: as it is when it is plain ASCII and has room, else in encoded words."""
    if text.isascii() and len(text) <= room and "=?" not in text:
        return text
    words, part, size = [], "", 0
    for sign in text:
        taken = len(sign.encode())
        if size + taken > _WORD_BYTES:
            words.append(part)
            part, size = "", 0
        part += sign
        size += taken
    # A receiver puts adjacent words together without the line ends between them.
    return "\r\n ".join(_WORD.format(binascii.b2a_base64(w.encode(), newline=False).decode()) for w in [*words, part])


def _part(subtype: str, text: str) -> bytes:
    body = binascii.b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'.encode()
        + body
    )


def _attached(attachment: Attachment) -> bytes:
    name = attachment.name
    # RFC 2231 for a name that is not plain; in one line, which is shorter than any server breaks.
    called = f'="{name}"' if name.isascii() else f"*=utf-8''{quote(name, safe='')}"
    return (
        "Content-Type: application/pdf\r\n"
        f"Content-Disposition: attachment;\r\n filename{called}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n".encode("ascii")
        + base64.encodebytes(attachment.content).replace(b"\n", b"\r\n").removesuffix(b"\r\n")
    )


def _leaving(address: str | None) -> str:
    if address is None:
        return ""
    one_click = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" if address.startswith("https://") else ""
    # In one line, however long: what reads this header is often less than a parser.
    return f"List-Unsubscribe: <{address}>\r\n{one_click}"


@lru_cache(maxsize=64)
def _header_of_sender(name: str, address: str) -> bytes:
    return _folded("From", [Address(name, addr_spec=address)])


@lru_cache(maxsize=4_096)
def _header_of_recipients(recipients: tuple[str, ...]) -> bytes:
    return _folded("To", [Address(addr_spec=recipient) for recipient in recipients])


def _folded(name: str, addresses: Sequence[Address]) -> bytes:
    """An address header. Raises ValueError for an address that is none."""
    return _POLICY.fold_binary(name, _POLICY.header_store_parse(name, addresses)[1])
