"""Deciding orders: their records, their shipments, and what is let go of because nobody wants it any more."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from router import domain, keeping, store
from router.domain import Route
from router.keeping import Kept
from router.settings import Settings
from shared import outbox
from shared.contracts import OrderAllocated, ReleaseOrder
from shared.postgres import Transaction


async def decide(tx: Transaction, settings: Settings, answered: Sequence[tuple[Route, OrderAllocated]]) -> None:
    """Decide orders that inventory has answered, keep the records and make the shipments, and tell of both.

    What was promised to an order that was cancelled meanwhile is let go of.
    """
    if not answered:
        return
    now = await tx.now()
    accept_by = now + timedelta(hours=settings.acceptance_hours)
    decided = [(route, domain.decide(route, allocated, now, accept_by)) for route, allocated in answered]
    await keeping.keep(
        tx,
        [Kept(route, decision.route, decision.shipments, releases=decision.releases) for route, decision in decided],
    )
    await outbox.put(
        tx,
        *(
            ReleaseOrder(order_id=route.order.order_id, retailer_id=route.order.retailer_id)
            for route, allocated in answered
            if route.cancelled is not None and any(row.taken or row.waiting for row in allocated.rows)
        ),
    )


async def decide_unasked(tx: Transaction, settings: Settings, routes: Sequence[Route]) -> None:
    """Decide orders that need nothing of inventory: of services alone, or cancelled before it was asked.

    What they take the place of is let go of all the same.
    """
    await decide(
        tx,
        settings,
        [
            (route, OrderAllocated(order_id=route.order.order_id, round=route.round, outcome="none", rows=()))
            for route in routes
        ],
    )
    replaced = {order_id: retailer_id for order_id, retailer_id in map(_replaced, routes) if order_id is not None}
    await outbox.put(tx, *await releases(tx, replaced.items()))


async def ship_held(tx: Transaction, settings: Settings, routes: Sequence[Route]) -> list[Route]:
    """Make the shipments of decided orders that are not held any more, tell of both, and return the orders."""
    if not routes:
        return []
    now = await tx.now()
    accept_by = now + timedelta(hours=settings.acceptance_hours)
    released = [(route, domain.release(route, now, accept_by)) for route in routes]
    await keeping.keep(tx, [Kept(route, decision.route, decision.shipments) for route, decision in released])
    return [decision.route for _, decision in released]


async def releases(tx: Transaction, orders: Collection[tuple[UUID, str]]) -> list[ReleaseOrder]:
    """The requests to let go of what orders (id, retailer) hold and their suppliers have not delivered."""
    if not orders:
        return []
    delivered = await store.delivered_of(tx, [order_id for order_id, _ in orders])
    return [
        ReleaseOrder(order_id=order_id, retailer_id=retailer_id, delivered=tuple(delivered.get(order_id, ())))
        for order_id, retailer_id in orders
    ]


def _replaced(route: Route) -> tuple[UUID | None, str]:
    return route.order.replaces, route.order.retailer_id
