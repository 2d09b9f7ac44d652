"""Inventory's decisions: pure functions from values to values."""

from inventory.domain.allocation import Balance, Key, allocate, balances_after, free_of, take_in_order, take_whole
from inventory.domain.settlement import Progress, Promise, settle
from inventory.domain.stock import (
    BalanceChange,
    Catalogue,
    Item,
    Listing,
    Product,
    ProductChange,
    Refusal,
    Restocked,
    restock,
    touches_all_listings,
)

__all__ = [
    "Balance",
    "BalanceChange",
    "Catalogue",
    "Item",
    "Key",
    "Listing",
    "Product",
    "ProductChange",
    "Progress",
    "Promise",
    "Refusal",
    "Restocked",
    "allocate",
    "balances_after",
    "free_of",
    "restock",
    "settle",
    "take_in_order",
    "take_whole",
    "touches_all_listings",
]
