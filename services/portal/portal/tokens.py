"""How an account and its secret become a token, and how tries with a wrong secret are counted.

No connection is held while a secret is verified. Tries are put in order by their second transaction: one that comes
after the try that locked the key is refused even if its secret was right, so that ten replicas allow no more than one.
"""

from ipaddress import IPv6Address, IPv6Network, ip_address

import structlog
from pydantic import BaseModel, Field

from portal import domain, hashing, signing, store
from portal.domain import Counter
from portal.settings import Settings
from shared.postgres import Database, Transaction

log = structlog.get_logger()


class Token(BaseModel):
    """A token as shops expect it (glue-api.md A.2)."""

    access_token: str = Field(description="Send it as `Authorization: Bearer …`")
    token_type: str = Field(default="bearer", description="How it is sent: `bearer`")
    expires_in: int = Field(description="Seconds until it expires", examples=[3600])
    scope: str = Field(default="internal", description="Always `internal`; programs expect the field")


class BadCredentials(Exception):
    """The account, the secret or both are wrong, the key is revoked or locked: which of them is not told."""


class TooManyTries(Exception):
    """The source has to pause for so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many bad tries; try again in {seconds} seconds")
        self.seconds = seconds


class NoSigningKey(Exception):
    """The first signing key has not been made yet."""


async def token_for(
    database: Database, verifier: hashing.Verifier, settings: Settings, account: str, secret: str, source: str
) -> Token:
    """A new token for an account that shows its secret.

    `source` is where the try comes from, see `source_of`. Raises BadCredentials, TooManyTries, NoSigningKey, and
    hashing.Busy when this process verifies too many secrets already.
    """
    async with database.transaction() as tx:
        await _refuse_locked(tx, account, source)
        key = await store.key(tx, account)
    if not await verifier.matches(key["secret_hash"] if key else None, secret) or key is None:
        async with database.transaction() as tx:
            await _count_bad_try(tx, account, source)
        raise BadCredentials
    async with database.transaction() as tx:
        await _refuse_locked(tx, account, source)
        await store.forgive(tx, account, source)
        await store.note_use_of_key(tx, account)
        now = await tx.now()
        signs = domain.key_that_signs(await store.signing_keys(tx), now)
    if signs is None:
        raise NoSigningKey
    token = signing.signed_token(
        signs, account, key["business_id"], key["roles"], int(now.timestamp()), settings.token_seconds
    )
    return Token(access_token=token, expires_in=settings.token_seconds)


def source_of(address: str) -> str:
    """Where tries from an address are counted: the address, or of IPv6 the /64 that one subscriber has to himself."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address or "unknown"
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or IPv6Network((ip, 64), strict=False))
    return str(ip)


async def _refuse_locked(tx: Transaction, account: str, source: str) -> None:
    now = await tx.now()
    counted = await store.bad_tries(tx, domain.limits(account, source))
    pause = counted.get(Counter("", source))
    if pause is not None and pause.locked_until is not None and domain.is_locked(pause, now):
        raise TooManyTries(int((pause.locked_until - now).total_seconds()) + 1)
    if any(domain.is_locked(tries, now) for tries in counted.values()):
        raise BadCredentials


async def _count_bad_try(tx: Transaction, account: str, source: str) -> None:
    limits = domain.limits(account, source)
    await store.begin_counting(tx, limits)
    counted = await store.bad_tries_for_update(tx, limits)
    changed = domain.after_bad_try(counted, limits, await tx.now())
    await store.save_bad_tries(tx, changed)
    for counter, tries in changed.items():
        if tries.locked_until is not None:
            log.warning("locked after bad tries", account=counter.account, source=counter.source, tries=tries.count)
