"""A database from before catalogues were agreed and promises had lots is brought up to date with all that is in it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from inventory import handlers, store
from inventory.store import Wanted
from shared import schema
from shared.postgres import Database
from tests import servers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER, order, row, shipment

BEFORE = "1002"
MIGRATIONS = schema.migrations_of("inventory")

ORDER_ID = UUID(int=7)

IN_USE = f"""
INSERT INTO catalogues (retailer_id, external_id, supplier_id, catalogue_type, public) VALUES
    ('{SHOP}', 'W', '{SUPPLIER}', 'Catalog', true), ('{SHOP}', 'OWN', '{SHOP}', 'Catalog', true);
INSERT INTO products (supplier_id, external_id, status, document) VALUES
    ('{SUPPLIER}', 'A', 'ACTIVE', '{{"externalId": "A", "isFragile": true}}'), ('{SHOP}', 'B', 'ACTIVE', '{{}}');
INSERT INTO balances (retailer_id, catalogue_id, supplier_id, product_id, quantity, allocated, supplied) VALUES
    ('{SHOP}', 'W', '{SUPPLIER}', 'A', 5, 2, 7), ('{SHOP}', 'OWN', '{SHOP}', 'B', 3, 0, 3);
INSERT INTO allocations (order_id, row_id, balance_id, quantity) SELECT '{ORDER_ID}', '1', id, 2 FROM balances
    WHERE product_id = 'A';
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
    async with upgraded.transaction() as tx:
        assert await store.books(tx) == []


async def test_nothing_is_shown_to_others_because_of_a_word_that_meant_nothing(upgraded: Database) -> None:
    async with upgraded.transaction_of(OTHER_SHOP) as tx:
        for table in ("catalogues", "products", "public_listings", "balances"):
            assert await tx.fetch_value(f"SELECT count(*) FROM {table}") == 0
    # A public catalogue is changed by suppliers only: its owner, a shop, could not even close it.
    async with upgraded.transaction_of(SHOP) as tx:
        assert not any(one.public for one in await store.catalogues_page(tx, Wanted(SHOP), limit=9, offset=0))


async def test_promises_from_before_there_were_lots_are_settled_as_the_first(upgraded: Database) -> None:
    later = order(row("1", 3, "W/A"), order_id=ORDER_ID, round_=2)
    async with upgraded.transaction() as tx:
        await handlers.allocate_orders([later], tx)
        await handlers.settle_shipments([shipment(ORDER_ID, "W", ("1", "A", 2, 1), version=2, closed=True)], tx)
        kept = [(one.lot, int(one.quantity), int(one.delivered), int(one.returned)) for one in await store.promised(tx)]
        assert kept == [(1, 2, 1, 1), (2, 3, 0, 0)]
        assert await tx.fetch_value("SELECT quantity FROM balances WHERE product_id = 'A'") == 3
        assert await store.books(tx) == []


async def test_the_release_before_may_go_on_promising_while_the_new_one_starts(upgraded: Database) -> None:
    async with upgraded.transaction() as tx:
        await tx.execute(
            "INSERT INTO allocations (order_id, row_id, balance_id, quantity)"
            " SELECT gen_random_uuid(), '1', id, 1 FROM balances"
        )
        await tx.execute("UPDATE balances SET quantity = quantity - 1, allocated = allocated + 1")
        assert {one.lot for one in await store.promised(tx)} == {1}
        assert await store.books(tx) == []
