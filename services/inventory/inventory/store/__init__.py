"""Inventory's SQL, one function for each statement."""

from inventory.store.allocations import (
    allocations_of,
    release_allocations,
    save_allocations,
    save_settlements,
    settle_allocations,
    settlements_of,
)
from inventory.store.balances import (
    balance_ids_for_update,
    balances_for_update,
    balances_of_products,
    balances_page,
    insert_listings,
    listings_for_update,
    return_stock,
    take_stock,
    update_listings,
)
from inventory.store.books import Discrepancy, Promised, books, promised, settled_orders
from inventory.store.catalogues import (
    StoredCatalogue,
    catalogue,
    catalogue_for_update,
    catalogues_page,
    catalogues_supplied,
    save_catalogue,
)
from inventory.store.products import (
    catalogue_products_page,
    change_one_at_a_time,
    products_named,
    products_page,
    save_products,
)

__all__ = [
    "Discrepancy",
    "Promised",
    "StoredCatalogue",
    "allocations_of",
    "balance_ids_for_update",
    "balances_for_update",
    "balances_of_products",
    "balances_page",
    "books",
    "catalogue",
    "catalogue_for_update",
    "catalogue_products_page",
    "catalogues_page",
    "catalogues_supplied",
    "change_one_at_a_time",
    "insert_listings",
    "listings_for_update",
    "products_named",
    "products_page",
    "promised",
    "release_allocations",
    "return_stock",
    "save_allocations",
    "save_catalogue",
    "save_products",
    "save_settlements",
    "settle_allocations",
    "settled_orders",
    "settlements_of",
    "take_stock",
    "update_listings",
]
