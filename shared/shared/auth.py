"""Who is asking: the check of signed tokens, which every service does alone with the keys it has heard of.

A token is a JWT signed with EdDSA: `sub` the account, `org` the organisation's business id, `roles`, `exp`. The
keys come from the portal as `TokenKeysChanged` and are kept in `token_keys`; a key that is not known yet is looked
up once a second.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, time
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from fastapi import Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from shared import problems
from shared.contracts import Role, TokenKeysChanged
from shared.postgres import Database, Transaction
from shared.rates import Rates

LOOK_AGAIN_S = 1.0
FRESH_S = 60.0
LEEWAY_S = 30
"""How far the clocks of two machines may be apart."""
REMEMBERED = 10_000
"""So many tokens are remembered at once: to check a signature costs a tenth of placing an order."""


@dataclass(frozen=True)
class Caller:
    """An account of an organisation, with the organisation's roles."""

    account: str
    organisation: str
    roles: frozenset[str]


@dataclass(frozen=True)
class Checked:
    """What a token was found to say: whose it is, the key it is signed with, and when it expires (seconds of 1970)."""

    caller: Caller
    key_id: str
    expires_at: float


class TokenKeys:
    """The public keys this service knows, read from its database when one is missing, and every minute.

    Tokens that were found good are remembered in `checked`; their keys and times are looked at again each time.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.checked: dict[str, Checked] = {}
        self._keys: dict[str, tuple[Any, datetime | None]] = {}
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()

    async def key(self, key_id: str) -> Any | None:
        """The key with this id if it is known and has not expired, else None."""
        if self._should_look(key_id):
            async with self._looking:
                if self._should_look(key_id):
                    async with self.database.transaction() as tx:
                        rows = await tx.fetch("SELECT key_id, public_key, expires_at FROM token_keys")
                    self._keys = {
                        row["key_id"]: (load_pem_public_key(row["public_key"].encode()), row["expires_at"])
                        for row in rows
                    }
                    # Not before: who comes while the keys are being read waits for them, and is not refused.
                    self._looked_at = monotonic()
        key, expires_at = self._keys.get(key_id, (None, None))
        return None if expires_at is not None and expires_at <= datetime.now(UTC) else key

    def _should_look(self, key_id: str) -> bool:
        return monotonic() - self._looked_at > (FRESH_S if key_id in self._keys else LOOK_AGAIN_S)


async def keep_token_keys(events: Sequence[TokenKeysChanged], tx: Transaction) -> None:
    """Keep the newest set of token keys."""
    newest = max(events, key=lambda event: event.version)
    await tx.execute("DELETE FROM token_keys WHERE version < $1", newest.version)
    await tx.execute(
        "INSERT INTO token_keys (key_id, public_key, expires_at, version)"
        " SELECT *, $4::int FROM unnest($1::text[], $2::text[], $3::timestamptz[])"
        " WHERE NOT EXISTS (SELECT FROM token_keys WHERE version > $4::int)"
        " ON CONFLICT (key_id) DO UPDATE SET expires_at = excluded.expires_at, version = excluded.version",
        [key.key_id for key in newest.keys],
        [key.public_key for key in newest.keys],
        [key.expires_at for key in newest.keys],
        newest.version,
    )


async def caller_of(request: Request) -> Caller:
    """The caller of a request. 401 when the token is missing, unreadable, forged or expired."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorised("A bearer token is required; get one at /auth/token")
    keys: TokenKeys = request.app.state.token_keys
    known = keys.checked.get(token)
    if known is not None and known.expires_at > time() and await keys.key(known.key_id) is not None:
        return known.caller
    try:
        key_id = str(jwt.get_unverified_header(token).get("kid", ""))
        key = await keys.key(key_id)
        if key is None:
            raise _unauthorised("The token is signed with a key that is not valid here")
        claims = jwt.decode(
            token.strip(),
            key,
            algorithms=["EdDSA"],
            leeway=LEEWAY_S,
            # When it was issued is not looked at: a service whose clock is behind would refuse every new token.
            options={"require": ["exp", "sub", "org"], "verify_iat": False},
        )
    except jwt.ExpiredSignatureError:
        raise _unauthorised("The token has expired; get a new one at /auth/token") from None
    except jwt.InvalidTokenError:
        raise _unauthorised("The token is not valid") from None
    caller = Caller(claims["sub"], claims["org"], frozenset(claims.get("roles", ())))
    if len(keys.checked) >= REMEMBERED:
        keys.checked.clear()
    keys.checked[token] = Checked(caller, key_id, claims["exp"] + LEEWAY_S)
    return caller


class CallerWith(SecurityBase):
    """A FastAPI dependency: the caller, with one of the roles.

    401 without a valid token, 429 when its key sends too many requests, 403 without a role.
    """

    def __init__(self, *roles: Role) -> None:
        self.roles = roles
        self.scheme_name = "token"
        self.model = HTTPBearer(bearerFormat="JWT", description="A token of an hour, from `/auth/token`")

    async def __call__(self, request: Request) -> Caller:
        """The caller of the request."""
        caller = await caller_of(request)
        rates: Rates = request.app.state.rates
        if wait := rates.wait(caller.account):
            after = {"Retry-After": str(math.ceil(wait))}
            raise problems.Refused(429, "This key sends too many requests; slow down", headers=after)
        if not caller.roles.intersection(self.roles):
            raise problems.Refused(403, f"This is for organisations with the role {' or '.join(self.roles)}")
        return caller


def caller_with(*roles: Role) -> CallerWith:
    """A FastAPI dependency: the caller, with one of the roles."""
    return CallerWith(*roles)


def _unauthorised(message: str) -> problems.Refused:
    return problems.Refused(401, message, headers={"WWW-Authenticate": 'Bearer realm="sluice"'})
