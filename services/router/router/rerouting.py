"""What happens to orders once they are decided: later answers, stock that came, and what goes elsewhere."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog

from router import asking, domain, keeping, store
from router.domain import Ask, Loss, Route, Shipment
from router.keeping import Kept
from router.settings import Settings
from shared.contracts import OrderAllocated, OrderFilled, PromiseWithdrawn
from shared.inbox import Unprocessable
from shared.postgres import Transaction

log = structlog.get_logger()

News = TypeVar("News", OrderAllocated, OrderFilled, PromiseWithdrawn)


async def answer(
    tx: Transaction, settings: Settings, routes: Mapping[UUID, Route], answers: Sequence[OrderAllocated]
) -> None:
    """Take answers to later rounds of orders whose routes are locked. One that is not awaited is dropped."""
    asks = await store.take_asks(tx, {(allocated.order_id, allocated.round) for allocated in answers})
    now = await tx.now()
    for turn in _turns(answers):
        kept: list[Kept] = []
        for allocated in turn:
            pending = asks.get((allocated.order_id, allocated.round))
            if pending is None:
                log.info("allocation not awaited", order_id=str(allocated.order_id), round=allocated.round)
                continue
            misfit = domain.misfit_later(pending.ask, allocated)
            if misfit is not None:
                raise Unprocessable(misfit)
            kept.append(_answered(settings, routes[allocated.order_id], pending.ask, allocated, now, pending.asked_at))
        await keeping.keep(tx, kept)
        routes = {**routes, **{one.after.order.order_id: one.after for one in kept}}


async def fill(tx: Transaction, settings: Settings, filled: Sequence[OrderFilled]) -> set[UUID]:
    """Ship what came for what waited. What has overtaken the answer that says it waits is kept until that comes.

    Returns the orders of which news was kept before: it may have overtaken what has come now.
    """
    caught: set[UUID] = set()
    for turn in _turns(filled):
        routes = await _routes(tx, turn)
        caught |= {order_id for order_id, route in routes.items() if route.early}
        pending = {ask.request.order_id for ask in await store.asks_of(tx, routes.keys())}
        now = await tx.now()
        early: list[tuple[UUID, OrderFilled]] = []
        kept: list[Kept] = []
        for one in turn:
            route = routes.get(one.order_id)
            if route is None:
                log.warning("an unknown order was filled", order_id=str(one.order_id))
            elif domain.overtakes(route, one, pending=one.order_id in pending):
                early.append((one.order_id, one))
            else:
                _refuse_unknown(route, [row.external_id for row in one.rows], _catalogues(one))
                kept.append(_changed(settings, route, domain.fill(route, one, now), now))
        await keeping.keep(tx, [one for one in kept if one.after != one.before])
        if early:
            await store.keep_early_news(tx, early)
    return caught


async def withdraw(tx: Transaction, settings: Settings, withdrawn: Sequence[PromiseWithdrawn]) -> None:
    """Route again what catalogues turned out not to have. What has overtaken its own promise is kept until then."""
    for turn in _turns(withdrawn):
        routes = await _routes(tx, turn)
        shipments = await _shipments(tx, routes.keys())
        early: list[tuple[UUID, PromiseWithdrawn]] = []
        lost: list[tuple[Route, Loss]] = []
        for one in turn:
            route = routes.get(one.order_id)
            if route is None:
                log.warning("an unknown order was to lose something", order_id=str(one.order_id))
            elif route.standing is None or not {row.lot for row in one.rows} <= set(route.standing.lots):
                early.append((one.order_id, one))
            elif (loss := domain.withdraw(route, one, shipments)) is not None:
                lost.append((route, loss))
        await route_again(tx, settings, lost, shipments)
        if early:
            await store.keep_early_news(tx, early)


async def reconcile(tx: Transaction, settings: Settings, order_ids: Iterable[UUID]) -> None:
    """Route again what shipments of orders do not deliver. Said twice, it changes nothing more."""
    routes = await store.routes_for_update(tx, set(order_ids))
    shipments = await _shipments(tx, routes.keys())
    lost = [
        (route, loss)
        for route in routes.values()
        if route.standing is not None and (loss := domain.reconcile(route, shipments)) is not None
    ]
    await route_again(tx, settings, lost, shipments)


async def catch_up(tx: Transaction, settings: Settings, order_ids: Iterable[UUID]) -> None:
    """Take the news that had overtaken answers of these orders, which have come."""
    found = await store.take_early_news(tx, set(order_ids))
    await fill(tx, settings, _of(OrderFilled, found))
    await withdraw(tx, settings, _of(PromiseWithdrawn, found))


async def route_again(
    tx: Transaction, settings: Settings, lost: Sequence[tuple[Route, Loss]], shipments: Mapping[UUID, Shipment]
) -> None:
    """Ask others for what orders have lost, and keep how they stand. Routes and shipments, by id, are locked."""
    if not lost:
        return
    now = await tx.now()
    orders = {loss.route.order.order_id: domain.later_order(loss.route, loss.wanted) for _, loss in lost if loss.wanted}
    plans = {order.order_id: plan for order, plan in await asking.plans(tx, list(orders.values()), _barred(lost))}
    kept: list[Kept] = []
    for before, loss in lost:
        order_id = loss.route.order.order_id
        ask: Ask | None = None
        if order_id in plans:
            plan = plans[order_id]
            ask = domain.later_ask(loss.route, orders[order_id], plan, retry=False, final=loss.final)
            asked = set() if ask is None else {row.external_id for row in ask.request.rows}
            loss = domain.give_up(loss, [row for row in loss.wanted if row not in asked], plan)
        route = loss.route if ask is None else replace(loss.route, round=ask.request.round)
        cause = "; ".join(dict.fromkeys(loss.causes))
        smaller = tuple(
            domain.shrunk(shipments[shipment_id], falls, cause, now) for shipment_id, falls in loss.falls.items()
        )
        kept.append(
            Kept(
                before,
                domain.told(route, cause, now),
                smaller=smaller,
                releases=loss.releases,
                ask=ask,
                asked_at=now,
            )
        )
    await keeping.keep(tx, kept)


def _answered(
    settings: Settings, route: Route, ask: Ask, allocated: OrderAllocated, now: datetime, asked_at: datetime
) -> Kept:
    """What an answer makes of an order: one that got nothing at all is decided anew."""
    promised = any(row.taken or row.waiting for row in allocated.rows)
    if ask.whole and promised and route.cancelled is None and domain.untouched(route):
        decision = domain.decide_again(route, ask.plan, allocated, now, _accept_by(settings, now))
        return Kept(route, decision.route, decision.shipments, releases=decision.releases, asked_at=asked_at)
    return replace(_changed(settings, route, domain.take_answer(route, ask, allocated, now), now), asked_at=asked_at)


def _changed(settings: Settings, route: Route, change: domain.Changed, now: datetime) -> Kept:
    after = change.route
    new = domain.new_shipments(after, change.added, now, _accept_by(settings, now)) if after.shipped else ()
    return Kept(route, after, tuple(new), releases=change.releases)


def _accept_by(settings: Settings, now: datetime) -> datetime:
    return now + timedelta(hours=settings.acceptance_hours)


async def _routes(tx: Transaction, news: Sequence[News]) -> Mapping[UUID, Route]:
    return await store.routes_for_update(tx, {one.order_id for one in news})


async def _shipments(tx: Transaction, order_ids: Iterable[UUID]) -> dict[UUID, Shipment]:
    return {shipment.shipment_id: shipment for shipment in await store.shipments_for_update(tx, list(order_ids))}


def _turns(news: Sequence[News]) -> list[list[News]]:
    """The news in turns in which each order comes once, the first of each order in the first of them.

    So the first turn locks all orders, in the one order in which everybody does, and a later one locks no other.
    """
    turns: list[list[News]] = []
    seen = Counter[UUID]()
    for one in news:
        if seen[one.order_id] == len(turns):
            turns.append([])
        turns[seen[one.order_id]].append(one)
        seen[one.order_id] += 1
    return turns


def _barred(lost: Sequence[tuple[Route, Loss]]) -> dict[UUID, dict[str, tuple[str, ...]]]:
    return {loss.route.order.order_id: domain.barred(loss.route.standing) for _, loss in lost}


def _of(kind: type[News], found: Sequence[tuple[str, bytes]]) -> list[News]:
    return [kind.model_validate_json(document) for topic, document in found if topic == kind.topic]


def _catalogues(filled: OrderFilled) -> set[str]:
    return {taking.catalogue_id for row in filled.rows for taking in row.taken}


def _refuse_unknown(route: Route, rows: Iterable[str], catalogues: Iterable[str]) -> None:
    """Raise Unprocessable for what cannot be of this order."""
    known = {row.external_id for row in route.order.rows}
    for row in rows:
        if row not in known:
            raise Unprocessable(f"row {row} is not in order {route.order.order_id}")
    terms = domain.terms_of(route)
    for catalogue_id in catalogues:
        if catalogue_id not in terms:
            raise Unprocessable(f"catalogue {catalogue_id} was no candidate of order {route.order.order_id}")
