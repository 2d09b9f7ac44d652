"""Whether fewer shipments could do, where that is easily said: most orders are planned as well as can be already."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from math import comb
from typing import NamedTuple

from shared.rules.balance import NOTHING
from shared.rules.plan import Plan, Ranked, asked
from shared.rules.share import Asked, Ordered

MOST_TRIED = 200
"""So many sets of catalogues are tried; beyond that a search is as quick."""


class Open(NamedTuple):
    """A row that has a choice: what it needs, and what each catalogue has of it, which is more in all."""

    needed: Decimal
    there: Mapping[str, Decimal]


def fewer_might_do(order: Ordered, plan: Plan, shipments: int) -> bool:
    """Whether the order might be served as well in fewer than so many shipments. A no is certain, a yes is not.

    It is certain only for rows by themselves: none in a bundle, none that must be whole, no stock that two of them
    want. Such a row gets the same from the shelves, and as much of it waits, whoever is asked first.
    """
    demands = asked(order, plan)
    if not _apart(demands):
        return True
    forced: set[str] = set()
    choosing: list[Open] = []
    for demand, row in zip(demands, _rows(plan, demands), strict=True):
        there = _there(row, demand.quantity)
        if sum(there.values()) <= demand.quantity:
            forced.update(there)
        else:
            choosing.append(Open(demand.quantity, there))
    more = shipments - 1 - len(forced)
    others = sorted({name for row in choosing for name in row.there} - forced)
    if more < 0:
        return False
    if more > len(others) or comb(len(others), more) > MOST_TRIED:
        return True
    return any(_covered(choosing, forced.union(chosen)) for chosen in combinations(others, more))


def _apart(demands: Sequence[Asked]) -> bool:
    places = [place for demand in demands for place in set(demand.candidates)]
    return len(places) == len(set(places)) and all(
        demand.parent is None and demand.partial_delivery_allowed for demand in demands
    )


def _rows(plan: Plan, demands: Sequence[Asked]) -> list[Sequence[Ranked]]:
    ranked = {row.external_id: row.ranked for row in plan.rows}
    return [ranked[demand.external_id] for demand in demands]


def _there(candidates: Sequence[Ranked], needed: Decimal) -> dict[str, Decimal]:
    """What each catalogue has of a row, and no more than it needs of what never runs out."""
    there: dict[str, Decimal] = {}
    for one in {(one.catalogue_id, one.product_id): one for one in candidates}.values():
        stock = needed if one.unlimited else one.stock or NOTHING
        if stock:
            there[one.catalogue_id] = there.get(one.catalogue_id, NOTHING) + stock
    return there


def _covered(rows: Sequence[Open], catalogues: set[str]) -> bool:
    return all(sum(stock for name, stock in row.there.items() if name in catalogues) >= row.needed for row in rows)
