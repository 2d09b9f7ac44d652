"""The house's database rules: what a tenant may see, and what every schema must have."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from shared import postgres, retention
from shared.postgres import Database
from tests import servers

ONE, OTHER = "1234567-1", "2345678-9"
ROOT = Path(__file__).parents[2]
LASTING = re.compile(
    r"""["']SET (?!LOCAL|TRANSACTION)|set_config\([^)]*,\s*false\)|advisory_lock\(|["']LISTEN |CREATE TEMP"""
)
"""What outlives the transaction that says it."""
OF_ITS_OWN = {"shared/shared/outbox.py"}
"""Where that is said on a connection that is never given back: the relay's."""


@pytest.fixture
async def ours(house: Database) -> Database:
    """A database with a table of two organisations' data."""
    async with house.transaction() as tx:
        await tx.execute("CREATE TABLE things (organisation text, name text)")
        await tx.execute("ALTER TABLE things ENABLE ROW LEVEL SECURITY")
        await tx.execute(
            "CREATE POLICY own ON things USING (organisation = (SELECT current_setting('sluice.organisation', true)))"
        )
        await tx.execute("INSERT INTO things VALUES ($1, 'a'), ($2, 'b')", ONE, OTHER)
    return house


async def names(database: Database, organisation: str | None) -> list[str]:
    bound = database.transaction() if organisation is None else database.transaction_of(organisation)
    async with bound as tx:
        return [row["name"] for row in await tx.fetch("SELECT name FROM things ORDER BY name")]


async def test_a_transaction_of_an_organisation_sees_its_rows_only(ours: Database) -> None:
    assert await names(ours, ONE) == ["a"]
    assert await names(ours, OTHER) == ["b"]
    assert await names(ours, "") == []
    assert await names(ours, None) == ["a", "b"]


async def test_a_transaction_of_an_organisation_cannot_write_anothers_rows(ours: Database) -> None:
    async with ours.transaction_of(ONE) as tx:
        assert await tx.execute("UPDATE things SET name = 'mine' WHERE organisation = $1", OTHER) == 0
        assert await tx.execute("DELETE FROM things WHERE organisation = $1", OTHER) == 0
    assert await names(ours, OTHER) == ["b"]


async def insert_for(database: Database, organisation: str, owner: str) -> None:
    async with database.transaction_of(organisation) as tx:
        await tx.execute("INSERT INTO things VALUES ($1, 'x')", owner)


async def test_a_transaction_of_an_organisation_cannot_make_rows_for_another(ours: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await insert_for(ours, ONE, OTHER)
    await insert_for(ours, ONE, ONE)
    assert await names(ours, ONE) == ["a", "x"]


async def test_a_connection_does_not_remember_the_organisation_before(database: str) -> None:
    single = await Database.connect(database, "router", size=1)
    async with single.transaction_of(ONE) as tx:
        assert await tx.fetch_value("SELECT current_user") == "sluice_router_api"
    async with single.transaction() as tx:
        assert await tx.fetch_value("SELECT current_user") == "sluice_router"
        assert await tx.fetch_value("SELECT current_setting('sluice.organisation', true)") in (None, "")
    await single.close()


@pytest.mark.parametrize("how", ["fails", "is cancelled"])
async def test_a_connection_remembers_nothing_of_a_transaction_that(database: str, how: str) -> None:
    single = await Database.connect(database, "router", size=1)
    begun = asyncio.Event()

    async def end_badly() -> None:
        async with single.transaction_of(ONE) as tx:
            await tx.execute("SELECT pg_advisory_xact_lock(1), set_config('lock_timeout', '77s', true)")
            begun.set()
            await tx.execute("SELECT 1 / 0" if how == "fails" else "SELECT pg_sleep(20)")

    ending = asyncio.create_task(end_badly())
    await begun.wait()
    if how == "is cancelled":
        ending.cancel()
    with pytest.raises((asyncio.CancelledError, asyncpg.DivisionByZeroError)):
        await ending
    async with single.transaction() as tx:
        left = await tx.fetch_one(
            "SELECT current_user AS role, current_setting('lock_timeout') AS patience,"
            " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,"
            " coalesce(current_setting('sluice.organisation', true), '') AS organisation"
        )
    assert left is not None
    assert (left["role"], left["patience"], left["locks"], left["organisation"]) == ("sluice_router", "3s", 0, "")
    await single.close()


def test_what_services_set_and_lock_ends_with_their_transaction() -> None:
    sources = [file for folder in ("shared", "services") for file in (ROOT / folder).rglob("*.py")]
    found = {str(file.relative_to(ROOT)) for file in sources if LASTING.search(file.read_text())}
    assert len(sources) > 300
    assert found == OF_ITS_OWN


async def fail(database: Database) -> None:
    async with database.transaction() as tx:
        tx.after_commit.append(lambda: pytest.fail("nothing was committed"))
        await tx.execute("INSERT INTO things VALUES ('x', 'x')")
        await tx.execute("SELECT 1 / 0")


async def test_what_was_to_happen_after_a_commit_happens_only_after_a_commit(ours: Database) -> None:
    happened = []
    with pytest.raises(asyncpg.DivisionByZeroError):
        await fail(ours)
    async with ours.transaction() as tx:
        tx.after_commit.append(lambda: happened.append("after"))
        assert await tx.execute("INSERT INTO things VALUES ('x', 'y')") == 1
        assert not happened
    assert happened == ["after"]
    assert await names(ours, "x") == ["y"]


async def test_a_database_that_is_gone_does_not_answer(house: Database) -> None:
    assert await house.answers()
    await house.close()
    assert not await house.answers()


def test_rows_become_columns() -> None:
    assert postgres.columns([(1, "a"), (2, "b")], 2) == [[1, 2], ["a", "b"]]
    assert postgres.columns([], 3) == [[], [], []]


@pytest.fixture
async def catalogue(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A look at all schemas, with the partitions that a running service makes."""
    for schema in servers.SERVICES:
        opened = await Database.connect(database, schema)
        await retention.prepare(opened, 7)
        await opened.close()
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


TABLES = """
    SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p', 'v', 'm') AND
"""


FOR_EVERYBODY = ["router.carrier_links", "router.delivery_services", "router.number_series", "router.pickup_points"]
"""What carriers offer is nobody's secret. The API may only read it, and move a series on."""


async def test_every_table_the_api_can_read_is_bound_to_the_organisation(catalogue: asyncpg.Connection) -> None:
    readable = "has_any_column_privilege('sluice_' || n.nspname || '_api', c.oid, 'SELECT, INSERT, UPDATE')"
    tables = await catalogue.fetch(
        f"{TABLES} {readable} AND NOT c.relrowsecurity AND c.relname <> 'outbox'"
        " AND NOT (c.relkind = 'v' AND pg_get_viewdef(c.oid) LIKE '%sluice.organisation%') ORDER BY name",
        list(servers.SERVICES),
    )
    assert [row["name"] for row in tables] == FOR_EVERYBODY


async def test_the_api_writes_into_no_view(catalogue: asyncpg.Connection) -> None:
    tables = await catalogue.fetch(
        f"{TABLES} c.relkind = 'v'"
        " AND has_any_column_privilege('sluice_' || n.nspname || '_api', c.oid, 'INSERT, UPDATE')",
        list(servers.SERVICES),
    )
    assert [row["name"] for row in tables] == []


async def test_the_api_can_only_write_to_the_outbox(catalogue: asyncpg.Connection) -> None:
    tables = await catalogue.fetch(
        f"{TABLES} c.relname = 'outbox'"
        " AND has_any_column_privilege('sluice_' || n.nspname || '_api', c.oid, 'SELECT, UPDATE')",
        list(servers.SERVICES),
    )
    assert [row["name"] for row in tables] == []


async def test_every_policy_asks_for_the_organisation_or_for_a_row_that_does(catalogue: asyncpg.Connection) -> None:
    policies = await catalogue.fetch(
        "WITH policies AS (SELECT *, coalesce(qual, with_check) AS asks FROM pg_policies WHERE schemaname = ANY($1))"
        " SELECT schemaname || '.' || tablename AS name FROM policies WHERE asks NOT LIKE '%sluice.organisation%'"
        " AND NOT EXISTS (SELECT FROM policies AS parent WHERE parent.asks LIKE '%sluice.organisation%'"
        " AND parent.schemaname = policies.schemaname"
        " AND policies.asks ~ ('FROM (\\w+\\.)?' || parent.tablename || '\\M'))",
        list(servers.SERVICES),
    )
    assert [row["name"] for row in policies] == []


async def test_no_service_can_read_anothers_tables(catalogue: asyncpg.Connection) -> None:
    foreign = await catalogue.fetch(
        "SELECT o.name || ' reads ' || n.nspname || '.' || c.relname AS said FROM unnest($1::text[]) AS o (name)"
        " JOIN pg_namespace n ON n.nspname = ANY($1) AND n.nspname <> o.name"
        " JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')"
        " WHERE has_any_column_privilege('sluice_' || o.name, c.oid, 'SELECT, INSERT, UPDATE')",
        list(servers.SERVICES),
    )
    assert [row["said"] for row in foreign] == []
