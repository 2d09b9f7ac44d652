"""Secrets that services must be able to use, kept so that whoever reads the database cannot.

Sealed with Fernet of `cryptography` (AES-128-CBC and HMAC-SHA-256), under the newest of the keys in
`SLUICE_SEALING_KEYS`; with older ones behind it, what was sealed before can still be opened.
"""

from collections.abc import Sequence
from pathlib import Path

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from shared.settings import ServiceSettings


class NoKey(Exception):
    """No key to seal with was given to this service."""


class BadKey(ValueError):
    """What was given as a key is none."""


class NotOpened(Exception):
    """What is sealed was sealed with a key that is not here, for somebody else, or was changed."""


class Sealer:
    """Seals and opens secrets. Each is sealed for a name, such as whose it is, and opens for no other."""

    def __init__(self, keys: Sequence[str]) -> None:
        """With keys, the newest first; see `new_key`. Raises BadKey for one that is none."""
        fernets = [_fernet(key, place) for place, key in enumerate(keys, start=1)]
        self._newest = fernets[0] if fernets else None
        self._fernet = MultiFernet(fernets) if fernets else None

    @property
    def can_seal(self) -> bool:
        """Whether there is a key."""
        return self._fernet is not None

    def seal(self, secret: str, name: str) -> bytes:
        """A secret as it is kept. Raises NoKey."""
        return self._keys().encrypt(orjson.dumps([name, secret]))

    def open(self, sealed: bytes, name: str) -> str:
        """The secret that was sealed for this name. Raises NoKey or NotOpened."""
        try:
            whose, secret = orjson.loads(self._keys().decrypt(sealed))
        except InvalidToken:
            raise NotOpened(f"what is sealed for {name} cannot be opened with the keys given") from None
        if whose != name:
            raise NotOpened(f"what should be sealed for {name} is sealed for somebody else")
        return str(secret)

    def seal_anew(self, sealed: bytes) -> bytes:
        """The same secret under the newest key. Raises NoKey or NotOpened."""
        try:
            return self._keys().rotate(sealed)
        except InvalidToken:
            raise NotOpened("what is sealed cannot be opened with the keys given") from None

    def is_newest(self, sealed: bytes) -> bool:
        """Whether it is sealed with the newest key."""
        try:
            return self._newest is not None and self._newest.decrypt(sealed) is not None
        except InvalidToken:
            return False

    def _keys(self) -> MultiFernet:
        if self._fernet is None:
            raise NoKey("no key to seal with is given; set SLUICE_SEALING_KEYS or SLUICE_SEALING_KEYS_FILE")
        return self._fernet


def _fernet(key: str, place: int) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        # Which it is, and not what it is: a key with a letter too few is still nearly one.
        raise BadKey(f"number {place} of the sealing keys is none: a key is 32 bytes in URL-safe base64") from None


def sealer_of(settings: ServiceSettings) -> Sealer:
    """The sealer with the keys of the settings. Raises OSError without the file, BadKey for what is no key."""
    return Sealer(keys_of(settings))


def keys_of(settings: ServiceSettings) -> list[str]:
    """The keys of the settings, the newest first. Raises OSError without their file."""
    listed = settings.sealing_keys.get_secret_value()
    if settings.sealing_keys_file is not None:
        listed = f"{listed},{Path(settings.sealing_keys_file).read_text()}"
    return [key for part in listed.replace("\n", ",").split(",") if (key := part.strip())]


def new_key() -> str:
    """A new key: 32 random bytes in base64."""
    return Fernet.generate_key().decode()
