"""Stock that came: those who wait for it get it first, in the transaction that books it."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from inventory import domain, store
from inventory.domain import Balance, Filled, Key
from shared import outbox
from shared.contracts import OrderFilled, RowFilled, Taking
from shared.postgres import Transaction

AT_ONCE = 50
"""How many lines are looked at before it is asked whether there is anything left to give: each time twice as many."""

IN_A_TRANSACTION = 500
"""How many lines one transaction looks at, so that nobody waits long for the balances it has locked."""

COUNTED = 1_000
"""How many of those who are left are asked what they may have. Of more than that it is simply all there is."""

NOTHING = Decimal(0)

Since = tuple[str, int]
"""A row, and the round of asking since which it waits."""


class _Shared(NamedTuple):
    """What became of stock: what is said, how much each balance gave, and how much had been kept for those who wait."""

    events: list[OrderFilled]
    given: Mapping[int, Decimal]
    kept: Mapping[int, Decimal]


async def fill(tx: Transaction, balance_ids: Iterable[int]) -> list[OrderFilled]:
    """Give what is free in balances to those who wait for it, first come first served, and say so.

    To be called last in a transaction that raised what is free in these balances and has locked them; from then on it
    is inventory's own act. Where more wait than one transaction serves, the rest is kept for them, and `serving` goes
    on: until then nobody else gets it.
    """
    return (await _serve(tx, set(balance_ids))).events


async def share_out(tx: Transaction, raised: Mapping[int, Decimal]) -> None:
    """What came back to balances, so much to each: those who wait get it. Of what is free now and was not, all hear."""
    came = {id_: quantity for id_, quantity in raised.items() if quantity > 0}
    if not came:
        return
    shared = await _serve(tx, set(came))
    for id_, quantity in shared.kept.items():
        came[id_] += quantity
    left = {id_: quantity - shared.given.get(id_, NOTHING) for id_, quantity in came.items()}
    if stays := {id_: quantity for id_, quantity in left.items() if quantity > 0}:
        await outbox.put(tx, *await store.revived(tx, stays))


async def _serve(tx: Transaction, balance_ids: set[int]) -> _Shared:
    """Fill what waits for these balances, as much as one transaction may, and keep for the others what is theirs."""
    wanted = await store.waited_for(tx, balance_ids) if balance_ids else []
    if not wanted:
        return _Shared([], {}, {})
    await store.act_as_inventory(tx)
    now = await store.balances_now(tx, wanted)
    kept = await store.end_keeping(tx, wanted) if any(balance.held for balance in now.values()) else {}
    if kept:
        now = await store.balances_now(tx, wanted)
    left = {balance.id: balance for balance in now.values() if _gives(balance) > 0}
    served, last = await _take_turns(tx, left)
    given = _sum(filled.taken for _, filled in served)
    if given:
        await store.take_stock(tx, given)
        await store.shrink_waiting(
            tx, {line.id: line.waiting.quantity - sum(filled.taken.values()) for line, filled in served}
        )
    if last is not None:
        await _keep(tx, left, last)
    return _Shared(await _promise(tx, served, now) if served else [], given, kept)


async def _take_turns(
    tx: Transaction, left: dict[int, Balance]
) -> tuple[list[tuple[store.OpenLine, Filled]], store.Turn | None]:
    """Who is served from balances, which are `left` as they are then; after which turn others may be left, if any."""
    served: list[tuple[store.OpenLine, Filled]] = []
    turn: store.Turn | None = None
    looked_at, limit = 0, min(AT_ONCE, IN_A_TRANSACTION)
    while free := {id_: quantity for id_, balance in left.items() if (quantity := _gives(balance)) > 0}:
        if looked_at >= IN_A_TRANSACTION:
            return served, turn
        following = await store.next_to_serve(tx, free, limit=limit, after=turn)
        if not following:
            break
        lines = await store.lines_for_update(tx, [one.id for one in following])
        of = {line.turn: line for line in lines}
        for filled in domain.fill_waiting((line.waiting for line in lines), left):
            line = filled.waiting
            served.append((of[line.placed_at, line.order_id, line.position, line.lot], filled))
            for id_, quantity in filled.taken.items():
                left[id_] = domain.after(left[id_], taken=quantity)
        if len(following) < limit:
            break
        turn, looked_at = following[-1].turn, looked_at + limit
        limit = min(2 * limit, IN_A_TRANSACTION - looked_at)
    return served, None


async def _keep(tx: Transaction, left: Mapping[int, Balance], after: store.Turn) -> None:
    """Keep what is left in balances for those who come after a turn, as far as they may have it."""
    free = {id_: quantity for id_, balance in left.items() if (quantity := _gives(balance)) > 0}
    wanted = await store.still_to_serve(tx, free, limit=COUNTED, after=after)
    if wanted:
        most = {id_: min(free[id_], Decimal(domain.MOST_UNITS)) for id_ in wanted}
        await store.keep_for_waiting(
            tx, {id_: most[id_] if units is None else min(most[id_], units) for id_, units in wanted.items()}
        )


def _gives(balance: Balance) -> Decimal:
    """What a balance can give to those who wait."""
    return NOTHING if domain.bar_of(balance) else domain.free_of(balance)


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
