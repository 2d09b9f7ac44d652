"""Holds are made and ended here; an order that names one ends it as it takes."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from inventory import domain, filling, store
from inventory.domain import Hold, Misnamed, WantedRow
from shared.postgres import Transaction


async def hold(
    tx: Transaction, hold_id: UUID, retailer_id: str, rows: Sequence[WantedRow], time: timedelta
) -> Hold | list[Misnamed]:
    """Keep what can be promised of a retailer's rows for so long. Where nothing can, nothing is kept.

    Where rows name what the retailer does not have, nothing is kept of any, and all of that is returned.
    The transaction is the retailer's, which sees what it may be served from, and inventory's own from then on.
    """
    now = await tx.now()
    product_ids = [row.product_id for row in rows if row.product_id is not None]
    eans = [row.ean for row in rows if row.product_id is None and row.ean is not None]
    known = await store.sources_of(tx, retailer_id, product_ids, eans)
    named = {row.catalogue_id for row in rows if row.catalogue_id is not None}
    there = named & known.catalogues.keys()
    if there != named:
        there |= await store.catalogues_called(tx, retailer_id, named - there)
    if misnamed := list(domain.misnamed(rows, known, there)):
        return misnamed
    request = domain.request_of(hold_id, retailer_id, now, rows, known)
    await store.act_as_inventory(tx)
    balances = await store.balances_for_update(
        tx,
        {
            (retailer_id, candidate.catalogue_id, candidate.product_id)
            for row in request.rows
            for candidate in row.candidates
        },
    )
    made = Hold(hold_id, retailer_id, now + time, domain.held_of(rows, domain.allocate(request, balances)))
    if made.keeps_anything:
        await store.insert_hold(tx, made, {key: balance.id for key, balance in balances.items()})
    return made


async def end(tx: Transaction, hold_ids: Iterable[UUID]) -> bool:
    """End holds: what they kept is free again, for those who wait first. Whether there was anything to end."""
    ids = list(hold_ids)
    await store.lock_held(tx, ids)
    freed = await store.end_holds(tx, ids)
    await filling.share_out(tx, freed)
    return bool(freed)
