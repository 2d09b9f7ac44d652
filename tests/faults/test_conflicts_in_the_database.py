"""What PostgreSQL takes back because two got in each other's way is done again, and nothing is parked."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from shared import postgres
from shared.contracts import Message, OrganisationChanged
from shared.inbox import Inbox
from shared.postgres import Database, Transaction
from tests import builders


@pytest.fixture
async def house(database: str) -> AsyncIterator[Database]:
    """The database of a service."""
    opened = await Database.connect(database, "router")
    yield opened
    await opened.close()


def organisation(name: str) -> OrganisationChanged:
    return OrganisationChanged(business_id=name, name=name, roles=("supplier",), version=1)


async def parked(house: Database) -> int:
    async with house.transaction() as tx:
        count: int = await tx.fetch_value("SELECT count(*) FROM parked")
        return count


async def lock(tx: Transaction, name: str) -> None:
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext($1))", name)


async def test_a_batch_that_lost_a_deadlock_is_done_again(house: Database, database: str) -> None:
    attempts = 0
    mine, theirs = asyncio.Event(), asyncio.Event()

    async def cross(messages: Sequence[Message], tx: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await lock(tx, "one")
        mine.set()
        await theirs.wait()
        await lock(tx, "other")

    async def come_from_the_other_side() -> None:
        # It never looks for a deadlock itself, so that the handler is the one to lose.
        opponent = await asyncpg.connect(database, server_settings={"deadlock_timeout": "60s"})
        async with opponent.transaction():
            await opponent.execute("SELECT pg_advisory_xact_lock(hashtext('other'))")
            theirs.set()
            await mine.wait()
            await opponent.execute("SELECT pg_advisory_xact_lock(hashtext('one'))")
        await opponent.close()

    inbox = Inbox("router", house, OrganisationChanged, cross)
    await asyncio.gather(inbox.take([builders.record(organisation("a"))]), come_from_the_other_side())
    assert attempts == 2
    assert await parked(house) == 0


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03", "57014"])
async def test_a_batch_that_postgresql_refuses_for_now_is_done_again(house: Database, code: str) -> None:
    attempts = 0

    async def collide(messages: Sequence[Message], tx: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            await tx.execute(f"DO $$ BEGIN RAISE 'not now' USING ERRCODE = '{code}'; END $$")

    await Inbox("router", house, OrganisationChanged, collide).take([builders.record(organisation("a"))])
    assert attempts == 3
    assert await parked(house) == 0


@pytest.mark.parametrize("error", [asyncpg.InternalClientError, asyncpg.InterfaceError, ConnectionResetError])
def test_a_connection_cut_at_the_worst_moment_is_a_database_that_is_away(error: type[Exception]) -> None:
    assert postgres.is_away(error("cannot switch to state 12; another operation (2) is in progress"))
