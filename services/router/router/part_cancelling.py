"""A retailer wants less of a row than it ordered: shipments shrink, and inventory lets go of what it holds for it."""

from decimal import Decimal
from uuid import UUID

from router import domain, keeping, rerouting, store
from router.domain import PartCancelled
from router.keeping import Kept
from router.settings import Settings
from shared.postgres import Transaction

UNDECIDED = "The order is not routed yet; try again"


async def cancel(
    tx: Transaction, settings: Settings, order_id: UUID, row_id: str, quantity: Decimal
) -> PartCancelled | str | None:
    """Cancel so much of a row, or all that is not delivered of it; None when there is no such row, or why it may not.

    What suppliers have just declined is noted first, so that it can be cancelled as well.
    """
    await rerouting.reconcile(tx, settings, [order_id])
    route = (await store.routes_for_update(tx, [order_id]))[order_id]
    if all(row.external_id != row_id for row in route.order.rows):
        return None
    if route.cancelled is not None:
        return f"The order is {route.cancelled.cause}"
    row = None if route.standing is None else route.standing.row(row_id)
    if route.standing is None or row is None:
        return UNDECIDED
    shipments = {found.shipment_id: found for found in await store.shipments_for_update(tx, [order_id])}
    done = domain.cancel_part(row, quantity, shipments)
    if done.released:
        now = await tx.now()
        cause = f"{domain.plain(done.released)} {domain.BY_RETAILER}"
        after, shrinking = domain.with_part_cancelled(route, done, shipments)
        smaller = tuple(
            domain.shrunk(shipments[shipment_id], falls, domain.BY_RETAILER, now)
            for shipment_id, falls in shrinking.items()
        )
        told = domain.told(after, cause, now)
        await keeping.keep(tx, [Kept(route, told, smaller=smaller, releases=done.releases)])
    return done
