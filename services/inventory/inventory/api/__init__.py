"""Inventory's HTTP interface: products, balances and catalogues."""

from collections.abc import Sequence

from fastapi import APIRouter

from inventory.api import activation, balance_lists, balances, catalogues, migration, products


def routers() -> Sequence[APIRouter]:
    """All of inventory's routes. `catalogs/balances` comes before the routes with a catalogue's id in their path."""
    return balance_lists.api, balances.api, products.api, migration.api, catalogues.api, activation.api
