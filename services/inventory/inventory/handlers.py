"""The messages inventory takes: requests for stock and to let go of it, and shipments that move on."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from uuid import UUID

import structlog

from inventory import domain, store
from shared import outbox
from shared.contracts import AllocateOrder, OrderAllocated, ReleaseOrder, ShipmentChanged
from shared.inbox import Unprocessable
from shared.postgres import Transaction
from shared.subscriptions import Subscriptions

log = structlog.get_logger()

subscriptions = Subscriptions()


@subscriptions.on(AllocateOrder)
async def allocate_orders(requests: Sequence[AllocateOrder], tx: Transaction) -> None:
    """Promise stock to a batch of orders. A round of an order that was settled is answered again with the same answer.

    All balances the batch names are locked first, in one order; orders are then decided in their turn.
    """
    asked = {(request.order_id, request.round): request for request in reversed(requests)}
    for request in asked.values():
        _refuse_repeated_rows(request)
    settled = await store.settlements_of(tx, asked)
    fresh = [request for request in reversed(asked.values()) if (request.order_id, request.round) not in settled]
    releases = [request.release for request in fresh if request.release is not None]
    if releases:
        await store.lock_for_release(tx, [release.order_id for release in releases], _wanted(fresh))
    answers: list[OrderAllocated] = []
    for turn in _turns(fresh):
        await _let_go(tx, [request.release for request in turn if request.release is not None])
        answers += await _settle(tx, turn)
    await outbox.put(tx, *settled.values(), *answers)


@subscriptions.on(ReleaseOrder)
async def release_orders(requests: Sequence[ReleaseOrder], tx: Transaction) -> None:
    """Let go of what was promised to orders and is not delivered: what counted is available again."""
    await store.lock_for_release(tx, [request.order_id for request in requests], ())
    await _let_go(tx, requests)


async def _let_go(tx: Transaction, releases: Sequence[ReleaseOrder]) -> None:
    """Return what orders hold from balances that are locked. An order that holds nothing any more changes nothing."""
    if not releases:
        return
    said: dict[tuple[UUID, str, tuple[str, str]], Decimal] = {}
    for release in releases:
        for part in release.delivered:
            key = (release.order_id, part.row_id, (part.catalogue_id, part.product_id))
            said[key] = max(part.quantity, said.get(key, Decimal(0)))
    moves = _Moves()
    for allocation in await store.allocations_of_orders(tx, {release.order_id for release in releases}):
        order_id, row_id, _ = allocation.key
        delivered = said.get((order_id, row_id, allocation.place), Decimal(0))
        after = domain.let_go(allocation.promise, delivered)
        moves.note(allocation.key, allocation.promise, after, counted=allocation.counted)
    await moves.save(tx)


def _turns(requests: Sequence[AllocateOrder]) -> Iterator[list[AllocateOrder]]:
    """The requests in their order, in turns: one that releases another of the batch comes after that has taken."""
    turn: list[AllocateOrder] = []
    taking: set[UUID] = set()
    for request in requests:
        if request.release is not None and request.release.order_id in taking:
            yield turn
            turn, taking = [], set()
        turn.append(request)
        taking.add(request.order_id)
    if turn:
        yield turn


def _wanted(requests: Sequence[AllocateOrder]) -> set[domain.Key]:
    """The balances that requests name."""
    return {
        (request.retailer_id, candidate.catalogue_id, candidate.product_id)
        for request in requests
        for row in request.rows
        for candidate in row.candidates
    }


async def _settle(tx: Transaction, requests: Sequence[AllocateOrder]) -> list[OrderAllocated]:
    balances = await store.balances_for_update(tx, _wanted(requests))
    answers: list[tuple[str, OrderAllocated]] = []
    for request in requests:
        answer = domain.allocate(request, balances)
        balances.update(domain.balances_after(balances, request.retailer_id, answer))
        answers.append((request.retailer_id, answer))
    takings = [
        (answer.order_id, row.external_id, balances[retailer_id, t.catalogue_id, t.product_id].id, t.quantity)
        for retailer_id, answer in answers
        for row in answer.rows
        for t in row.taken
    ]
    if takings:
        await store.take_stock(tx, _sum_by_balance(takings))
        await store.save_allocations(tx, takings)
    await store.save_settlements(tx, answers)
    return [answer for _, answer in answers]


@subscriptions.on(ShipmentChanged)
async def settle_shipments(shipments: Sequence[ShipmentChanged], tx: Transaction) -> None:
    """Let deliveries lower what is allocated, and put back what a closed shipment did not deliver."""
    newest = {shipment.shipment_id: shipment for shipment in sorted(shipments, key=lambda shipment: shipment.version)}
    rows = [(shipment, row) for shipment in newest.values() for row in shipment.rows]
    ids = await store.balance_ids_for_update(
        tx, {(shipment.retailer_id, shipment.catalogue_id, row.product_id) for shipment, row in rows}
    )
    news: dict[tuple[UUID, str, int], domain.Progress] = {}
    for shipment, row in rows:
        balance_id = ids.get((shipment.retailer_id, shipment.catalogue_id, row.product_id), 0)
        progress = domain.Progress(row.delivered, shipment.closed, shipment.version)
        news[shipment.order_id, row.external_id, balance_id] = progress
    promises = await store.allocations_of(tx, news)
    moves = _Moves()
    for key, progress in news.items():
        if key not in promises:
            log.warning("shipment of something that was never promised", order_id=str(key[0]), row=key[1])
            continue
        before, counted = promises[key]
        after = domain.settle(before, progress)
        if after is not None:
            moves.note(key, before, after, counted=counted)
    await moves.save(tx)


class _Moves:
    """What becomes of promises, and how it moves their balances."""

    def __init__(self) -> None:
        self._settled: dict[tuple[UUID, str, int], domain.Promise] = {}
        self._balances: dict[int, tuple[Decimal, Decimal]] = {}

    def note(self, key: tuple[UUID, str, int], before: domain.Promise, after: domain.Promise, *, counted: bool) -> None:
        """A promise changes; its balance with it if it counts."""
        if after == before:
            return
        self._settled[key] = after
        returned = after.returned - before.returned
        if counted:
            gone, back = self._balances.get(key[2], (Decimal(0), Decimal(0)))
            self._balances[key[2]] = (gone + after.delivered - before.delivered + returned, back + returned)

    async def save(self, tx: Transaction) -> None:
        """Write it. The balances are locked."""
        if self._settled:
            await store.settle_allocations(tx, self._settled)
            await store.return_stock(tx, {id_: move for id_, move in self._balances.items() if any(move)})


def _refuse_repeated_rows(request: AllocateOrder) -> None:
    names = [row.external_id for row in request.rows]
    if len(set(names)) < len(names):
        raise Unprocessable(f"order {request.order_id} asks for a row more than once")


def _sum_by_balance(takings: Sequence[tuple[UUID, str, int, Decimal]]) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = {}
    for _, _, balance_id, quantity in takings:
        sums[balance_id] = sums.get(balance_id, Decimal(0)) + quantity
    return sums
