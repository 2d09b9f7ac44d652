"""Requests for stock: what orders take, what they wait for, and what they are answered."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from inventory import domain, filling, releasing, store
from inventory.domain import Balance, Key
from shared import outbox
from shared.contracts import AllocateOrder, OrderAllocated
from shared.inbox import Unprocessable
from shared.postgres import Transaction

NOTHING = Decimal(0)


async def allocate(tx: Transaction, requests: Sequence[AllocateOrder]) -> None:
    """Promise stock to a batch of orders. A round of an order that was settled is answered again with the same answer.

    All balances the batch names are locked first, in one order; orders are then decided in their turn.
    """
    asked = {(request.order_id, request.round): request for request in reversed(requests)}
    for request in asked.values():
        _refuse_repeated_rows(request)
    settled = await store.settlements_of(tx, asked)
    fresh = [request for request in reversed(asked.values()) if (request.order_id, request.round) not in settled]
    released = [request.release.order_id for request in fresh if request.release is not None]
    holds = [request.reservation_id for request in fresh if request.reservation_id is not None]
    if released or holds:
        await store.lock_for_release(tx, released, _wanted(fresh), holds)
    answers: list[OrderAllocated] = []
    for turn in _turns(fresh):
        freed = await releasing.let_go(tx, [request.release for request in turn if request.release is not None])
        told, taken = await _settle(tx, turn, freed)
        answers += told
        await filling.share_out(tx, {id_: quantity - taken.get(id_, NOTHING) for id_, quantity in freed.items()})
    await outbox.put(tx, *settled.values(), *answers)


def _turns(requests: Sequence[AllocateOrder]) -> Iterator[list[AllocateOrder]]:
    """The requests in their order, in turns. What one frees it may take first, then those who wait, then the next."""
    turn: list[AllocateOrder] = []
    for request in requests:
        if request.release is None and request.reservation_id is None:
            turn.append(request)
            continue
        if turn:
            yield turn
        yield [request]
        turn = []
    if turn:
        yield turn


def _wanted(requests: Sequence[AllocateOrder]) -> set[Key]:
    """The balances that requests name."""
    return {
        (request.retailer_id, candidate.catalogue_id, candidate.product_id)
        for request in requests
        for row in request.rows
        for candidate in row.candidates
    }


async def _settle(
    tx: Transaction, requests: Sequence[AllocateOrder], freed: dict[int, Decimal]
) -> tuple[list[OrderAllocated], dict[int, Decimal]]:
    """Decide requests in their turn and write it down: the answers, and what was taken of which balances.

    One that names a hold has a turn of its own. What the hold kept is noted in `freed` once it has ended.
    """
    balances = await store.balances_for_update(tx, _wanted(requests))
    kept: dict[int, Decimal] = {}
    for named in (request for request in requests if request.reservation_id is not None):
        kept = await _kept(tx, named)
        balances = {key: _without(balance, kept.get(balance.id)) for key, balance in balances.items()}
    answered: list[tuple[AllocateOrder, OrderAllocated]] = []
    for request in requests:
        answer = domain.allocate(request, balances)
        balances.update(domain.balances_after(balances, request.retailer_id, answer))
        if request.reservation_id is not None:
            answer = await _end_hold(tx, request, answer, kept, freed)
        answered.append((request, answer))
    takings = [
        store.NewPromise(
            answer.order_id,
            row.external_id,
            balances[request.retailer_id, t.catalogue_id, t.product_id].id,
            answer.round,
            t.quantity,
            request.placed_at,
        )
        for request, answer in answered
        for row in answer.rows
        for t in row.taken
    ]
    taken = _sum_by_balance(takings)
    if takings:
        await store.take_stock(tx, taken)
        await store.save_allocations(tx, takings)
    if lines := [line for request, answer in answered for line in _lines(request, answer, balances)]:
        await store.save_waiting(tx, lines)
    await store.save_settlements(tx, [(request.retailer_id, answer) for request, answer in answered])
    return [answer for _, answer in answered], taken


async def _kept(tx: Transaction, request: AllocateOrder) -> dict[int, Decimal]:
    """How much the hold that a request names keeps of which balances."""
    assert request.reservation_id is not None
    return await store.named_hold(tx, request.reservation_id, request.retailer_id)


def _without(balance: Balance, kept: Decimal | None) -> Balance:
    """The balance as the order sees it whose hold keeps so much of it (routing.md R6)."""
    return balance if kept is None else replace(balance, held=balance.held - kept)


async def _end_hold(
    tx: Transaction,
    request: AllocateOrder,
    answer: OrderAllocated,
    kept: Mapping[int, Decimal],
    freed: dict[int, Decimal],
) -> OrderAllocated:
    """End the hold that an order names if it took anything, and say in its answer what became of the hold.

    A shop whose order is refused may mend it and send it again: its cart keeps what it has until its time is over.
    """
    assert request.reservation_id is not None
    if not kept:
        return answer.model_copy(update={"hold": "absent"})
    if not any(row.taken for row in answer.rows):
        return answer.model_copy(update={"hold": "kept"})
    ended = await store.end_named_holds(tx, [(request.reservation_id, request.retailer_id)])
    for id_, quantity in ended.items():
        freed[id_] = freed.get(id_, NOTHING) + quantity
    return answer.model_copy(update={"hold": "ended"})


def _lines(request: AllocateOrder, answer: OrderAllocated, balances: dict[Key, Balance]) -> Iterator[store.NewLine]:
    """What of an order is to wait, and for which of the balances that are there."""
    for line in domain.lines_of(request, answer):
        keys = [(request.retailer_id, one.catalogue_id, one.product_id) for one in line.candidates]
        yield store.NewLine(
            request.order_id,
            line.row_id,
            request.round,
            request.retailer_id,
            request.external_id,
            request.placed_at,
            line.position,
            balances[request.retailer_id, line.at.catalogue_id, line.at.product_id].id,
            line.quantity,
            line.whole,
            tuple(balances[key].id for key in keys if key in balances),
        )


def _refuse_repeated_rows(request: AllocateOrder) -> None:
    names = [row.external_id for row in request.rows]
    if len(set(names)) < len(names):
        raise Unprocessable(f"order {request.order_id} asks for a row more than once")


def _sum_by_balance(takings: Sequence[store.NewPromise]) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = {}
    for taking in takings:
        sums[taking.balance_id] = sums.get(taking.balance_id, NOTHING) + taking.quantity
    return sums
