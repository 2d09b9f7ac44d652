import asyncio
import base64

import httpx
import jwt
import pytest

from portal import app, domain, organisations, store, tokens
from portal.domain import Counter, Tries
from portal.hashing import Verifier
from portal.settings import Settings
from shared.postgres import Database
from shared.service import Service
from tests import builders
from tests.portal.conftest import SECRET, SHOP

GOOD = ("shop", SECRET)
HERE, ELSEWHERE = "127.0.0.1", "198.51.100.7"


async def tries_of(portal: Database, account: str, source: str) -> Tries | None:
    async with portal.transaction() as tx:
        return (await store.bad_tries(tx, domain.limits(account, source))).get(Counter(account, source))


async def guess(client: httpx.AsyncClient, times: int, account: str = "shop") -> list[httpx.Response]:
    return [await client.get("/auth/token", auth=(account, f"wrong {number}")) for number in range(times)]


def assert_bad_credentials(answer: httpx.Response) -> None:
    """The one answer that does not tell what was wrong."""
    body = answer.json()
    assert body.pop("timestamp").endswith("Z")
    assert body == {
        "status": 401,
        "error": "Unauthorized",
        "message": "Bad credentials",
        "path": answer.request.url.path,
        "errors": [],
    }
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/token"),
        ("POST", "/auth/token"),
        ("POST", "/oauth/token"),
        ("POST", "/oauth/token?grant_type=client_credentials"),
        ("GET", "/auth/token/"),
    ],
)
async def test_account_and_secret_become_a_token_for_an_hour(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path, auth=GOOD, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    token = body.pop("access_token")
    assert body == {"token_type": "bearer", "expires_in": 3600, "scope": "internal"}

    known = {key["kid"]: key for key in (await client.get("/.well-known/jwks.json")).json()["keys"]}
    key = jwt.PyJWK(known[jwt.get_unverified_header(token)["kid"]])
    claims = jwt.decode(token, key, algorithms=["EdDSA"], issuer="sluice")
    assert (claims["sub"], claims["org"], claims["roles"]) == ("shop", SHOP, ["retailer"])
    assert claims["exp"] - claims["iat"] == 3600
    own = await client.get(f"/ecommerce/v3/organisations/{SHOP}", headers={"Authorization": f"Bearer {token}"})
    assert own.json()["name"] == "The shop"


async def test_public_keys_do_not_hold_the_private_part(client: httpx.AsyncClient) -> None:
    (key,) = (await client.get("/.well-known/jwks.json")).json()["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")


async def test_credentials_that_cannot_be_read_are_bad_credentials(client: httpx.AsyncClient) -> None:
    unreadable = [b"shop", b":", b"shop\x00:x", b"\xff\xfe:x", b"x" * 5_000 + b":x"]
    headers = [
        "",
        "Basic",
        "Basic !!!",
        "Bearer abc",
        *(f"Basic {base64.b64encode(raw).decode()}" for raw in unreadable),
    ]
    for header in headers:
        assert_bad_credentials(await client.post("/oauth/token", headers={"Authorization": header}))
    assert_bad_credentials(await client.get("/auth/token"))


async def test_a_wrong_secret_an_unknown_account_and_a_revoked_key_are_told_the_same(
    client: httpx.AsyncClient, portal: Database
) -> None:
    key = await organisations.new_key("revoked", SECRET)
    async with portal.transaction() as tx:
        await organisations.add_key(tx, SHOP, key)
        await organisations.revoke_key(tx, SHOP, "revoked")
    for credentials in (("shop", "wrong"), ("nobody", SECRET), ("revoked", SECRET), ("SHOP", SECRET)):
        assert_bad_credentials(await client.get("/auth/token", auth=credentials))


async def test_five_bad_tries_lock_the_key_for_an_hour_even_for_the_right_secret(
    client: httpx.AsyncClient, portal: Database
) -> None:
    for _ in range(2):
        for answer in await guess(client, 4):
            assert_bad_credentials(answer)
        assert (await client.get("/auth/token", auth=GOOD)).status_code == 200
    await guess(client, 5)
    assert_bad_credentials(await client.get("/auth/token", auth=GOOD))
    tries = await tries_of(portal, "shop", HERE)
    assert tries is not None
    assert tries.locked_until is not None
    assert 3_540 < (tries.locked_until - tries.since).total_seconds() < 3_660

    async with portal.transaction() as tx:
        await tx.execute(
            "UPDATE bad_tries SET locked_until = locked_until - interval '1 hour', since = since - interval '1 hour'"
        )
    assert_bad_credentials((await guess(client, 1))[0])
    assert (await client.get("/auth/token", auth=GOOD)).status_code == 200


async def test_a_stranger_locks_the_key_for_himself_only(
    client: httpx.AsyncClient, elsewhere: httpx.AsyncClient
) -> None:
    await guess(elsewhere, 60)
    assert_bad_credentials(await elsewhere.get("/auth/token", auth=GOOD))
    assert (await client.get("/auth/token", auth=GOOD)).status_code == 200


async def test_a_lock_is_for_one_key(client: httpx.AsyncClient, portal: Database) -> None:
    key = await organisations.new_key("second", SECRET)
    async with portal.transaction() as tx:
        await organisations.add_key(tx, SHOP, key)
    await guess(client, 5)
    assert (await client.get("/auth/token", auth=("second", SECRET))).status_code == 200


async def test_an_unknown_account_is_locked_as_a_known_one_is(client: httpx.AsyncClient, portal: Database) -> None:
    await guess(client, 6, account="nobody")
    tries = await tries_of(portal, "nobody", HERE)
    assert tries is not None
    assert (tries.count, tries.locked_until is None) == (5, False)


async def test_a_new_secret_opens_a_locked_key(client: httpx.AsyncClient, portal: Database) -> None:
    await guess(client, 5)
    key = await organisations.new_key("shop")
    async with portal.transaction() as tx:
        await organisations.add_key(tx, SHOP, key)
    assert (await client.get("/auth/token", auth=("shop", key.secret))).status_code == 200
    assert_bad_credentials(await client.get("/auth/token", auth=GOOD))


async def test_two_replicas_together_count_five_of_two_hundred_parallel_tries(
    client: httpx.AsyncClient, portal: Database, settings: Settings, signer: builders.Signer
) -> None:
    replica = app.build(settings)
    verifier = Verifier()
    await verifier.start(replica)
    replica.app.state.database, replica.app.state.settings = portal, settings
    transport = httpx.ASGITransport(replica.app)
    async with httpx.AsyncClient(transport=transport, base_url=client.base_url) as other:
        answers = await asyncio.gather(
            *(
                (client, other)[number % 2].get("/auth/token", auth=("shop", f"wrong {number % 8}"))
                for number in range(200)
            )
        )
    await verifier.stop()
    for answer in answers:
        assert_bad_credentials(answer)
    tries = await tries_of(portal, "shop", HERE)
    assert tries is not None
    assert tries.count == 5
    everywhere = await tries_of(portal, "shop", "")
    assert everywhere is not None
    assert everywhere.count == 5
    assert_bad_credentials(await client.get("/auth/token", auth=GOOD))


async def test_a_shop_whose_workers_all_fetch_at_once_gets_its_tokens(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.get("/auth/token", auth=GOOD) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_source_that_tried_a_hundred_times_has_to_pause(
    client: httpx.AsyncClient, elsewhere: httpx.AsyncClient, portal: Database
) -> None:
    async with portal.transaction() as tx:
        counter = Counter("", HERE)
        await store.begin_counting(tx, [counter])
        await store.save_bad_tries(tx, {counter: Tries(99, await tx.now())})
    assert_bad_credentials((await guess(client, 1))[0])
    answer = await client.get("/auth/token", auth=GOOD)
    assert answer.status_code == 429
    assert answer.json()["error"] == "Too Many Requests"
    assert 500 < int(answer.headers["retry-after"]) <= 600
    assert (await elsewhere.get("/auth/token", auth=GOOD)).status_code == 200


async def test_more_secrets_than_can_be_verified_are_answered_503(client: httpx.AsyncClient, service: Service) -> None:
    takes_on_none = Verifier(workers=1, waiting=-1)
    await takes_on_none.start(service)
    answer = await client.get("/auth/token", auth=GOOD)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::1", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("", "unknown"),
    ],
)
def test_an_ipv6_subscriber_is_one_source(address: str, source: str) -> None:
    assert tokens.source_of(address) == source
