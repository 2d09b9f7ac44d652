"""Who gets a mail, what a mail server's answers mean, and how long to wait for a better one."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal, get_args

from notifier.hours import INSTANT, Quiet, Timing

Kind = Literal[
    "new-shipment",
    "reminder",
    "papers",
    "cancelled",
    "stock-corrected",
    "unroutable",
    "return",
    "weekly-summary",
    "webhook-paused",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What an organisation may be told by mail. Of a shipment there is at most one mail of each that is about shipments."""
NEW_SHIPMENT: Kind = "new-shipment"
REMINDER: Kind = "reminder"
PAPERS: Kind = "papers"
CANCELLED: Kind = "cancelled"
STOCK_CORRECTED: Kind = "stock-corrected"
UNROUTABLE: Kind = "unroutable"
RETURN: Kind = "return"
WEEKLY_SUMMARY: Kind = "weekly-summary"
WEBHOOK_PAUSED: Kind = "webhook-paused"
USUAL: frozenset[Kind] = frozenset({NEW_SHIPMENT, REMINDER, CANCELLED, WEBHOOK_PAUSED})
"""What an address gets that has not chosen: who sends what a mail asks for has to hear when it is called off."""
ABOUT_NEW: frozenset[Kind] = frozenset({NEW_SHIPMENT, REMINDER})
"""What `new_shipment` turns off for all addresses of an organisation."""
DIGEST = "digest"
"""A mail that carries several others."""

Language = Literal["fi", "sv", "en"]
State = Literal["waiting", "pending", "sending", "sent", "refused", "not wanted"]
Wish = Literal["waiting", "pending", "not wanted"]

MAX_SUBJECT = 150
MAX_ANSWER = 1_000

# RFC 5321 allows more than anybody's mailbox has; this is what mail servers in the field deliver to.
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_LOCAL})@{_LABEL}(?:\.{_LABEL})*", re.ASCII)

# RFC 4954: the server does not accept our login. That says nothing about the mail, and a person can mend it.
_LOGIN_REFUSED = frozenset({530, 534, 535, 538})


@dataclass(frozen=True)
class Choice:
    """What an address has chosen: which kinds of mails, how soon, and how soon those about single retailers.

    `attach_note`: with a mail about a new shipment it wants its delivery note.
    """

    kinds: frozenset[Kind] = USUAL
    timing: Timing = INSTANT
    retailers: Mapping[str, Timing] = field(default_factory=dict)
    attach_note: bool = False


USUAL_CHOICE = Choice()
TIME_ZONE = "Europe/Helsinki"


@dataclass(frozen=True)
class Contact:
    """Whom to write to at an organisation. `known` is false until the organisation or its settings were heard of.

    `choices` are those of addresses that have chosen, by address. In the `quiet` hours of its time zone nothing is
    sent.
    """

    known: bool
    emails: Sequence[str]
    new_shipment: bool
    choices: Mapping[str, Choice] = field(default_factory=dict)
    quiet: Quiet | None = None
    time_zone: str = TIME_ZONE


@dataclass(frozen=True)
class Answer:
    """What the mail server said about one recipient; code 0: nothing, the connection was lost before."""

    code: int
    text: str

    @property
    def accepted(self) -> bool:
        """Whether the server has taken over the mail for this recipient."""
        return 200 <= self.code < 300

    @property
    def final(self) -> bool:
        """Whether asking again is of no use."""
        return self.accepted or (self.code >= 500 and self.code not in _LOGIN_REFUSED)

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip() if self.code else self.text


@dataclass(frozen=True)
class Patience:
    """Seconds to wait after the first try, at most between two tries, and from the first try to the last."""

    first_s: float
    longest_s: float
    whole_s: float


@dataclass(frozen=True)
class Verdict:
    """What becomes of a mail after a try: its state, who has it by now, what was said, seconds until the next try.

    What was not `tried` after all does not count as a try.
    """

    state: State
    reached: tuple[str, ...]
    answer: str
    pause_s: float = 0.0
    tried: bool = True


def judge(
    answers: Mapping[str, Answer], reached: Sequence[str], attempts: int, tried_s: float, patience: Patience
) -> Verdict:
    """A mail is tried until each recipient has a final answer, or patience ends; it is sent if anyone has it.

    `answers` are those of the last try by recipient, `reached` who had the mail before it, `attempts` counts it, and
    `tried_s` is the time since the first try.
    """
    have = tuple(dict.fromkeys([*reached, *(name for name, answer in answers.items() if answer.accepted)]))
    said = _said(answers)
    if all(answer.final for answer in answers.values()):
        return Verdict("sent" if have else "refused", have, said)
    if tried_s >= patience.whole_s:
        return Verdict("sent" if have else "refused", have, f"{said} (given up after {attempts} tries)")
    return Verdict("pending", have, said, pause_after(attempts, patience))


def pause_after(attempts: int, patience: Patience) -> float:
    """Seconds to wait after so many tries: twice as long each time, up to the longest."""
    return float(min(patience.first_s * 2.0 ** min(attempts - 1, 60), patience.longest_s))


def _said(answers: Mapping[str, Answer]) -> str:
    different = {str(answer) for answer in answers.values()}
    if len(different) == 1:
        return one_line(different.pop(), MAX_ANSWER)
    return one_line("; ".join(f"{recipient}: {answer}" for recipient, answer in answers.items()), MAX_ANSWER)


def is_address(text: str) -> bool:
    """Whether a text is an e-mail address to which mail can be sent: ASCII, a name, and a host (RFC 5321 lengths)."""
    found = _ADDRESS.fullmatch(text)
    # What looks like an encoded word cannot stand in a header.
    return found is not None and "=?" not in text and len(text) <= 254 and len(found["local"]) <= 64


def is_loopback(host: str) -> bool:
    """Whether a host, by the name or address it is called by, is this machine, so that nobody can listen in."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def language_of(text: str) -> Language:
    """The language to write in: Finnish, Swedish, else English. `sv-FI` is Swedish."""
    match text.lower().partition("-")[0]:
        case "fi":
            return "fi"
        case "sv":
            return "sv"
        case _:
            return "en"


def one_line(text: str, length: int = MAX_SUBJECT) -> str:
    """A text as one line without control and direction characters, fit for a header."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(sign).startswith("C") else sign for sign in text)
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"
