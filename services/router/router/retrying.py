"""What nobody could serve is asked for again when there is news of it."""

from collections.abc import Collection, Sequence
from uuid import UUID

from router import asking, domain, store
from router.domain import Ask, Route
from router.piecework import Piecework
from shared import outbox
from shared.contracts import BalanceChanged, CatalogueChanged
from shared.postgres import Database, Transaction

AT_ONCE = 200


async def note_balances(tx: Transaction, events: Collection[BalanceChanged]) -> None:
    """Make due what wants a product that may serve it now: there is some of it, or it may be ordered."""
    hopeful = [event for event in events if event.published and event.sellable]
    if hopeful:
        await store.note_balance_news(tx, hopeful)


async def note_catalogues(tx: Transaction, events: Collection[CatalogueChanged]) -> None:
    """Make due what wants a product of a catalogue that is open."""
    hopeful = [event for event in events if event.active]
    if hopeful:
        await store.note_catalogue_news(tx, hopeful)


async def ask_due(database: Database) -> int:
    """Ask again for what is due, oldest order first; returns how many orders there were."""
    return await _WORK.run(database)


async def look(database: Database) -> bool:
    """Ask for what is due; whether there is more."""
    async with database.transaction() as tx:
        await store.recheck_unserved(tx)
    return await ask_due(database) == AT_ONCE


async def _ask_due(tx: Transaction, limit: int, only: Sequence[UUID] | None) -> Collection[UUID]:
    routes = await store.due_routes(tx, limit, only)
    order_ids = [route.order.order_id for route in routes]
    if routes:
        # Before the candidates are read: news that comes later makes it due again.
        await store.clear_due(tx, order_ids)
        await _ask(tx, [route for route in routes if domain.unserved(route.standing)])
    return order_ids


async def _ask(tx: Transaction, routes: Collection[Route]) -> None:
    whole = {route.order.order_id for route in routes if domain.got_nothing(route)}
    ended = await store.ended_rows(tx, [route.order.order_id for route in routes])
    orders = [
        domain.whole_order(route)
        if route.order.order_id in whole
        else domain.later_order(
            route,
            {
                row: quantity
                for row, quantity in domain.unserved(route.standing).items()
                if (route.order.order_id, row) not in ended
            },
        )
        for route in routes
    ]
    barred = {route.order.order_id: domain.barred(route.standing) for route in routes}
    found = await asking.plans(tx, orders, barred)
    asks: list[Ask] = []
    for route, (order, plan) in zip(routes, found, strict=True):
        ask = (
            domain.whole_ask(route, plan)
            if order.order_id in whole
            else domain.later_ask(route, order, plan, retry=True)
        )
        if ask is not None:
            asks.append(ask)
    if asks:
        await store.save_asks(tx, asks)
        await store.save_rounds(tx, [(ask.request.order_id, ask.request.round) for ask in asks])
        await outbox.put(tx, *(ask.request for ask in asks))


_WORK = Piecework("retrying", store.due_ids, _ask_due, AT_ONCE)
