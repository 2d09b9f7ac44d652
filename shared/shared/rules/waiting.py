"""The waiting list: what an order leaves on it, and who gets the stock that comes (routing.md, After the promise)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from shared.contracts import AllocateOrder, Candidate, OrderAllocated
from shared.rules import bundles
from shared.rules.balance import NOTHING, Balance, after, bar_of, free_of, take_in_order
from shared.rules.share import once


class Line(NamedTuple):
    """What of a row is to wait: at which candidate, and from which candidates it may be filled, first to last.

    `whole`: it is filled at once from one of them. `position` is the row's place in its order, from 0.
    """

    row_id: str
    position: int
    quantity: Decimal
    at: Candidate
    candidates: tuple[Candidate, ...]
    whole: bool


def lines_of(order: AllocateOrder, answer: OrderAllocated) -> list[Line]:
    """What an order leaves on the waiting list. Stock for it may come to any candidate that its row named.

    The rows of a bundle stay together: they are filled from the catalogue where they wait, and from no other.
    """
    bundled = {row.external_id for rows in bundles.grouped(order.rows) if len(rows) > 1 for row in rows}
    answers = {row.external_id: row for row in answer.rows}
    lines: list[Line] = []
    for position, demand in enumerate(order.rows):
        for waiting in answers[demand.external_id].waiting:
            at = Candidate(catalogue_id=waiting.catalogue_id, product_id=waiting.product_id)
            candidates = once(demand.candidates)
            if demand.external_id in bundled:
                candidates = tuple(one for one in candidates if one.catalogue_id == at.catalogue_id)
            whole = not demand.partial_delivery_allowed
            lines.append(Line(demand.external_id, position, waiting.quantity, at, candidates, whole))
    return lines


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open quantity of a row on the waiting list. `candidates` are ids of balances, the first to be asked first."""

    order_id: UUID
    row_id: str
    lot: int
    placed_at: datetime
    position: int
    quantity: Decimal
    candidates: tuple[int, ...]
    whole: bool = False


class Filled(NamedTuple):
    """What a waiting quantity gets, by balance."""

    waiting: Waiting
    taken: dict[int, Decimal]


def fill_waiting(waiting: Iterable[Waiting], balances: Mapping[int, Balance]) -> list[Filled]:
    """First come, first served: who gets what of the stock that is free now, in the order of who placed first.

    Each asks its candidates in turn, of those that are given here. One that must be whole gets all of it from one
    balance, or goes on waiting and lets the next have the stock. Only those that get something are answered.
    """
    left = dict(balances)
    filled: list[Filled] = []
    for line in sorted(waiting, key=_turn):
        free = _free(line.candidates, left)
        if line.whole:
            free = [(place, most) for place, most in free if most >= line.quantity][:1]
        taken = take_in_order(line.quantity, free)
        if taken:
            for place, quantity in taken.items():
                left[place] = after(left[place], taken=quantity)
            filled.append(Filled(line, taken))
    return filled


def _turn(line: Waiting) -> tuple[datetime, UUID, int, int]:
    return line.placed_at, line.order_id, line.position, line.lot


def _free(candidates: Sequence[int], balances: Mapping[int, Balance]) -> list[tuple[int, Decimal]]:
    known = ((place, balances[place]) for place in dict.fromkeys(candidates) if place in balances)
    return [(place, NOTHING if bar_of(balance) else free_of(balance)) for place, balance in known]
