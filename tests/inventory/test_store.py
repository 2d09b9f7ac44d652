"""What the database itself refuses, and who sees which rows."""

import asyncpg
import pytest

from inventory import store
from shared.postgres import Transaction
from tests.inventory import orders
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import Parties


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE balances SET quantity = quantity - 100",
        "UPDATE balances SET allocated = allocated - 100",
        "UPDATE allocations SET quantity = -1",
        "UPDATE allocations SET delivered = 2, returned = 1",
        "UPDATE products SET status = 'EOS'",
        "INSERT INTO settlements SELECT * FROM settlements",
        "INSERT INTO allocations SELECT * FROM allocations",
    ],
)
async def test_the_database_refuses_what_can_never_be_true(parties: Parties, wrong: str) -> None:
    await parties.publish({"W": {"A": 10}})
    await parties.allocate(orders.order(orders.row("1", 2, "W/A")))
    with pytest.raises((asyncpg.CheckViolationError, asyncpg.UniqueViolationError)):
        async with parties.stock.transaction() as tx:
            await tx.execute(wrong)


async def rows_of(tx: Transaction, table: str) -> int:
    counted: int = await tx.fetch_value(f"SELECT count(*) FROM {table}")
    return counted


@pytest.mark.parametrize(
    ("organisation", "catalogues", "products", "balances", "allocations"),
    [(SUPPLIER, 2, 2, 3, 1), (SHOP, 1, 2, 2, 0), (OTHER_SHOP, 1, 1, 1, 0), ("2222222-2", 0, 0, 0, 0), ("", 0, 0, 0, 0)],
)
async def test_each_party_sees_its_own_rows_only(
    parties: Parties, organisation: str, catalogues: int, products: int, balances: int, allocations: int
) -> None:
    await parties.publish({"W": {"A": 10, "B": 10}})
    await parties.publish({"V": {"A": 10}}, retailer=OTHER_SHOP)
    await parties.allocate(orders.order(orders.row("1", 2, "W/A")))
    async with parties.stock.transaction_of(organisation) as tx:
        assert await rows_of(tx, "catalogues") == catalogues
        assert await rows_of(tx, "products") == products
        assert await rows_of(tx, "balances") == balances
        assert await rows_of(tx, "allocations") == allocations


@pytest.mark.parametrize("statement", ["UPDATE balances SET quantity = 999", "UPDATE allocations SET counted = false"])
async def test_a_shop_cannot_write_into_its_suppliers_stock(parties: Parties, statement: str) -> None:
    await parties.publish({"W": {"A": 10}})
    await parties.allocate(orders.order(orders.row("1", 2, "W/A")))
    async with parties.stock.transaction_of(SHOP) as tx:
        assert await tx.execute(statement) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM settlements",
        "SELECT * FROM inbox",
        "DELETE FROM balances",
        "DELETE FROM catalogues",
        "DELETE FROM products",
        "DELETE FROM allocations",
        "INSERT INTO waiting (order_id, row_id, lot, retailer_id, placed_at, place, balance_id, open)"
        " SELECT gen_random_uuid(), '1', 1, retailer_id, now(), 0, id, 1 FROM balances",
        "INSERT INTO waiting_places (waiting_id, balance_id, supplier_id, rank)"
        " SELECT 1, id, supplier_id, 0 FROM balances",
        "DELETE FROM waiting_places",
    ],
)
async def test_the_interface_has_no_business_with_some_things(parties: Parties, statement: str) -> None:
    await parties.publish({"W": {"A": 10}})
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with parties.stock.transaction_of(SUPPLIER) as tx:
            await tx.execute(statement)


async def test_a_page_past_the_end_is_empty_and_still_counts(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10, "B": 10, "C": 10}})
    async with parties.stock.transaction_of(SHOP) as tx:
        shown, seen = store.Shown(retailer_id=SHOP), store.Seen(SHOP, catalogue_id="W")
        assert (await store.count_balances(tx, shown), await store.count_products(tx, seen)) == (3, (0, 3))
        assert await store.balances_page(tx, shown, limit=2, offset=4) == []
        assert await store.shown_products_page(tx, seen, limit=2, offset=4) == []
        assert await store.count_catalogue_products(tx, seen) == 3
        page = await store.catalogue_products_page(tx, seen, limit=2, offset=2)
    assert [row["external_id"] for row in page] == ["C"]
