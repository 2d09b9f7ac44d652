"""What the router does when something is said: keep copies, ask inventory, make shipments."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TypeVar

import structlog

from router import asking, domain, store
from router.domain import Route
from router.settings import Settings
from shared import outbox
from shared.contracts import (
    BalanceChanged,
    CatalogueChanged,
    OrderAllocated,
    OrderPlaced,
    OrganisationChanged,
)
from shared.inbox import Unprocessable
from shared.postgres import Transaction
from shared.subscriptions import Subscriptions

log = structlog.get_logger()

subscriptions = Subscriptions()

Snapshot = TypeVar("Snapshot", OrganisationChanged, CatalogueChanged, BalanceChanged)


@subscriptions.on(OrganisationChanged)
async def keep_organisations(events: Sequence[OrganisationChanged], tx: Transaction) -> None:
    """Keep organisations as they are now; an order may name its supplier by name."""
    await store.save_organisations(tx, _newest(events))


@subscriptions.on(CatalogueChanged)
async def keep_catalogues(events: Sequence[CatalogueChanged], tx: Transaction) -> None:
    """Keep catalogues as they are now; orders may have waited for one."""
    await store.save_catalogues(tx, _newest(events))
    await asking.ask_again(tx, await store.postponed_routes(tx, {event.retailer_id for event in events}))


@subscriptions.on(BalanceChanged)
async def keep_balances(events: Sequence[BalanceChanged], tx: Transaction) -> None:
    """Keep which products are in which catalogues now; orders may have waited for one."""
    await store.save_balances(tx, _newest(events))
    await asking.ask_again(tx, await store.postponed_routes(tx, {event.retailer_id for event in events}))


@subscriptions.on(OrderPlaced)
async def route_orders(orders: Sequence[OrderPlaced], tx: Transaction, settings: Settings) -> None:
    """Rank the candidates of new orders and ask inventory; of orders known already, ask or tell again the same.

    An order for a product nobody was heard to have is postponed a little: topics overtake one another.
    """
    placed = {order.order_id: order for order in orders}
    known = await store.routes_of(tx, placed.keys())
    now = await tx.now()
    grace = now + timedelta(seconds=settings.grace_seconds) if settings.grace_seconds else None
    plans = await asking.plans(tx, [order for order_id, order in placed.items() if order_id not in known])
    routes = [
        Route(order, plan, round=1, postponed_until=grace if domain.lacks_news(plan) else None) for order, plan in plans
    ]
    saved = await store.save_routes(tx, routes, now)
    undecided = [
        *(route for route in routes if route.order.order_id in saved),
        *(route for route in known.values() if route.record is None),
    ]
    asked = [route for route in undecided if route.postponed_until is None]
    with_goods = [route for route in asked if route.plan.rows]
    await outbox.put(
        tx,
        *(domain.allocation_request(route.order, route.plan, route.round) for route in with_goods),
        *(domain.order_routed(route.record) for route in known.values() if route.record is not None),
    )
    # An order of services alone needs nothing of inventory.
    await _settle(
        tx,
        settings,
        [
            (route, OrderAllocated(order_id=route.order.order_id, round=route.round, outcome="none", rows=()))
            for route in asked
            if not route.plan.rows
        ],
    )


@subscriptions.on(OrderAllocated)
async def ship_orders(allocated: Sequence[OrderAllocated], tx: Transaction, settings: Settings) -> None:
    """Make one shipment for each catalogue that serves an order, and keep why. An answer not awaited is dropped."""
    routes = await store.routes_for_update(tx, {answer.order_id for answer in allocated})
    answers = {}
    for answer in allocated:
        route = routes.get(answer.order_id)
        if route is None or route.record is not None or route.round != answer.round:
            log.info("allocation not awaited", order_id=str(answer.order_id), round=answer.round)
        else:
            misfit = domain.misfit(route, answer)
            if misfit is not None:
                raise Unprocessable(misfit)
            answers[answer.order_id] = (route, answer)
    await _settle(tx, settings, list(answers.values()))


async def _settle(tx: Transaction, settings: Settings, answered: Sequence[tuple[Route, OrderAllocated]]) -> None:
    """Decide orders, keep the records and make the shipments, and tell of both."""
    if not answered:
        return
    now = await tx.now()
    accept_by = now + timedelta(hours=settings.acceptance_hours)
    decisions = [domain.decide(route, allocated, now, accept_by) for route, allocated in answered]
    shipments = [shipment for decision in decisions for shipment in decision.shipments]
    await store.save_records(tx, [decision.record for decision in decisions])
    await store.save_shipments(tx, shipments)
    await store.save_shipment_rows(tx, shipments)
    await outbox.put(
        tx,
        *(shipment.created for shipment in shipments),
        *(domain.order_routed(decision.record) for decision in decisions),
    )


def _newest(events: Iterable[Snapshot]) -> Iterable[Snapshot]:
    """The newest snapshot of each thing in a batch."""
    newest: dict[str, Snapshot] = {}
    for event in events:
        if event.key not in newest or newest[event.key].version < event.version:
            newest[event.key] = event
    return newest.values()
