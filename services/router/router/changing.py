"""What follows when a retailer changes its mind: orders are cancelled, replaced, released, or sent elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from router import deciding, domain, keeping, store
from router.domain import Amendment, Route, Shipment
from router.keeping import Kept
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
    decided = [(before, after) for before, after in changed if after.record is not None]
    reserved = [after for _, after in decided if not after.shipped]
    await deciding.decide_unasked(tx, settings, unasked)
    await outbox.put(
        tx,
        *(ReleaseOrder(order_id=route.order.order_id, retailer_id=route.order.retailer_id) for route in reserved),
    )
    shipments = await _shipments(tx, [after for _, after in decided if after.shipped])
    now = await tx.now()
    kept: list[Kept] = []
    for before, after in decided:
        if after.cancelled is not None:
            open_ones = shipments.get(after.order.order_id, [])
            closed = [domain.called_off(shipment, after.cancelled.cause, now) for shipment in open_ones]
            loss = domain.end(after, after.cancelled.cause, closed)
            smaller = tuple(now for now, then in zip(closed, open_ones, strict=True) if now is not then)
            kept.append(Kept(before, loss.route, smaller=smaller, releases=loss.releases if after.shipped else ()))
    await keeping.keep(tx, kept)


async def _go_on(tx: Transaction, settings: Settings, changed: Sequence[tuple[Route, Route]]) -> None:
    """Ship what is not held any more, send what is shipped where it is to go now, and end what is not to wait."""
    decided = [(before, after) for before, after in changed if after.record is not None]
    released = await deciding.ship_held(
        tx, settings, [after for _, after in decided if not after.held and not after.shipped]
    )
    redirected = [(before, after) for before, after in decided if after.shipped and after.delivery != before.delivery]
    shipments = await _shipments(tx, [after for _, after in redirected])
    now = await tx.now()
    news = [
        sent
        for _, after in redirected
        for shipment in shipments.get(after.order.order_id, ())
        if (sent := domain.redirected(shipment, after.delivery, now)) is not shipment
    ]
    if news:
        await store.save_amended_shipments(tx, news)
        await outbox.put(tx, *(domain.shipment_changed(shipment) for shipment in news))
    newest = {route.order.order_id: route for route in released}
    current = [newest.get(after.order.order_id, after) for _, after in decided]
    await keeping.keep(
        tx,
        [
            Kept(route, loss.route, releases=loss.releases)
            for route in current
            if route.no_waiting and (loss := domain.stop_waiting(route, now)) is not None
        ],
    )


async def _shipments(tx: Transaction, routes: Sequence[Route]) -> dict[UUID, list[Shipment]]:
    """The shipments of orders, locked, by order."""
    found: dict[UUID, list[Shipment]] = {}
    locked = await store.shipments_for_update(tx, [route.order.order_id for route in routes]) if routes else []
    for shipment in locked:
        found.setdefault(shipment.order_id, []).append(shipment)
    return found
