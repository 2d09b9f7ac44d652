"""The keys that sign tokens: making them, letting one follow another without a gap, and telling every service."""

from datetime import timedelta
from uuid import uuid4

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from portal import domain, store
from portal.domain import SigningKey
from portal.settings import Settings
from shared import auth, outbox
from shared.contracts import TokenKey, TokenKeysChanged
from shared.postgres import Transaction

log = structlog.get_logger()

CLOCKS_DIFFER = timedelta(minutes=1)
"""The clocks of two machines agree to this much."""


async def keep_keys(tx: Transaction, settings: Settings, *, announce: bool = False) -> None:
    """Make the next key if it is due, and announce the set of keys when it changed, or anyway if told to.

    The old key's end is set with the same announcement: the last token it signs has expired by then.
    """
    await store.lock_signing_keys(tx)
    await store.delete_expired_signing_keys(tx)
    signs_from = domain.next_key_signs_from(
        await store.signing_keys(tx),
        await tx.now(),
        life=timedelta(days=settings.key_days),
        announced=timedelta(seconds=settings.key_announce_seconds),
    )
    if signs_from is not None:
        private_key, public_key = _new_pair()
        new = SigningKey(uuid4().hex, private_key, public_key, signs_from)
        await store.end_newest_signing_key(tx, signs_from + timedelta(seconds=settings.token_seconds) + CLOCKS_DIFFER)
        await store.save_signing_key(tx, new)
        log.info("signing key made", key_id=new.key_id, signs_from=signs_from.isoformat())
    if announce or signs_from is not None:
        await _announce(tx)


async def _announce(tx: Transaction) -> None:
    """Tell all services which keys tokens may be signed with; the portal itself knows at once, without the broker."""
    event = TokenKeysChanged(
        keys=tuple(
            TokenKey(key_id=key.key_id, public_key=key.public_key, expires_at=key.expires_at)
            for key in await store.signing_keys(tx)
        ),
        version=await store.next_version_of_token_keys(tx),
    )
    await auth.keep_token_keys([event], tx)
    await outbox.put(tx, event)


def signed_token(
    key: SigningKey, account: str, organisation: str, roles: list[str], issued_at: int, seconds: int
) -> str:
    """A token for an account: a JWT signed with EdDSA, issued at a Unix time and good for so many seconds."""
    return jwt.encode(
        {
            "iss": "sluice",
            "sub": account,
            "org": organisation,
            "roles": roles,
            "iat": issued_at,
            "exp": issued_at + seconds,
            "jti": uuid4().hex,
        },
        key.private_key,
        algorithm="EdDSA",
        headers={"kid": key.key_id},
    )


def _new_pair() -> tuple[str, str]:
    """A new Ed25519 key: private and public, both PEM."""
    key = Ed25519PrivateKey.generate()
    return (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    )
