"""The messages inventory takes: requests for stock, and shipments that move on."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import structlog

from inventory import domain, store
from shared import outbox
from shared.contracts import AllocateOrder, OrderAllocated, ShipmentChanged
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
    answers = await _settle(tx, fresh) if fresh else []
    await outbox.put(tx, *settled.values(), *answers)


async def _settle(tx: Transaction, requests: Sequence[AllocateOrder]) -> list[OrderAllocated]:
    wanted = {
        (request.retailer_id, candidate.catalogue_id, candidate.product_id)
        for request in requests
        for row in request.rows
        for candidate in row.candidates
    }
    balances = await store.balances_for_update(tx, wanted)
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
    settled: dict[tuple[UUID, str, int], domain.Promise] = {}
    moves: dict[int, tuple[Decimal, Decimal]] = {}
    for key, progress in news.items():
        if key not in promises:
            log.warning("shipment of something that was never promised", order_id=str(key[0]), row=key[1])
            continue
        before, counted = promises[key]
        after = domain.settle(before, progress)
        if after is None:
            continue
        settled[key] = after
        returned = after.returned - before.returned
        if counted and after != before:
            gone, back = moves.get(key[2], (Decimal(0), Decimal(0)))
            moves[key[2]] = (gone + after.delivered - before.delivered + returned, back + returned)
    if settled:
        await store.settle_allocations(tx, settled)
        await store.return_stock(tx, {id_: move for id_, move in moves.items() if any(move)})


def _refuse_repeated_rows(request: AllocateOrder) -> None:
    names = [row.external_id for row in request.rows]
    if len(set(names)) < len(names):
        raise Unprocessable(f"order {request.order_id} asks for a row more than once")


def _sum_by_balance(takings: Sequence[tuple[UUID, str, int, Decimal]]) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = {}
    for _, _, balance_id, quantity in takings:
        sums[balance_id] = sums.get(balance_id, Decimal(0)) + quantity
    return sums
