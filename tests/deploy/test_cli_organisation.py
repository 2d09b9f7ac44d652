"""`sluice organisation` and `sluice key`: who takes part, and with which keys."""

import json
from collections.abc import AsyncIterator

import pytest

from shared.postgres import Database
from tests.deploy.commands import sluice

BOOTS = "0109357-9"
SECRET = "correct horse battery staple"


@pytest.fixture
async def portal(database: str) -> AsyncIterator[Database]:
    opened = await Database.connect(database, "portal", size=2)
    yield opened
    await opened.close()


async def add_boots(database: str) -> None:
    answer = await sluice(
        *("organisation", "add", BOOTS, "--name", "Boots [bold]Oy", "--role", "supplier", "--email", "a@boots.example"),
        SLUICE_DATABASE=database,
    )
    assert (answer.exit_code, answer.stdout) == (0, f"{BOOTS} is Boots [bold]Oy (supplier).\n")


async def test_an_organisation_that_was_added_is_listed(database: str) -> None:
    await add_boots(database)
    listed = await sluice("organisation", "list", SLUICE_DATABASE=database)
    assert listed.exit_code == 0
    assert f"{BOOTS}     Boots [bold]Oy   supplier   a@boots.example   en" in listed.stdout


async def test_every_service_hears_of_an_organisation_that_was_added(database: str, portal: Database) -> None:
    await add_boots(database)
    async with portal.transaction() as tx:
        (message,) = await tx.fetch("SELECT topic, key FROM outbox")
    assert (message["topic"], message["key"]) == ("portal.organisation-changed.v1", BOOTS)


async def test_adding_an_organisation_again_changes_it(database: str) -> None:
    await add_boots(database)
    more = ("--role", "retailer", "--role", "supplier", "--language", "fi", "--json")
    changed = await sluice("organisation", "add", BOOTS, "--name", "Boots", *more, SLUICE_DATABASE=database)
    saved = json.loads(changed.stdout)
    assert (saved["name"], saved["roles"], saved["email"], saved["language"], saved["version"]) == (
        "Boots",
        ["retailer", "supplier"],
        None,
        "fi",
        2,
    )
    assert json.loads((await sluice("organisation", "list", "--json", SLUICE_DATABASE=database)).stdout) == [saved]


async def test_everything_that_is_wrong_with_an_organisation_is_named_in_one_line(database: str) -> None:
    wrong = ("organisation", "add", "0109357-8", "--name", "Boots", "--role", "shop")
    answer = await sluice(*wrong, SLUICE_DATABASE=database)
    assert answer.exit_code == 2
    (line,) = answer.stderr.splitlines()
    assert "businessId: is not a business id: its check digit would be 9" in line
    assert "roles[0]" in line


async def test_a_key_that_was_given_opens_and_once_revoked_does_not(database: str, portal: Database) -> None:
    await add_boots(database)
    given = await sluice("key", "add", BOOTS, "--account", "boots-api", "--json", SLUICE_DATABASE=database)
    key = json.loads(given.stdout)
    assert (key["business_id"], key["account"]) == (BOOTS, "boots-api")
    assert len(key["secret"]) > 40

    revoked = await sluice("key", "revoke", "boots-api", SLUICE_DATABASE=database)
    assert (revoked.exit_code, revoked.stdout) == (0, f"The key boots-api of {BOOTS} is revoked.\n")
    async with portal.transaction() as tx:
        assert await tx.fetch_value("SELECT revoked_at IS NOT NULL FROM api_keys WHERE account = 'boots-api'")
    again = await sluice("key", "revoke", "boots-api", SLUICE_DATABASE=database)
    assert (again.exit_code, again.stderr) == (1, "There is no key boots-api that is not revoked already.\n")


async def test_a_key_may_have_a_secret_of_ones_own(database: str, portal: Database) -> None:
    await add_boots(database)
    given = await sluice("key", "add", BOOTS, "--account", "boots", "--secret", SECRET, SLUICE_DATABASE=database)
    assert given.exit_code == 0
    async with portal.transaction() as tx:
        secret_hash = await tx.fetch_value("SELECT secret_hash FROM api_keys WHERE account = 'boots'")
    assert SECRET not in secret_hash
    assert secret_hash.startswith("$argon2id$")


async def test_a_key_for_nobody_is_refused(database: str) -> None:
    answer = await sluice("key", "add", BOOTS, "--account", "boots", SLUICE_DATABASE=database)
    assert (answer.exit_code, answer.stderr) == (1, f"There is no organisation {BOOTS}.\n")
