"""Stock that came: those who wait for it get it first, in the transaction that books it."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from inventory import domain, store
from inventory.domain import Balance, Filled, Key
from shared import outbox
from shared.contracts import OrderFilled, RowFilled, Taking
from shared.postgres import Transaction

AT_ONCE, AT_MOST = 50, 2_000
"""How many lines are looked at before it is asked whether there is anything left to give: each time twice as many."""

NOTHING = Decimal(0)

Since = tuple[str, int]
"""A row, and the round of asking since which it waits."""


async def fill(tx: Transaction, balance_ids: Iterable[int]) -> list[OrderFilled]:
    """Give what is free in balances to those who wait for it, first come first served, and say so.

    To be called last in a transaction that raised what is free in these balances and has locked them.
    """
    events, _ = await _serve(tx, set(balance_ids))
    return events


async def share_out(tx: Transaction, raised: Mapping[int, Decimal]) -> None:
    """What came back to balances, so much to each: those who wait get it. Of what is free now and was not, all hear."""
    came = {id_: quantity for id_, quantity in raised.items() if quantity > 0}
    if not came:
        return
    _, given = await _serve(tx, set(came))
    left = {id_: quantity - given.get(id_, NOTHING) for id_, quantity in came.items()}
    if stays := {id_: quantity for id_, quantity in left.items() if quantity > 0}:
        await outbox.put(tx, *await store.revived(tx, stays))


async def _serve(tx: Transaction, balance_ids: set[int]) -> tuple[list[OrderFilled], dict[int, Decimal]]:
    """Fill what waits for these balances: what is said of it, and how much each of them gave."""
    wanted = await store.waited_for(tx, balance_ids) if balance_ids else []
    if not wanted:
        return [], {}
    now = await store.balances_now(tx, wanted)
    left = {balance.id: balance for balance in now.values() if domain.free_of(balance) > 0}
    served: list[tuple[store.OpenLine, Filled]] = []
    turn: store.Turn | None = None
    limit = AT_ONCE
    while free := [id_ for id_, balance in left.items() if domain.free_of(balance) > 0]:
        lines = await store.waiting_for(tx, free, limit=limit, after=turn)
        of = {line.turn: line for line in lines}
        for filled in domain.fill_waiting((line.waiting for line in lines), left):
            line = filled.waiting
            served.append((of[line.placed_at, line.order_id, line.position, line.lot], filled))
            for id_, quantity in filled.taken.items():
                left[id_] = domain.after(left[id_], taken=quantity)
        if len(lines) < limit:
            break
        turn, limit = lines[-1].turn, min(2 * limit, AT_MOST)
    if not served:
        return [], {}
    given = _sum(filled.taken for _, filled in served)
    await store.take_stock(tx, given)
    await store.shrink_waiting(
        tx, {line.id: line.waiting.quantity - sum(filled.taken.values()) for line, filled in served}
    )
    return await _promise(tx, served, now), given


async def _promise(
    tx: Transaction, served: Sequence[tuple[store.OpenLine, Filled]], now: Mapping[Key, Balance]
) -> list[OrderFilled]:
    """Note what was given as promises, those to an order in one lot, and say it."""
    places = {balance.id: key for key, balance in now.items()}
    orders: dict[UUID, dict[Since, dict[int, Decimal]]] = {}
    first: dict[UUID, store.OpenLine] = {}
    for line, filled in served:
        first.setdefault(line.waiting.order_id, line)
        orders.setdefault(line.waiting.order_id, {})[line.waiting.row_id, line.waiting.lot] = filled.taken
    lots = dict(zip(orders, await store.next_lots(tx, len(orders)), strict=True))
    await store.save_allocations(
        tx,
        (
            store.NewPromise(order_id, row_id, id_, lots[order_id], quantity, first[order_id].waiting.placed_at)
            for order_id, rows in orders.items()
            for (row_id, id_), quantity in _by_row(rows).items()
        ),
    )
    filled_at = await tx.now()
    events = [
        OrderFilled(
            order_id=order_id,
            retailer_id=first[order_id].retailer_id,
            lot=lots[order_id],
            filled_at=filled_at,
            rows=tuple(
                RowFilled(
                    external_id=row_id,
                    waited=waited,
                    taken=tuple(
                        Taking(catalogue_id=places[id_][1], product_id=places[id_][2], quantity=quantity)
                        for id_, quantity in taken.items()
                    ),
                )
                for (row_id, waited), taken in rows.items()
            ),
        )
        for order_id, rows in orders.items()
    ]
    await outbox.put(tx, *events)
    return events


def _by_row(rows: Mapping[Since, Mapping[int, Decimal]]) -> dict[tuple[str, int], Decimal]:
    """What each row took from each balance: it may have waited twice, after two rounds of asking."""
    sums: dict[tuple[str, int], Decimal] = {}
    for (row_id, _), taken in rows.items():
        for id_, quantity in taken.items():
            sums[row_id, id_] = sums.get((row_id, id_), NOTHING) + quantity
    return sums


def _sum(takings: Iterable[Mapping[int, Decimal]]) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = {}
    for taken in takings:
        for id_, quantity in taken.items():
            sums[id_] = sums.get(id_, NOTHING) + quantity
    return sums
