"""Catalogues that are open again: what lies there goes to those who wait for it."""

from collections.abc import Iterable

from inventory import filling, store
from inventory.domain import Address
from inventory.store import StoredCatalogue
from shared.postgres import Transaction


async def serve_from(tx: Transaction, addresses: Iterable[Address]) -> None:
    """Fill from catalogues from which orders are served from now on. To be called last in a transaction."""
    await store.act_as_inventory(tx)
    await filling.fill(tx, await store.lock_waited_for(tx, addresses))


async def serve_if_opened(tx: Transaction, before: StoredCatalogue | None, after: StoredCatalogue) -> None:
    """Fill from a catalogue if orders are served from it and were not before; likewise."""
    if after.used and not (before and before.used):
        await serve_from(tx, [after.address])
