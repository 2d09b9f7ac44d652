"""A database from before orders could change is brought up to date with all that is in it."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import orjson
import pytest
import uuid_utils.compat as uuid_utils

from order_intake import store
from order_intake.store import Wanted
from shared import schema
from shared.postgres import Database
from tests import servers
from tests.order_intake.orders import SHOP, document

BEFORE = "1001"
EIGHT = datetime(2026, 1, 2, 8, tzinfo=UTC)
MIGRATIONS = schema.migrations_of("order_intake")

PLACED = (
    document("A-1", references=[{"name": "SO", "value": "7"}]),
    document("A-2", orderDate="2026-01-02T08:00+20:00", metadata={"documentTyepe": "SalesOrder"}),
    document("A-3", orderDate="2026-01-02T08:00:00"),
)
"""As clients write them. PostgreSQL knows no offset of twenty hours, and takes a moment without one for its own."""


@pytest.fixture
async def upgraded(postgres_server: servers.Database, tmp_path: Path) -> AsyncIterator[Database]:
    """The order book's database: used with the migrations of that time, then brought up to date."""
    for file in MIGRATIONS.glob("*.sql"):
        if file.name[:4] <= BEFORE:
            shutil.copy(file, tmp_path)
    async with servers.clone(postgres_server.dsn, "template1") as dsn:
        owner = await asyncpg.connect(dsn)
        name = await owner.fetchval("SELECT current_database()")
        await owner.execute(f"ALTER DATABASE {name} SET timezone = 'Europe/Helsinki'")
        await owner.close()
        await schema.migrate(dsn, "order_intake", tmp_path)
        opened = await Database.connect(dsn, "order_intake")
        async with opened.transaction() as tx:
            for order in PLACED:
                await tx.execute(
                    "INSERT INTO orders (id, retailer_id, external_id, posted, placed_at, updated_at)"
                    " VALUES ($1, $2, $3, $4, now(), now())",
                    *(uuid_utils.uuid7(), SHOP, order["externalId"], orjson.dumps(order)),
                )
        await opened.close()
        await schema.migrate(dsn, "order_intake", MIGRATIONS)
        opened = await Database.connect(dsn, "order_intake")
        yield opened
        await opened.close()


async def test_orders_of_before_are_found_by_what_they_say(upgraded: Database) -> None:
    async with upgraded.transaction() as tx:
        for wanted, found in (
            (Wanted(SHOP), ["A-1", "A-2", "A-3"]),
            (Wanted(SHOP, reference=("SO", "7")), ["A-1"]),
            (Wanted(SHOP, reference=("PO", "A-3")), ["A-3"]),
            (Wanted(SHOP, document_type="SalesOrder"), ["A-2"]),
            (Wanted(SHOP, dated_from=EIGHT, dated_to=EIGHT), ["A-3"]),
        ):
            assert sorted(await store.find_orders(tx, wanted, limit=9, offset=0)) == found
