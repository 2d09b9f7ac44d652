"""What stock is promised to an order: routing.md R1 to R6, and the groups that are served whole or not at all."""

from collections.abc import Mapping, Sequence

from shared.contracts import AllocateOrder, OrderAllocated, Outcome, RowAllocated, RowDemand
from shared.rules import backorders, bundles, explaining
from shared.rules.balance import Balance, Key, Shelf, free_of, take_in_order
from shared.rules.share import Share, once

__all__ = ["Balance", "Key", "allocate", "balances_after", "free_of", "take_in_order"]


def allocate(order: AllocateOrder, balances: Mapping[Key, Balance]) -> OrderAllocated:
    """Promise stock to an order, its rows in turn. Every row: taken + waiting + short = its quantity.

    What one row takes is gone for the next. Rows of a bundle are served together, when the first of them has its turn;
    a row that may not be split comes from one catalogue, or waits whole at one place, or gets nothing. A mandatory row
    that is not fully promised refuses the whole order; of an order that is all or nothing, any row does.
    """
    shelf = Shelf(order.retailer_id, balances)
    answers: dict[str, RowAllocated] = {}
    for demands in bundles.grouped(order.rows):
        for demand, share in zip(demands, _shares(demands, shelf), strict=True):
            answers[demand.external_id] = explaining.answer(demand, share, shelf, bundled=len(demands) > 1)
            _keep(share, shelf)
    rows = tuple(answers[demand.external_id] for demand in order.rows)
    if any(row.short and (order.all_or_nothing or d.mandatory) for d, row in zip(order.rows, rows, strict=True)):
        refused = tuple(explaining.refuse(demand, row) for demand, row in zip(order.rows, rows, strict=True))
        return OrderAllocated(order_id=order.order_id, round=order.round, outcome="refused", rows=refused)
    return OrderAllocated(order_id=order.order_id, round=order.round, outcome=_outcome(rows), rows=rows)


def balances_after(balances: Mapping[Key, Balance], retailer_id: str, answer: OrderAllocated) -> dict[Key, Balance]:
    """The balances that an answer changes, as they are after it."""
    shelf = Shelf(retailer_id, balances)
    for row in answer.rows:
        for taking in row.taken:
            shelf.move(taking.catalogue_id, taking.product_id, taken=taking.quantity)
        for taking in row.waiting:
            shelf.move(taking.catalogue_id, taking.product_id, waiting=taking.quantity)
    return shelf.changed


def _shares(demands: Sequence[RowDemand], shelf: Shelf) -> Sequence[Share]:
    if len(demands) > 1 or not demands[0].partial_delivery_allowed:
        return bundles.shares(demands, shelf)
    return [_share(demands[0], shelf)]


def _share(demand: RowDemand, shelf: Shelf) -> Share:
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


def _keep(share: Share, shelf: Shelf) -> None:
    for place, taken in share.taken.items():
        shelf.move(place.catalogue_id, place.product_id, taken=taken)
    if share.waiting is not None:
        place, waiting = share.waiting
        shelf.move(place.catalogue_id, place.product_id, waiting=waiting)


def _outcome(rows: Sequence[RowAllocated]) -> Outcome:
    short = any(row.short for row in rows)
    promised = any(row.taken or row.waiting for row in rows)
    if short:
        return "partial" if promised else "none"
    return "backordered" if any(row.waiting for row in rows) else "full"
