"""Signatures as Standard Webhooks says (https://www.standardwebhooks.com): HMAC-SHA-256 over id, time and body."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
BYTES = 32


def new_secret() -> str:
    """A new secret: 32 random bytes in base64, with the prefix by which tools know it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def headers(keys: Sequence[str], message_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """What stands over a request with this body, signed with each of the keys, at a time in seconds since 1970."""
    signed = b"%b.%d.%b" % (message_id.encode(), seconds, body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{_signature(key, signed)}" for key in keys),
    }


def _signature(key: str, signed: bytes) -> str:
    secret = base64.b64decode(key.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
