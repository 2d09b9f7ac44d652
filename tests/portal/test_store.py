import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from portal import domain, store
from portal.domain import Counter, SigningKey, Tries
from shared.postgres import Database
from tests.portal.conftest import SHOP, SUPPLIER

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def test_the_version_of_an_organisation_counts_its_changes(portal: Database) -> None:
    async with portal.transaction() as tx:
        added = await store.save_organisation(tx, SUPPLIER, "Supplier", ["supplier"], None, "fi")
        same = await store.save_organisation(tx, SUPPLIER, "Supplier", ["supplier"], None, "fi")
        changed = await store.save_organisation(tx, SUPPLIER, "Supplier", ["supplier"], "a@b.fi", "fi")
    assert added is not None
    assert changed is not None
    assert (added["version"], same, changed["version"], changed["email"]) == (1, None, 2, "a@b.fi")


async def test_the_api_role_sees_its_own_organisation_only(portal: Database) -> None:
    async with portal.transaction() as tx:
        await store.save_organisation(tx, SUPPLIER, "Supplier", ["supplier"], None, "fi")
    async with portal.transaction_of(SHOP) as tx:
        assert await store.organisation(tx, SUPPLIER) is None
        assert [row["business_id"] for row in await store.organisations(tx, limit=9, offset=0)] == [SHOP]


async def test_the_api_role_gets_at_nothing_that_lets_anyone_in(portal: Database) -> None:
    for statement in (
        "SELECT secret_hash FROM api_keys",
        "SELECT private_key FROM token_signing_keys",
        "SELECT tries FROM bad_tries",
        "UPDATE organisations SET roles = ARRAY['operator']",
        "DELETE FROM organisations",
        "SELECT nextval('token_keys_version')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with portal.transaction_of(SHOP) as tx:
                await tx.execute(statement)


async def test_an_account_stays_with_its_organisation(portal: Database) -> None:
    async with portal.transaction() as tx:
        await store.save_organisation(tx, SUPPLIER, "Supplier", ["supplier"], None, "fi")
        assert not await store.save_key(tx, SUPPLIER, "shop", "$argon2id$other")
        assert not await store.revoke_key(tx, SUPPLIER, "shop")
        key = await store.key(tx, "shop")
    assert key is not None
    assert key["business_id"] == SHOP


async def test_bad_tries_in_parallel_are_all_counted(portal: Database) -> None:
    counters = domain.limits("shop", "198.51.100.7")

    async def count_one() -> None:
        async with portal.transaction() as tx:
            await store.begin_counting(tx, counters)
            before = await store.bad_tries_for_update(tx, counters)
            await store.save_bad_tries(tx, {c: Tries(tries.count + 1, NOON) for c, tries in before.items()})

    await asyncio.gather(*(count_one() for _ in range(40)))
    async with portal.transaction() as tx:
        assert await store.bad_tries(tx, counters) == {counter: Tries(40, NOON) for counter in counters}


async def test_old_counters_are_forgotten_and_locks_are_not(portal: Database) -> None:
    async with portal.transaction() as tx:
        now = await tx.now()
        old = now - timedelta(hours=3)
        kept = {
            Counter("recent", "a"): Tries(1, now - timedelta(hours=1)),
            Counter("locked", "a"): Tries(5, old, now + timedelta(minutes=1)),
        }
        gone = {
            Counter("old", "a"): Tries(4, old),
            Counter("unlocked", "a"): Tries(5, old, now - timedelta(seconds=1)),
        }
        await store.begin_counting(tx, [*kept, *gone])
        await store.save_bad_tries(tx, kept | gone)
        assert await store.forget_bad_tries(tx, timedelta(hours=2)) == 2
        assert await store.bad_tries(tx, [*kept, *gone]) == kept


async def test_only_one_signing_key_has_no_end(portal: Database) -> None:
    async with portal.transaction() as tx:
        await store.save_signing_key(tx, SigningKey("one", "private", "public", NOON))
    with pytest.raises(asyncpg.UniqueViolationError):
        async with portal.transaction() as tx:
            await store.save_signing_key(tx, SigningKey("two", "private", "public", NOON))


async def test_the_use_of_a_key_is_noted_to_the_minute(portal: Database) -> None:
    async with portal.transaction() as tx:
        await store.note_use_of_key(tx, "shop")
    async with portal.transaction() as tx:
        first = (await store.keys_of(tx, SHOP))[0]["last_used_at"]
        await store.note_use_of_key(tx, "shop")
        assert (await store.keys_of(tx, SHOP))[0]["last_used_at"] == first
