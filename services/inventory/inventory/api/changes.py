"""A supplier's changes take their turn, then a transaction."""

from collections.abc import Sequence

from fastapi import Request

from inventory.api import batches, stocking
from inventory.api.batches import ItemError
from inventory.api.requests import database
from inventory.domain import Item
from inventory.turns import Turns


async def apply(request: Request, supplier_id: str, items: Sequence[Item]) -> list[ItemError]:
    """Apply items in one transaction and return the refusals. 429 when too many requests of the supplier wait."""
    if not items:
        return []
    turns: Turns = request.app.state.turns
    async with turns.of(supplier_id), database(request).transaction_of(supplier_id) as tx:
        return batches.refused(await stocking.apply(tx, supplier_id, items))
