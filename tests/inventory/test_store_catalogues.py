"""Whose catalogues, public listings and balances the database shows, and to whom it lets them be written."""

import asyncpg
import pytest

from inventory import store
from inventory.domain import Activation
from inventory.store import Offered, StoredCatalogue, Wanted
from shared.postgres import Database
from tests.inventory.examples import STRANGER
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import CATALOGUES, INVENTORY, Parties


async def show(parties: Parties) -> None:
    """A public catalogue with a product, which one shop was approved for and the other asks for."""
    await parties.put(SUPPLIER, f"{CATALOGUES}/P", {"public": True})
    item = {"product": {"externalId": "A"}, "balances": [{"catalogExternalId": "P", "quantity": 10}]}
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []
    for shop in (SHOP, OTHER_SHOP):
        await parties.put(shop, f"{CATALOGUES}/P/activation", {"supplierId": SUPPLIER})
    await parties.put(SUPPLIER, f"{CATALOGUES}/P/activation", {"state": "active", "retailerId": SHOP})


async def rows_of(stock: Database, organisation: str, table: str) -> int:
    """How many rows of a table an organisation sees."""
    async with stock.transaction_of(organisation) as tx:
        counted: int = await tx.fetch_value(f"SELECT count(*) FROM {table}")
    return counted


@pytest.mark.parametrize(
    ("organisation", "catalogues", "products", "listings", "balances"),
    [
        (SUPPLIER, 3, 1, 1, 2),
        (SHOP, 2, 1, 1, 1),
        (OTHER_SHOP, 2, 1, 1, 0),
        (STRANGER, 1, 1, 1, 0),
        ("", 0, 0, 0, 0),
    ],
)
async def test_of_a_public_catalogue_all_see_the_products_and_only_its_two_sides_the_balances(
    parties: Parties, organisation: str, catalogues: int, products: int, listings: int, balances: int
) -> None:
    await show(parties)
    assert await rows_of(parties.stock, organisation, "catalogues") == catalogues
    assert await rows_of(parties.stock, organisation, "products") == products
    assert await rows_of(parties.stock, organisation, "public_listings") == listings
    assert await rows_of(parties.stock, organisation, "balances") == balances


async def test_a_closed_public_catalogue_is_seen_by_its_sides_only(parties: Parties) -> None:
    await show(parties)
    await parties.call(SUPPLIER, "DELETE", f"{CATALOGUES}/P")
    for table in ("catalogues", "products", "public_listings", "balances"):
        assert await rows_of(parties.stock, STRANGER, table) == 0
    assert await rows_of(parties.stock, SHOP, "catalogues") == 1
    assert await rows_of(parties.stock, SUPPLIER, "public_listings") == 1


@pytest.mark.parametrize("activation", ["requested", "declined", "withdrawn"])
async def test_the_balances_of_a_catalogue_that_is_not_active_are_its_suppliers(
    parties: Parties, activation: Activation
) -> None:
    await parties.publish({"W": {"A": 10}})
    async with parties.stock.transaction() as tx:
        await store.set_activation(tx, [(SHOP, "W")], activation)
    assert await rows_of(parties.stock, SHOP, "balances") == 0
    assert await rows_of(parties.stock, SHOP, "products") == 0
    assert await rows_of(parties.stock, SUPPLIER, "balances") == 1


@pytest.mark.parametrize("organisation", [OTHER_SHOP, STRANGER])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE catalogues SET activation = 'active' WHERE retailer_id <> current_setting('sluice.organisation')",
        "UPDATE catalogues SET name = 'x' WHERE retailer_id <> current_setting('sluice.organisation')",
        "DELETE FROM public_listings",
        "UPDATE public_listings SET catalogue_id = 'Q'",
        "UPDATE products SET name = 'x'",
    ],
)
async def test_who_may_look_at_a_public_catalogue_may_not_write_into_it(
    parties: Parties, organisation: str, statement: str
) -> None:
    await show(parties)
    async with parties.stock.transaction_of(organisation) as tx:
        assert await tx.execute(statement) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO public_listings (supplier_id, catalogue_id, product_id) VALUES ('0109357-9', 'Q', 'A')",
        "INSERT INTO catalogues (retailer_id, external_id, supplier_id, catalogue_type)"
        " VALUES ('0109357-9', 'Q', '1531864-4', 'Catalog')",
        "UPDATE catalogues SET retailer_id = '0109357-9' WHERE external_id = 'OWN'",
        "UPDATE catalogues SET supplier_id = '1531864-4' WHERE external_id = 'P'",
    ],
)
async def test_nobody_writes_in_anothers_name(parties: Parties, statement: str) -> None:
    await show(parties)
    await parties.open_catalogue("OWN", supplier=SHOP)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with parties.stock.transaction_of(SHOP) as tx:
            await tx.execute(statement)


async def test_a_catalogue_of_ones_own_is_always_active(parties: Parties) -> None:
    await parties.open_catalogue("OWN", supplier=SHOP)
    with pytest.raises(asyncpg.CheckViolationError):
        async with parties.stock.transaction() as tx:
            await store.set_activation(tx, [(SHOP, "OWN")], "withdrawn")


async def test_what_is_on_view_is_what_is_published_in_open_public_catalogues(parties: Parties) -> None:
    await show(parties)
    await parties.publish({"W": {"A": 1, "B": 1}})
    more = [{"product": {"externalId": name}, "balances": [{"catalogExternalId": "P"}]} for name in "BCD"]
    assert await parties.put(SUPPLIER, INVENTORY, more) == []
    for gone in ("A", "C"):
        await parties.call(SUPPLIER, "DELETE", f"{INVENTORY}/balances?productExternalId={gone}&catalogExternalId=P")
    async with parties.stock.transaction() as tx:
        shown = await store.public_product_ids(tx, SUPPLIER, "P")
        published = await tx.fetch(
            "SELECT product_id FROM balances WHERE retailer_id = supplier_id AND catalogue_id = 'P' AND published"
        )
        assert sorted(shown) == sorted(row["product_id"] for row in published) == ["B", "D"]


async def test_a_page_of_catalogues_past_the_end_is_empty_and_still_counts(parties: Parties) -> None:
    await show(parties)
    await parties.open_catalogue("W")
    async with parties.stock.transaction_of(SHOP) as tx:
        wanted = Wanted(SHOP)
        assert await store.count_catalogues(tx, wanted) == 2
        assert await store.catalogues_page(tx, wanted, limit=2, offset=2) == []
        assert await store.count_public_catalogues(tx, SHOP, None) == 1
        assert await store.public_catalogues_page(tx, SHOP, None, limit=2, offset=2) == []
        offered = Offered(SUPPLIER, "P")
        assert await store.count_public_products(tx, offered) == 1
        assert await store.public_products_page(tx, offered, limit=2, offset=2) == []


async def test_a_catalogue_that_is_there_is_not_made_again(parties: Parties) -> None:
    await parties.open_catalogue("W")
    made = StoredCatalogue(retailer_id=SHOP, external_id="W", supplier_id=STRANGER)
    async with parties.stock.transaction_of(SHOP) as tx:
        assert await store.insert_catalogue(tx, made) is None
        assert (await store.catalogue_for_update(tx, SHOP, "W") or made).supplier_id == SUPPLIER
