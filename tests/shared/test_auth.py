"""Who is let in: only a caller with a token that the portal signed, that has not expired, and that has the role."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from time import time
from typing import Annotated, Any

import httpx
import jwt
import pytest
from fastapi import APIRouter, Depends

from shared import auth, service
from shared.contracts import TokenKey, TokenKeysChanged
from shared.postgres import Database
from shared.settings import ServiceSettings
from shared.subscriptions import Subscriptions
from tests import builders

signer = builders.Signer()
router = APIRouter()


@router.get("/who")
async def who(caller: Annotated[auth.Caller, Depends(auth.caller_with("supplier", "operator"))]) -> dict[str, Any]:
    """Say who is asking."""
    return {"account": caller.account, "organisation": caller.organisation, "roles": sorted(caller.roles)}


@pytest.fixture
async def client(house: Database) -> AsyncIterator[httpx.AsyncClient]:
    settings = ServiceSettings(database="postgresql://unused", kafka="unused:9092")
    async with builders.client_of(
        service.build("router", settings, Subscriptions(), [router]), house, signer
    ) as opened:
        yield opened


async def ask(client: httpx.AsyncClient, authorization: str | None) -> httpx.Response:
    return await client.get("/who", headers={} if authorization is None else {"Authorization": authorization})


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def signed(**claims: object) -> str:
    """A token of the portal's key with just these claims."""
    return jwt.encode(claims, signer.private_key, algorithm="EdDSA", headers={"kid": signer.key_id})


async def test_a_caller_is_the_account_and_organisation_of_its_token(client: httpx.AsyncClient) -> None:
    answer = await ask(client, f"Bearer {signer.token('2345678-9', 'supplier', 'retailer')}")
    assert answer.json() == {
        "account": "2345678-9-api",
        "organisation": "2345678-9",
        "roles": ["retailer", "supplier"],
    }


async def test_the_word_bearer_may_be_written_in_any_way(client: httpx.AsyncClient) -> None:
    assert (await ask(client, f"bEARER {signer.token('2345678-9', 'supplier')}")).status_code == 200


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer a.b.c"])
async def test_without_a_readable_token_nobody_is_let_in(client: httpx.AsyncClient, authorization: str | None) -> None:
    answer = await ask(client, authorization)
    assert (answer.status_code, answer.json()["error"]) == (401, "Unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="sluice"'


async def test_an_expired_token_is_refused(client: httpx.AsyncClient) -> None:
    answer = await ask(
        client, f"Bearer {signer.token('2345678-9', 'supplier', life=timedelta(seconds=-auth.LEEWAY_S - 1))}"
    )
    assert (answer.status_code, answer.json()["message"]) == (
        401,
        "The token has expired; get a new one at /auth/token",
    )


async def test_a_token_is_good_although_the_clock_by_which_it_was_issued_is_ahead_of_ours(
    client: httpx.AsyncClient,
) -> None:
    token = signer.token("2345678-9", "supplier", ahead=timedelta(minutes=10))
    assert (await ask(client, f"Bearer {token}")).status_code == 200


async def test_a_token_is_refused_once_it_has_expired_however_often_it_was_good(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = f"Bearer {signer.token('2345678-9', 'supplier', life=timedelta(hours=1))}"
    assert [(await ask(client, token)).status_code for _ in range(2)] == [200, 200]
    monkeypatch.setattr(auth, "time", lambda: time() + 3_600 + auth.LEEWAY_S + 1)
    monkeypatch.setattr(jwt, "decode", expired)
    assert (await ask(client, token)).status_code == 401


def expired(*_: object, **__: object) -> None:
    raise jwt.ExpiredSignatureError


async def test_a_token_is_refused_once_its_key_is_gone_however_often_it_was_good(
    client: httpx.AsyncClient, house: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = f"Bearer {signer.token('2345678-9', 'supplier')}"
    assert [(await ask(client, token)).status_code for _ in range(2)] == [200, 200]
    monkeypatch.setattr(auth, "FRESH_S", 0.0)
    await keep(house, keys(9, builders.Signer()))
    assert (await ask(client, token)).status_code == 401


async def test_no_more_tokens_are_remembered_than_there_is_room_for(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 2)
    for number in range(5):
        assert (await ask(client, f"Bearer {signer.token(f'234567{number}-9', 'supplier')}")).status_code == 200


async def test_a_token_of_a_key_nobody_announced_is_refused(client: httpx.AsyncClient) -> None:
    answer = await ask(client, f"Bearer {builders.Signer().token('2345678-9', 'supplier')}")
    assert answer.status_code == 401


async def test_a_token_that_only_names_the_portals_key_is_refused(client: httpx.AsyncClient) -> None:
    forger = builders.Signer(key_id=signer.key_id)
    assert (await ask(client, f"Bearer {forger.token('2345678-9', 'supplier')}")).status_code == 401


async def test_a_changed_token_is_refused(client: httpx.AsyncClient) -> None:
    head, _, signature = signer.token("2345678-9", "supplier").split(".")
    claims = {"sub": "a", "org": "1234567-1", "roles": ["operator"], "exp": 4_000_000_000}
    assert (await ask(client, f"Bearer {head}.{encoded(claims)}.{signature}")).status_code == 401


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_a_token_signed_with_nothing_or_with_the_public_key_is_refused(
    client: httpx.AsyncClient, algorithm: str
) -> None:
    claims = {"sub": "a", "org": "1234567-1", "roles": ["operator"], "exp": 4_000_000_000}
    body = f"{encoded({'alg': algorithm, 'kid': signer.key_id})}.{encoded(claims)}"
    signature = hmac.digest(signer.public_key.encode(), body.encode(), hashlib.sha256) if algorithm != "none" else b""
    token = f"{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    assert (await ask(client, f"Bearer {token}")).status_code == 401


@pytest.mark.parametrize("missing", ["sub", "org", "exp"])
async def test_a_token_that_does_not_say_whose_it_is_or_how_long_is_refused(
    client: httpx.AsyncClient, missing: str
) -> None:
    claims: dict[str, object] = {"sub": "a", "org": "2345678-9", "roles": ["supplier"], "exp": 4_000_000_000}
    assert (await ask(client, f"Bearer {signed(**claims)}")).status_code == 200
    del claims[missing]
    assert (await ask(client, f"Bearer {signed(**claims)}")).status_code == 401


@pytest.mark.parametrize("roles", [(), ("retailer",), ("Supplier",)])
async def test_a_caller_without_the_role_is_forbidden(client: httpx.AsyncClient, roles: tuple[str, ...]) -> None:
    answer = await ask(client, f"Bearer {signer.token('2345678-9', *roles)}")
    assert (answer.status_code, answer.json()["error"]) == (403, "Forbidden")


def keys(version: int, *signers: builders.Signer, expires_at: datetime | None = None) -> TokenKeysChanged:
    return TokenKeysChanged(
        keys=tuple(TokenKey(key_id=s.key_id, public_key=s.public_key, expires_at=expires_at) for s in signers),
        version=version,
    )


async def keep(house: Database, *events: TokenKeysChanged) -> None:
    async with house.transaction() as tx:
        await auth.keep_token_keys(events, tx)


async def known(house: Database, one: builders.Signer) -> bool:
    return await auth.TokenKeys(house).key(one.key_id) is not None


async def test_the_newest_set_of_keys_counts(house: Database) -> None:
    old, new = builders.Signer(), builders.Signer()
    await keep(house, keys(1, old))
    await keep(house, keys(3, old, new), keys(2, old))
    assert await known(house, old)
    assert await known(house, new)
    await keep(house, keys(2, old))
    assert await known(house, new)
    await keep(house, keys(4, new))
    assert not await known(house, old)


async def test_a_key_is_good_until_it_expires(house: Database) -> None:
    one = builders.Signer()
    await keep(house, keys(1, one, expires_at=datetime.now(UTC) + timedelta(hours=1)))
    assert await known(house, one)
    await keep(house, keys(2, one, expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert not await known(house, one)


async def test_a_new_key_is_found_without_a_restart(
    client: httpx.AsyncClient, house: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "LOOK_AGAIN_S", 0.0)
    rotated = builders.Signer()
    token = f"Bearer {rotated.token('2345678-9', 'supplier')}"
    assert (await ask(client, token)).status_code == 401
    await keep(house, keys(2, signer, rotated))
    assert (await ask(client, token)).status_code == 200
