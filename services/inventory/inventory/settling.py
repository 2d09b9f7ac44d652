"""Shipments that move on: deliveries lower what is allocated, and what is not coming goes back."""

from collections.abc import Sequence

import structlog

from inventory import domain, filling, store
from inventory.moving import Moves
from inventory.store import AllocationKey
from shared.contracts import ShipmentChanged
from shared.postgres import Transaction

log = structlog.get_logger()


async def settle(tx: Transaction, shipments: Sequence[ShipmentChanged]) -> None:
    """Settle the promises that shipments are made of, of each the newest news; what comes back goes to who waits."""
    newest = {shipment.shipment_id: shipment for shipment in sorted(shipments, key=lambda shipment: shipment.version)}
    rows = [(shipment, row) for shipment in newest.values() for row in shipment.rows if row.stocked]
    ids = await store.balance_ids_for_update(
        tx, {(shipment.retailer_id, shipment.catalogue_id, row.product_id) for shipment, row in rows}
    )
    news: dict[AllocationKey, domain.Progress] = {}
    for shipment, row in rows:
        balance_id = ids.get((shipment.retailer_id, shipment.catalogue_id, row.product_id), 0)
        progress = domain.Progress(row.delivered, shipment.closed, shipment.version, row.quantity)
        news[shipment.order_id, row.external_id, balance_id, shipment.lot] = progress
    promises = await store.allocations_of(tx, news)
    moves = Moves()
    for key, progress in news.items():
        if key not in promises:
            log.warning("shipment of something that was never promised", order_id=str(key[0]), row=key[1])
            continue
        before, counted = promises[key]
        after = domain.settle(before, progress)
        if after is not None:
            moves.note(key, before, after, counted=counted)
    await filling.share_out(tx, await moves.save(tx))
