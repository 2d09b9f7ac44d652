"""What stock is promised to an order: routing.md R1 to R6, and the groups that are served whole or not at all."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from shared.contracts import AllocateOrder, OrderAllocated, Outcome, RowAllocated, Seen, Taking, made
from shared.rules import backorders, bundles, explaining
from shared.rules.balance import Balance, Key, Shelf, free_of, take_in_order
from shared.rules.settled import Promise, RowSettled, Settled
from shared.rules.share import Demand, Place, Share, once

__all__ = ["Balance", "Key", "allocate", "balances_after", "free_of", "settle", "take_in_order", "told"]


def allocate(order: AllocateOrder, balances: Mapping[Key, Balance]) -> OrderAllocated:
    """Promise stock to an order, as `settle` says."""
    settled = settle(order.rows, order.retailer_id, balances, all_or_nothing=order.all_or_nothing)
    return OrderAllocated(order_id=order.order_id, round=order.round, outcome=settled.outcome, rows=told(settled))


def settle(
    demands: Sequence[Demand],
    retailer_id: str,
    balances: Mapping[Key, Balance],
    *,
    all_or_nothing: bool,
    explained: bool = True,
) -> Settled:
    """Promise stock to an order, its rows in turn. Every row: taken + waiting + short = its quantity.

    What one row takes is gone for the next. Rows of a bundle are served together, when the first of them has its turn;
    a row that may not be split comes from one catalogue, or waits whole at one place, or gets nothing. A mandatory row
    that is not fully promised refuses the whole order; of an order that is all or nothing, any row does. Unless it is
    to be `explained`, nobody is told what was seen.
    """
    shelf = Shelf(retailer_id, balances)
    answers: dict[str, RowSettled] = {}
    for together in bundles.grouped(demands):
        for demand, share in zip(together, _shares(together, shelf), strict=True):
            seen = explaining.seen_by(demand, share, shelf, bundled=len(together) > 1) if explained else ()
            answers[demand.external_id] = RowSettled(
                demand.external_id,
                tuple([_promise(*one) for one in share.taken.items()]),
                () if share.waiting is None else (_promise(*share.waiting),),
                share.short,
                seen,
            )
            _keep(share, shelf)
    rows = [answers[demand.external_id] for demand in demands]
    if any(row.short and (all_or_nothing or d.mandatory) for d, row in zip(demands, rows, strict=True)):
        return Settled("refused", [explaining.refuse(demand, row) for demand, row in zip(demands, rows, strict=True)])
    return Settled(_outcome(rows), rows)


def told(settled: Settled) -> tuple[RowAllocated, ...]:
    """What the rows of an order get, as inventory tells it."""
    return tuple(
        made(
            RowAllocated,
            external_id=row.external_id,
            taken=tuple([made(Taking, **one._asdict()) for one in row.taken]),
            waiting=tuple([made(Taking, **one._asdict()) for one in row.waiting]),
            short=row.short,
            seen=tuple([made(Seen, **one._asdict()) for one in row.seen]),
        )
        for row in settled.rows
    )


def balances_after(balances: Mapping[Key, Balance], retailer_id: str, answer: OrderAllocated) -> dict[Key, Balance]:
    """The balances that an answer changes, as they are after it."""
    shelf = Shelf(retailer_id, balances)
    for row in answer.rows:
        for taking in row.taken:
            shelf.move(taking.catalogue_id, taking.product_id, taken=taking.quantity)
        for taking in row.waiting:
            shelf.move(taking.catalogue_id, taking.product_id, waiting=taking.quantity)
    return shelf.changed


def _shares(demands: Sequence[Demand], shelf: Shelf) -> Sequence[Share]:
    if len(demands) > 1 or not demands[0].partial_delivery_allowed:
        return bundles.shares(demands, shelf)
    return [_share(demands[0], shelf)]


def _share(demand: Demand, shelf: Shelf) -> Share:
    """R3, R4 and R5 of a row by itself: all the shelves in turn, then the remainder waits at one place."""
    turns = once(demand.candidates)
    taken = take_in_order(
        demand.quantity, ((place, shelf.free(place.catalogue_id, place.product_id)) for place in turns)
    )
    rest = demand.quantity - sum(taken.values())
    if not demand.back_order or not rest:
        return Share(turns, taken, short=rest)
    place = backorders.place_to_wait(turns, rest, shelf)
    if place is None:
        return Share(turns, taken, short=rest, to_wait=rest)
    return Share(turns, taken, waiting=(place, rest), to_wait=rest)


def _promise(place: Place, quantity: Decimal) -> Promise:
    return Promise(place.catalogue_id, place.product_id, quantity)


def _keep(share: Share, shelf: Shelf) -> None:
    for place, taken in share.taken.items():
        shelf.move(place.catalogue_id, place.product_id, taken=taken)
    if share.waiting is not None:
        place, waiting = share.waiting
        shelf.move(place.catalogue_id, place.product_id, waiting=waiting)


def _outcome(rows: Sequence[RowSettled]) -> Outcome:
    short = any(row.short for row in rows)
    promised = any(row.taken or row.waiting for row in rows)
    if short:
        return "partial" if promised else "none"
    return "backordered" if any(row.waiting for row in rows) else "full"
