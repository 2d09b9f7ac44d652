"""Inventory's HTTP interface: products, balances, catalogues, holds and who waits."""

from collections.abc import Sequence

from fastapi import APIRouter

from inventory.api import activation, backorders, balance_lists, balances, catalogues, migration, products, reservations


def routers() -> Sequence[APIRouter]:
    """All of inventory's routes. `catalogs/balances` and `inventory/backorders` come before those with an id there."""
    return (
        balance_lists.api,
        balances.api,
        backorders.api,
        products.api,
        migration.api,
        catalogues.api,
        activation.api,
        reservations.api,
    )
