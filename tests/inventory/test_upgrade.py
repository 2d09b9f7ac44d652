"""A database from before catalogues were agreed by both sides is brought up to date with all that is in it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inventory import store
from inventory.store import Wanted
from shared import schema
from shared.postgres import Database
from tests import servers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER

BEFORE = "1002"
MIGRATIONS = schema.migrations_of("inventory")

IN_USE = f"""
INSERT INTO catalogues (retailer_id, external_id, supplier_id, catalogue_type, public) VALUES
    ('{SHOP}', 'W', '{SUPPLIER}', 'Catalog', true), ('{SHOP}', 'OWN', '{SHOP}', 'Catalog', true);
INSERT INTO products (supplier_id, external_id, status, document) VALUES
    ('{SUPPLIER}', 'A', 'ACTIVE', '{{"externalId": "A", "isFragile": true}}'), ('{SHOP}', 'B', 'ACTIVE', '{{}}');
INSERT INTO balances (retailer_id, catalogue_id, supplier_id, product_id, quantity, supplied) VALUES
    ('{SHOP}', 'W', '{SUPPLIER}', 'A', 5, 5), ('{SHOP}', 'OWN', '{SHOP}', 'B', 3, 3);
"""


@pytest.fixture
async def upgraded(postgres_server: servers.Database, tmp_path: Path) -> AsyncIterator[Database]:
    """Inventory's database: used with the migrations of that time, then brought up to date."""
    for file in MIGRATIONS.glob("*.sql"):
        if file.name[:4] <= BEFORE:
            shutil.copy(file, tmp_path)
    async with servers.clone(postgres_server.dsn, "template1") as dsn:
        await schema.migrate(dsn, "inventory", tmp_path)
        opened = await Database.connect(dsn, "inventory")
        async with opened.transaction() as tx:
            await tx.connection.execute(IN_USE)
        await schema.migrate(dsn, "inventory", MIGRATIONS)
        await opened.close()
        opened = await Database.connect(dsn, "inventory")
        yield opened
        await opened.close()


async def test_catalogues_that_were_used_go_on_being_used(upgraded: Database) -> None:
    async with upgraded.transaction_of(SHOP) as tx:
        found = await store.catalogues_page(tx, Wanted(SHOP), limit=9, offset=0)
        assert [(one.external_id, one.news.active) for one in found] == [("OWN", True), ("W", True)]
        assert await tx.fetch_value("SELECT sum(quantity) FROM balances") == 8
        assert await store.books(tx) == []


async def test_nothing_is_shown_to_others_because_of_a_word_that_meant_nothing(upgraded: Database) -> None:
    async with upgraded.transaction_of(OTHER_SHOP) as tx:
        for table in ("catalogues", "products", "public_listings", "balances"):
            assert await tx.fetch_value(f"SELECT count(*) FROM {table}") == 0
    # A public catalogue is changed by suppliers only: its owner, a shop, could not even close it.
    async with upgraded.transaction_of(SHOP) as tx:
        assert not any(one.public for one in await store.catalogues_page(tx, Wanted(SHOP), limit=9, offset=0))
