"""The portal's decisions: what a business id is, when bad tries lock a key, when signing keys change."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from shared.contracts import Role

ROLES: tuple[Role, ...] = get_args(Role)
LANGUAGES = ("fi", "sv", "en")
SHORTEST_SECRET = 12

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2)


def check_digit(digits: str) -> int | None:
    """The check digit of a business id's seven digits; None when no business id begins with them.

    The digits are weighted 7, 9, 10, 5, 8, 4, 2 and summed; what the sum lacks to a multiple of eleven is the check
    digit, and as it has to be one digit, sums that lack ten are not given out.
    """
    lacking = -sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11
    return None if lacking == 10 else lacking


def valid_business_id(text: str) -> str:
    """A Finnish business id such as 0109357-9, as given. Raises ValueError when it is none."""
    if not re.fullmatch(r"[0-9]{7}-[0-9]", text):
        raise ValueError("must be a business id: seven digits, a dash and a check digit, such as 0109357-9")
    expected = check_digit(text[:7])
    if expected is None:
        raise ValueError(f"is not a business id: none begins with {text[:7]}")
    if expected != int(text[8]):
        raise ValueError(f"is not a business id: its check digit would be {expected}")
    return text


def valid_name(text: str) -> str:
    """An organisation's name without blanks around it: 1 to 200 printable characters. Raises ValueError otherwise."""
    name = text.strip()
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise ValueError("must be a name of 1 to 200 printable characters")
    return name


def valid_roles(roles: Sequence[Role]) -> tuple[Role, ...]:
    """An organisation's roles, each once and always in the same order. Raises ValueError when there is none."""
    if not roles:
        raise ValueError(f"must be one or more of {', '.join(ROLES)}")
    return tuple(role for role in ROLES if role in roles)


def valid_email(text: str | None) -> str | None:
    """One mail address, or None for no mail. Raises ValueError when it could not be written into a mail's header."""
    if text is not None and (
        len(text) > 254 or not text.isprintable() or not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", text)
    ):
        raise ValueError("must be one mail address, such as orders@supplier.example")
    return text


def valid_language(text: str) -> str:
    """The language an organisation is written to in. Raises ValueError when we do not write it."""
    if text not in LANGUAGES:
        raise ValueError(f"must be one of {', '.join(LANGUAGES)}")
    return text


def valid_account(text: str) -> str:
    """The name of an API key: 1 to 100 visible ASCII characters. Raises ValueError otherwise.

    A colon would end the name in a Basic header.
    """
    if not re.fullmatch(r"[!-9;-~]{1,100}", text):
        raise ValueError("must be an account of 1 to 100 visible ASCII characters without a colon")
    return text


def valid_secret(text: str | None) -> str | None:
    """The secret of an API key, or None for one to be made. Raises ValueError when it can be guessed or is not ASCII.

    In which encoding other characters arrive in a Basic header is anybody's guess.
    """
    if text is None:
        return None
    if not SHORTEST_SECRET <= len(text) <= 200 or not (text.isascii() and text.isprintable()):
        raise ValueError(f"must be a secret of {SHORTEST_SECRET} to 200 printable ASCII characters")
    return text


@dataclass(frozen=True)
class Limit:
    """So many bad tries within this time lock for that time."""

    tries: int
    within: timedelta
    lock: timedelta


@dataclass(frozen=True)
class Counter:
    """Where bad tries are counted: an account as tried from one source. Empty: all accounts, or all sources."""

    account: str
    source: str


@dataclass(frozen=True)
class Tries:
    """Bad tries so far: how many, since when, and until when no try counts any more."""

    count: int
    since: datetime
    locked_until: datetime | None = None


def limits(account: str, source: str) -> dict[Counter, Limit]:
    """The limits a try falls under.

    Five bad tries lock a key for an hour for the source they came from, so that one stranger cannot lock a shop out.
    Strangers in numbers, fifty bad tries, lock it for all. A source that tries through account after account has to
    pause whatever the account.
    """
    hour = timedelta(hours=1)
    return {
        Counter(account, source): Limit(5, within=hour, lock=hour),
        Counter(account, ""): Limit(50, within=hour, lock=hour),
        Counter("", source): Limit(100, within=timedelta(minutes=10), lock=timedelta(minutes=10)),
    }


def is_locked(tries: Tries | None, now: datetime) -> bool:
    """Whether tries are refused unseen."""
    return tries is not None and tries.locked_until is not None and now < tries.locked_until


def after_bad_try(
    counted: Mapping[Counter, Tries], under: Mapping[Counter, Limit], now: datetime
) -> dict[Counter, Tries]:
    """What is counted anew after one more bad try, which falls under these limits.

    A try during a lock counts nowhere: the lock ends when it was said to end, and nobody who is locked out himself can
    drive the key to its lock for all.
    """
    if any(is_locked(counted.get(counter), now) for counter in under):
        return {}
    return {counter: one_more(counted.get(counter), limit, now) for counter, limit in under.items()}


def one_more(tries: Tries | None, limit: Limit, now: datetime) -> Tries:
    """One more bad try in a counter that is not locked.

    Counting starts anew after a lock, and once the first bad try is older than the limit looks back.
    """
    anew = tries is None or tries.count == 0 or tries.locked_until is not None or now - tries.since > limit.within
    count, since = (1, now) if anew or tries is None else (tries.count + 1, tries.since)
    return Tries(count, since, now + limit.lock if count >= limit.tries else None)


@dataclass(frozen=True)
class SigningKey:
    """A key that signs tokens from a moment on, and whose tokens are accepted until it expires; None: not set yet."""

    key_id: str
    private_key: str
    public_key: str
    signs_from: datetime
    expires_at: datetime | None = None


def key_that_signs(keys: Sequence[SigningKey], now: datetime) -> SigningKey | None:
    """The key that signs now: of those that may, the newest. None before the first key."""
    return max((key for key in keys if key.signs_from <= now), key=lambda key: key.signs_from, default=None)


def next_key_signs_from(
    keys: Sequence[SigningKey], now: datetime, life: timedelta, announced: timedelta
) -> datetime | None:
    """When a key that is to be made now begins to sign; None when none is due.

    The very first signs at once, as nothing works without it. Each next one is made when the newest has signed for its
    `life`, and signs when it has been `announced` that long, so that every service knows it by then.
    """
    if not keys:
        return now
    newest = max(key.signs_from for key in keys)
    return now + announced if newest + life <= now else None
