"""What the portal does without being asked by HTTP: it registers organisations and keeps its signing keys."""

import asyncio
from datetime import timedelta
from typing import TypeVar

import pytest
from fastapi import FastAPI, Request

from portal import domain, organisations, store, tokens, upkeep
from portal.hashing import Busy, Verifier, hashed
from portal.settings import Settings
from portal.upkeep import Upkeep
from shared import auth, problems
from shared.contracts import Message, OrganisationChanged, TokenKeysChanged
from shared.postgres import Database
from shared.service import Service
from shared.subscriptions import Subscriptions
from tests import builders
from tests.portal.conftest import SECRET, SHOP, SUPPLIER

AnyMessage = TypeVar("AnyMessage", bound=Message)


async def said(portal: Database, type_of_message: type[AnyMessage]) -> list[AnyMessage]:
    """What waits in the outbox, of one type."""
    async with portal.transaction() as tx:
        rows = await tx.fetch("SELECT value FROM outbox WHERE topic = $1 ORDER BY id", type_of_message.topic)
    return [type_of_message.model_validate_json(row["value"]) for row in rows]


async def test_an_organisation_is_announced_when_it_changes_and_only_then(portal: Database) -> None:
    for name in ("Kenkä", "Kenkä", "Kenkä Oy"):
        async with portal.transaction() as tx:
            await organisations.add_organisation(
                tx, SUPPLIER, name, ["operator", "supplier"], email="tilaukset@kenka.example", language="fi"
            )
    assert (await said(portal, OrganisationChanged))[1:] == [
        OrganisationChanged(
            business_id=SUPPLIER,
            name=name,
            roles=("supplier", "operator"),
            email="tilaukset@kenka.example",
            language="fi",
            version=version,
        )
        for version, name in ((1, "Kenkä"), (2, "Kenkä Oy"))
    ]


async def test_every_value_that_is_not_valid_is_named_in_one_line(portal: Database) -> None:
    with pytest.raises(organisations.NotPossible) as raised:
        async with portal.transaction() as tx:
            await organisations.add_organisation(tx, "0109357-8", "", ["boss"], email="x", language="de")
    for field in ("businessId", "name", "roles[0]", "email", "language"):
        assert f"{field}: " in str(raised.value)
    assert "\n" not in str(raised.value)


async def test_a_key_without_a_secret_gets_a_long_random_one() -> None:
    made = [(await organisations.new_key(account, given)).secret for account, given in (("a", None), ("b", ""))]
    assert len(set(made)) == 2
    assert min(map(len, made)) >= 43


@pytest.mark.parametrize(
    ("business_id", "account", "secret", "refusal", "says"),
    [
        (SUPPLIER, "new", None, organisations.UnknownOrganisation, f"no organisation {SUPPLIER}"),
        (SHOP, "new", "x" * 11, organisations.NotValid, "secret: must be a secret of 12"),
        (SHOP, "a:b", None, organisations.NotValid, "account: must be an account"),
    ],
)
async def test_a_key_that_cannot_be_given_is_refused_in_one_line(
    portal: Database,
    business_id: str,
    account: str,
    secret: str | None,
    refusal: type[organisations.NotPossible],
    says: str,
) -> None:
    async def give() -> None:
        key = await organisations.new_key(account, secret)
        async with portal.transaction() as tx:
            await organisations.add_key(tx, business_id, key)

    with pytest.raises(refusal, match=says):
        await give()


async def test_an_account_of_another_organisation_is_refused(portal: Database) -> None:
    key = await organisations.new_key("shop")
    async with portal.transaction() as tx:
        await organisations.add_organisation(tx, SUPPLIER, "Supplier", ["supplier"])
        with pytest.raises(organisations.AccountTaken, match="shop belongs to another"):
            await organisations.add_key(tx, SUPPLIER, key)


async def make_older(portal: Database, days: float) -> None:
    """Let time go by for the signing keys."""
    async with portal.transaction() as tx:
        await tx.execute(
            "UPDATE token_signing_keys SET signs_from = signs_from - $1 * interval '1 day',"
            " expires_at = expires_at - $1 * interval '1 day'",
            days,
        )


async def signs_now(portal: Database) -> domain.SigningKey:
    async with portal.transaction() as tx:
        key = domain.key_that_signs(await store.signing_keys(tx), await tx.now())
    assert key is not None
    return key


async def test_a_new_key_is_announced_before_it_signs_and_the_old_one_outlives_its_tokens(
    portal: Database, settings: Settings
) -> None:
    await upkeep.keep(portal, settings)
    old = await signs_now(portal)
    await make_older(portal, 29.9)
    await upkeep.keep(portal, settings)
    assert len(await said(portal, TokenKeysChanged)) == 1

    await make_older(portal, 0.1)
    await upkeep.keep(portal, settings)
    first, second = await said(portal, TokenKeysChanged)
    assert [key.key_id for key in first.keys] == [old.key_id]
    assert second.version > first.version
    of_old, of_new = second.keys
    assert (of_old.key_id, of_new.expires_at) == (old.key_id, None)
    assert (await signs_now(portal)).key_id == old.key_id
    async with portal.transaction() as tx:
        new = (await store.signing_keys(tx))[1]
        announced = "SELECT signs_from - created_at FROM token_signing_keys WHERE key_id = $1"
        assert await tx.fetch_value(announced, new.key_id) == timedelta(minutes=2)
    assert of_old.expires_at is not None
    assert (of_old.expires_at - new.signs_from).total_seconds() == settings.token_seconds + 60

    await make_older(portal, 121 / 86_400)
    assert (await signs_now(portal)).key_id == of_new.key_id
    await make_older(portal, 1)
    await upkeep.keep(portal, settings)
    async with portal.transaction() as tx:
        assert await tx.fetch_value("SELECT array_agg(key_id) FROM token_signing_keys") == [of_new.key_id]
    assert len(await said(portal, TokenKeysChanged)) == 2


async def test_replicas_make_one_key_between_them(portal: Database, settings: Settings) -> None:
    for _ in range(2):
        await asyncio.gather(*(upkeep.keep(portal, settings) for _ in range(6)))
        await make_older(portal, 30)
    assert [len(event.keys) for event in await said(portal, TokenKeysChanged)] == [1, 2]


async def test_each_start_announces_the_same_keys_again(portal: Database, settings: Settings, service: Service) -> None:
    service._database = portal
    part = Upkeep(settings)
    await part.start(service)
    await part.stop()
    first, again = await said(portal, TokenKeysChanged)
    assert again.keys == first.keys
    assert again.version > first.version


async def caller_at(service_of_schema: Database, token: str) -> auth.Caller:
    """Who a request with this token is from, to another service."""
    other = FastAPI()
    other.state.token_keys = auth.TokenKeys(service_of_schema)
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return await auth.caller_of(Request({"type": "http", "app": other, "headers": headers}))


async def test_a_token_is_known_to_every_service_that_took_the_announcement(
    database: str, portal: Database, service: Service, settings: Settings
) -> None:
    verifier = service.app.state.verifier
    token = await tokens.token_for(portal, verifier, settings, "shop", SECRET, "198.51.100.7")
    router = await Database.connect(database, "router")
    with pytest.raises(problems.Refused, match="key that is not valid here"):
        await caller_at(router, token.access_token)

    taken = Subscriptions()
    taken.on(TokenKeysChanged)(auth.keep_token_keys)
    (inbox,) = taken.inboxes("router", router, settings)
    await inbox.take([builders.record(event) for event in await said(portal, TokenKeysChanged)])
    caller = await caller_at(router, token.access_token)
    assert caller == auth.Caller("shop", SHOP, frozenset({"retailer"}))

    await make_older(portal, 30)
    await upkeep.keep(portal, settings)
    await make_older(portal, 121 / 86_400)
    later = await tokens.token_for(portal, verifier, settings, "shop", SECRET, "198.51.100.7")
    await inbox.take([builders.record(event) for event in await said(portal, TokenKeysChanged)])
    for good in (token, later):
        assert (await caller_at(router, good.access_token)).organisation == SHOP
    await router.close()


async def test_without_a_signing_key_no_token_is_given(portal: Database, settings: Settings) -> None:
    verifier = Verifier()
    with pytest.raises(tokens.NoSigningKey):
        await tokens.token_for(portal, verifier, settings, "shop", SECRET, "198.51.100.7")
    await verifier.stop()


class LockedMeanwhile(Verifier):
    """Verifies as ever, but others guess wrong five times before it says so."""

    def __init__(self, portal: Database, settings: Settings) -> None:
        super().__init__()
        self.portal, self.settings = portal, settings

    async def matches(self, secret_hash: str | None, secret: str) -> bool:
        """The verdict, late."""
        verdict = await super().matches(secret_hash, secret)
        guesser = Verifier()
        for number in range(5):
            with pytest.raises(tokens.BadCredentials):
                await tokens.token_for(self.portal, guesser, self.settings, "shop", f"wrong {number}", "198.51.100.7")
        await guesser.stop()
        return verdict


async def test_a_right_secret_is_refused_when_the_key_was_locked_while_it_was_verified(
    portal: Database, settings: Settings, service: Service
) -> None:
    verifier = LockedMeanwhile(portal, settings)
    with pytest.raises(tokens.BadCredentials):
        await tokens.token_for(portal, verifier, settings, "shop", SECRET, "198.51.100.7")
    await verifier.stop()


async def test_secrets_are_verified_a_bounded_number_at_a_time() -> None:
    verifier = Verifier(workers=1, waiting=1)
    kept = hashed(SECRET)
    answers = await asyncio.gather(
        *(verifier.matches(kept, secret) for secret in (SECRET, SECRET, "wrong", SECRET, "one too many")),
        return_exceptions=True,
    )
    assert answers[:4] == [True, True, False, True]
    assert isinstance(answers[4], Busy)
    assert await verifier.matches(kept, SECRET)
    assert not await verifier.matches(None, SECRET)
    await verifier.stop()


def test_the_hash_of_a_secret_says_the_cost_we_promise() -> None:
    assert hashed(SECRET).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hashed(SECRET) != hashed(SECRET)
