"""Finding the candidates of orders and asking inventory: when they are placed, and again when news has come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

from router import deciding, domain, store
from router.domain import Plan, Route
from shared import outbox
from shared.contracts import AllocateOrder, OrderAllocated, OrderPlaced
from shared.postgres import Transaction


async def plans(
    tx: Transaction,
    orders: Sequence[OrderPlaced],
    barred: Mapping[UUID, Mapping[str, Collection[str]]] = MappingProxyType({}),
) -> Sequence[tuple[OrderPlaced, Plan]]:
    """The orders with their candidates as their strategies order them, from two statements for all of them.

    `barred`, by order and row, are catalogues that are not asked again.
    """
    if not orders:
        return []
    goods = [(order.retailer_id, row) for order in orders for row in order.rows if domain.needs_stock(row)]
    balances = await store.balances_with(
        tx,
        {(retailer, row.product_id) for retailer, row in goods if row.product_id},
        {(retailer, row.ean) for retailer, row in goods if row.ean and not row.product_id},
    )
    sourcing = await store.sourcing_of(tx, {order.retailer_id for order in orders})
    sources = {
        retailer: domain.sources(known.catalogues, balances.get(retailer, ())) for retailer, known in sourcing.items()
    }
    return [
        (
            order,
            domain.preferred(
                order,
                domain.rank_candidates(order, sources[order.retailer_id], barred.get(order.order_id, {})),
                sourcing[order.retailer_id].preferences,
            ),
        )
        for order in orders
    ]


async def freshen_stock(tx: Transaction, answered: Sequence[tuple[Route, OrderAllocated]]) -> None:
    """Keep the copy of the stock near to what inventory has just seen, for the orders of those who plan with it.

    Priority plans with nothing: its orders cost no statement.
    """
    quantities = {
        (route.order.retailer_id, seen.product_id, seen.catalogue_id): seen.quantity - seen.taken
        for route, answer in answered
        if route.plan.strategy != domain.PRIORITY
        for row in answer.rows
        for seen in row.seen
        if seen.verdict != "unknown" and not seen.unlimited
    }
    if quantities:
        await store.freshen_stock(tx, quantities)


async def ask_again(tx: Transaction, routes: Sequence[Route]) -> None:
    """Ask inventory for those postponed orders that lack no news any more, or have waited long enough."""
    now = await tx.now()
    found = await plans(tx, [route.order for route in routes])
    ready = [
        replace(route, plan=plan, postponed_until=None)
        for route, (_, plan) in zip(routes, found, strict=True)
        if not domain.lacks_news(plan) or (route.postponed_until is not None and route.postponed_until <= now)
    ]
    if ready:
        await store.save_plans(tx, ready)
        await outbox.put(tx, *await requests(tx, ready))


async def requests(tx: Transaction, routes: Sequence[Route]) -> list[AllocateOrder]:
    """What is asked of inventory for orders. Asked again, it is the same: what an order replaces is closed by then."""
    replaced = [(route.order.replaces, route.order.retailer_id) for route in routes if route.order.replaces is not None]
    releases = {release.order_id: release for release in await deciding.releases(tx, replaced)}
    return [
        domain.allocation_request(
            route.order,
            route.plan,
            route.round,
            None if route.order.replaces is None else releases[route.order.replaces],
        )
        for route in routes
    ]
