"""What follows when a retailer changes its mind: orders are cancelled, replaced, released, or sent elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from router import deciding, domain, store
from router.domain import Amendment, Route
from router.settings import Settings
from shared import outbox
from shared.contracts import ReleaseOrder
from shared.postgres import Transaction


async def lock(tx: Transaction, order_ids: Collection[UUID]) -> None:
    """Keep orders and their shipments as they are until the end of the transaction."""
    if order_ids:
        await store.routes_for_update(tx, order_ids)
        await store.shipments_for_update(tx, order_ids)


async def amend_known(
    tx: Transaction, settings: Settings, amendments: Mapping[UUID, Amendment]
) -> Mapping[UUID, Amendment]:
    """Change the orders that are known; the amendments of those that are not."""
    routes = await store.routes_for_update(tx, amendments.keys()) if amendments else {}
    changed = [
        (route, amended)
        for order_id, route in routes.items()
        if (amended := domain.amend(route, amendments[order_id])) != route
    ]
    if changed:
        await store.save_amended(tx, [amended for _, amended in changed])
        await _call_off(tx, settings, [pair for pair in changed if pair[1].cancelled is not None])
        await _go_on(tx, settings, [pair for pair in changed if pair[1].cancelled is None])
    return {order_id: amendment for order_id, amendment in amendments.items() if order_id not in routes}


async def keep_unknown(tx: Transaction, amendments: Mapping[UUID, Amendment]) -> None:
    """Keep amendments of orders that are not known, together with what was said of them before."""
    if amendments:
        before = await store.take_amendments(tx, amendments.keys())
        await store.keep_amendments(tx, domain.merged([*before.values(), *amendments.values()]).values())


async def _call_off(tx: Transaction, settings: Settings, changed: Sequence[tuple[Route, Route]]) -> None:
    """Stop what was under way. An order that inventory is asked of is left until the answer has come."""
    unasked = [after for before, after in changed if before.postponed_until is not None]
    shipped = [after for _, after in changed if after.record is not None and after.shipped]
    reserved = [after for _, after in changed if after.record is not None and not after.shipped]
    await deciding.decide_unasked(tx, settings, unasked)
    await outbox.put(
        tx,
        *(ReleaseOrder(order_id=route.order.order_id, retailer_id=route.order.retailer_id) for route in reserved),
    )
    now = await tx.now()
    causes = {route.order.order_id: route.cancelled.cause for route in shipped if route.cancelled is not None}
    locked = await store.shipments_for_update(tx, causes.keys()) if causes else []
    await _save(
        tx,
        [(shipment, domain.called_off(shipment, causes[shipment.order_id], now)) for shipment in locked],
    )


async def _go_on(tx: Transaction, settings: Settings, changed: Sequence[tuple[Route, Route]]) -> None:
    """Ship what is not held any more, and send what is shipped where it is to go now."""
    decided = [(before, after) for before, after in changed if after.record is not None]
    await deciding.ship_held(tx, settings, [after for _, after in decided if not after.held and not after.shipped])
    now = await tx.now()
    deliveries = {
        after.order.order_id: after.delivery
        for before, after in decided
        if after.shipped and after.delivery != before.delivery
    }
    locked = await store.shipments_for_update(tx, deliveries.keys()) if deliveries else []
    await _save(
        tx, [(shipment, domain.redirected(shipment, deliveries[shipment.order_id], now)) for shipment in locked]
    )


async def _save(tx: Transaction, amended: Sequence[tuple[domain.Shipment, domain.Shipment]]) -> None:
    news = [after for before, after in amended if after is not before]
    if news:
        await store.save_amended_shipments(tx, news)
        await outbox.put(tx, *(domain.shipment_changed(shipment) for shipment in news))
