"""Links that prove by themselves what their holder may do: for people with a mail in hand and no account.

What a link is for, whom and what it is about and until when it is good stand in it, and an HMAC-SHA-256 over all of it.
The keys are those of `SLUICE_SEALING_KEYS`, of each of which another one is derived for links: what one service signs
another one believes, and a link that was signed with an older key is good as long as that key is given.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

import orjson

from shared import sealing
from shared.settings import ServiceSettings

DERIVED_FOR = b"sluice links 1"
LONGEST = 1_500
"""No link of ours has a longer token."""
_MAC, _UNTIL, _STAMP = 32, 8, 10

ANSWER, ANSWER_PATH = "answer a shipment", "/ecommerce/v3/answers"
"""To accept or reject a shipment, once. About its id, its supplier's business id, and the language of the page."""
NOTE, NOTE_PATH = "delivery notes of a shipment", "/ecommerce/v3/answers/note"
"""To get a delivery note of a shipment. About its id and its supplier's business id; and about a tracking code, when it
is the note of the parcel with this code, and not that of the first one; and about the parcel's id, which several with
one code differ in."""
LABEL, LABEL_PATH = "address label of a parcel", "/ecommerce/v3/answers/label"
"""To get the address label of a parcel. About its shipment's id, its supplier's business id, and its tracking code; and
about the parcel's id."""
NO_PAPER = "Sluice-No-Paper"
"""The header of a 404 behind such a link when it is certain that there is no such paper."""
LEAVE, LEAVE_PATH = "leave mails", "/ecommerce/v3/notifications/leave"
"""To get mails of some kinds no more. About an organisation, its address, the language of the page, and the kinds."""
MESSAGE_ID = "message ids"
"""To know a mail of ours again when it comes back."""


class Forged(Exception):
    """Nobody here has signed this, or not for this purpose."""


class Expired(Exception):
    """It was signed here, but its time is over. `subject` is what it was about."""

    def __init__(self, subject: list[str]) -> None:
        super().__init__("the link has expired")
        self.subject = subject


class Signer:
    """Signs and reads the tokens of links. A token is good for the purpose it was signed for, and for no other."""

    def __init__(self, keys: Sequence[str]) -> None:
        """With keys to seal with, the newest first; without any, nothing can be signed, and nothing is good."""
        self._keys = [hmac.digest(key.encode(), DERIVED_FOR, "sha256") for key in keys]

    @property
    def can_sign(self) -> bool:
        """Whether there is a key."""
        return bool(self._keys)

    def sign(self, purpose: str, subject: Sequence[str], until: datetime) -> str:
        """A token for a link: letters, digits, `-`, `_`. The same each time. Raises NoKey."""
        said = int(until.timestamp()).to_bytes(_UNTIL) + orjson.dumps(list(subject))
        return base64.urlsafe_b64encode(_mac(self._newest(), purpose, said) + said).rstrip(b"=").decode()

    def stamp(self, purpose: str, text: str) -> str:
        """Twenty hexadecimal digits beside a text that nobody else can tell. The same each time. Raises NoKey."""
        return _mac(self._newest(), purpose, text.encode())[:_STAMP].hex()

    def read(self, purpose: str, token: str, now: datetime) -> list[str]:
        """What a token is about. Raises Forged, or Expired from the second that it names."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise Forged("the link is not one of ours") from None
        mac, said = raw[:_MAC], raw[_MAC:]
        good = [hmac.compare_digest(mac, _mac(key, purpose, said)) for key in self._keys]
        if len(token) > LONGEST or len(said) < _UNTIL or not any(good):
            raise Forged("the link is not one of ours")
        subject: list[str] = orjson.loads(said[_UNTIL:])
        if now.timestamp() >= int.from_bytes(said[:_UNTIL]):
            raise Expired(subject)
        return subject

    def _newest(self) -> bytes:
        if not self._keys:
            raise sealing.NoKey("no key to sign with is given; set SLUICE_SEALING_KEYS or SLUICE_SEALING_KEYS_FILE")
        return self._keys[0]


def address(public_url: str, path: str, token: str) -> str:
    """The address of a link: its token is in the query, which is written into no log and no trace."""
    return f"{public_url.rstrip('/')}{path}?t={token}"


def signer_of(settings: ServiceSettings) -> Signer:
    """The signer with the keys of the settings. Raises OSError without their file."""
    return Signer(sealing.keys_of(settings))


def _mac(key: bytes, purpose: str, said: bytes) -> bytes:
    # A purpose of ours has no NUL in it, so that no two of them with what follows are the same.
    return hmac.new(key, purpose.encode() + b"\0" + said, hashlib.sha256).digest()
