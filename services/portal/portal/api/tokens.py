"""Tokens: what every shop and every supplier fetches first (glue-api.md A.2)."""

import base64
import binascii
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from fastapi import APIRouter, Depends, Request, Response
from fastapi.openapi.models import HTTPBase
from fastapi.security.base import SecurityBase
from jwt.algorithms import OKPAlgorithm
from pydantic import BaseModel, Field

from portal import domain, hashing, store, tokens
from shared import problems, wire

router = APIRouter(tags=["tokens"])


class KeySet(BaseModel):
    """A JSON Web Key Set."""

    keys: list[dict[str, Any]] = Field(description="Ed25519 public keys (`kty` OKP), each with its `kid`")


class AccountAndSecret(SecurityBase):
    """A FastAPI dependency: the account and the secret that a request shows. 401 when it shows none."""

    def __init__(self) -> None:
        self.scheme_name = "key"
        self.model = HTTPBase(scheme="basic", description="The account of a key, and its secret")

    async def __call__(self, request: Request) -> tuple[str, str]:
        """What the request shows."""
        return _credentials(request.headers.get("authorization", ""))


Shown = Annotated[tuple[str, str], Depends(AccountAndSecret())]


@router.get("/auth/token", response_model=tokens.Token, summary="Fetch a token", operation_id="fetchToken")
@router.post("/auth/token", response_model=tokens.Token, summary="Fetch a token by POST", operation_id="postForToken")
@router.post(
    "/oauth/token",
    response_model=tokens.Token,
    summary="Fetch a token as programs written before 2023 do",
    operation_id="postForTokenAsBefore2023",
)
async def fetch_token(request: Request, shown: Shown) -> Response:
    """Show account and secret by HTTP Basic, get a bearer token for an hour. A body or a `grant_type` is not read.

    401 for a wrong account or secret; five of those in an hour lock the key for an hour for where they came from, and
    the right secret is answered 401 then, too. 429 with `Retry-After` after a hundred in ten minutes from one place.
    """
    account, secret = shown
    state = request.app.state
    source = tokens.source_of(request.client.host if request.client else "")
    try:
        token = await tokens.token_for(state.database, state.verifier, state.settings, account, secret, source)
    except tokens.BadCredentials:
        raise _bad_credentials() from None
    except tokens.TooManyTries as pause:
        raise problems.Refused(429, str(pause), headers={"Retry-After": str(pause.seconds)}) from None
    except hashing.Busy:
        # Shops' plugins try 502 and 503 again after a second, and nothing else.
        raise _unavailable("Too many tokens are being fetched at this moment") from None
    except tokens.NoSigningKey:
        raise _unavailable("Tokens cannot be signed yet") from None
    return wire.answer(token, headers={"Cache-Control": "no-store"})


@router.get("/.well-known/jwks.json", response_model=KeySet, summary="The public keys with which tokens are checked")
async def public_keys(request: Request) -> Response:
    """The keys that sign, signed or will sign tokens, as a JSON Web Key Set. A new one is here before it signs."""
    async with request.app.state.database.transaction() as tx:
        keys = await store.signing_keys(tx)
    known = KeySet(keys=[_public(key) for key in keys])
    return wire.answer(known, headers={"Cache-Control": "public, max-age=60"})


def _public(key: domain.SigningKey) -> dict[str, Any]:
    public_key = load_pem_public_key(key.public_key.encode())
    assert isinstance(public_key, Ed25519PublicKey)
    return {**OKPAlgorithm.to_jwk(public_key, as_dict=True), "kid": key.key_id, "alg": "EdDSA", "use": "sig"}


def _credentials(header: str) -> tuple[str, str]:
    """Account and secret of a Basic header. 401 when there are none, or no key could ever be called so."""
    scheme, _, encoded = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise _bad_credentials()
        account, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        return domain.valid_account(account), secret
    except (binascii.Error, ValueError):
        raise _bad_credentials() from None


def _bad_credentials() -> problems.Refused:
    return problems.Refused(401, "Bad credentials", headers={"WWW-Authenticate": 'Basic realm="sluice"'})


def _unavailable(message: str) -> problems.Refused:
    return problems.Refused(503, message, headers={"Retry-After": "1"})
