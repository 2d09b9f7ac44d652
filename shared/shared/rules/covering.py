"""The fewest shipments of an order where that is easily said: sets of catalogues are tried, and nothing searched."""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from math import comb
from typing import NamedTuple

from shared.rules.balance import NOTHING
from shared.rules.plan import Plan, Ranked, asked
from shared.rules.share import Asked, Ordered

MOST_TRIED = 200
"""So many sets of catalogues of one size are tried; beyond that a search is as quick."""


class Open(NamedTuple):
    """A row that has a choice: what it needs, and each candidate's catalogue and what it has, which is more in all."""

    external_id: str
    needed: Decimal
    there: Sequence[tuple[str, Decimal]]


def fewest(order: Ordered, ranked: Plan) -> Plan | None:
    """The plan by which an order is served as well in as few shipments as can be; None where that is not easily said.

    It is the ranked plan if nothing needs fewer. Of several sets of catalogues that do, the one is taken whose
    candidates are highest in the ranking. It is easily said for rows by themselves: none in a bundle, none that must be
    whole, no stock that two of them want, and none of which too little would have the order refused. Such a row gets
    the same from the shelves, and as much of it waits, whoever is asked first; one that needs all there is has no
    choice at all.
    """
    demands = asked(order, ranked)
    if not _apart(demands):
        return None
    candidates = {row.external_id: row.ranked for row in ranked.rows}
    forced: set[str] = set()
    choosing: list[Open] = []
    for demand in demands:
        there = _there(candidates[demand.external_id], demand.quantity)
        stock = sum((stock for _, stock in there), NOTHING)
        if stock < demand.quantity and (demand.mandatory or ranked.all_or_nothing):
            return None
        if stock <= demand.quantity:
            forced.update(catalogue for catalogue, stock in there if stock)
        else:
            choosing.append(Open(demand.external_id, demand.quantity, there))
    having = {catalogue for row in choosing for catalogue, stock in row.there if stock}
    usual = forced.union(name for row in choosing for _, name, _ in _takes(row, having))
    others = sorted(having - forced)
    for more in range(len(usual) - len(forced)):
        if comb(len(others), more) > MOST_TRIED:
            return None
        covering = [
            catalogues
            for chosen in combinations(others, more)
            if all(_covers(row, catalogues := forced.union(chosen)) for row in choosing)
        ]
        if covering:
            return _asked_first(ranked, choosing, min(covering, key=lambda names: _distance(choosing, names)))
    return ranked


def _apart(demands: Sequence[Asked]) -> bool:
    places = [place for demand in demands for place in set(demand.candidates)]
    return len(places) == len(set(places)) and all(
        demand.parent is None and demand.partial_delivery_allowed for demand in demands
    )


def _there(candidates: Sequence[Ranked], needed: Decimal) -> list[tuple[str, Decimal]]:
    """What each candidate has of a row, and no more than it needs of what never runs out. One that is named twice has
    it once.
    """
    there: dict[tuple[str, str], Decimal] = {}
    for one in candidates:
        there.setdefault((one.catalogue_id, one.product_id), needed if one.unlimited else one.stock or NOTHING)
    return [(catalogue, stock) for (catalogue, _), stock in there.items()]


def _covers(row: Open, catalogues: Collection[str]) -> bool:
    return sum((stock for name, stock in row.there if name in catalogues), NOTHING) >= row.needed


def _takes(row: Open, catalogues: Collection[str]) -> Iterator[tuple[int, str, Decimal]]:
    """Place, catalogue and quantity of what a row gets when only these catalogues give, each in its turn."""
    missing = row.needed
    for place, (name, stock) in enumerate(row.there):
        part = min(stock, missing) if name in catalogues else NOTHING
        if part:
            missing -= part
            yield place, name, part


def _distance(rows: Sequence[Open], catalogues: Collection[str]) -> Decimal:
    """How far down the ranking the units come from, when only these catalogues give."""
    return sum((part * place for row in rows for place, _, part in _takes(row, catalogues)), NOTHING)


def _asked_first(ranked: Plan, choosing: Sequence[Open], catalogues: Collection[str]) -> Plan:
    """The plan in which the rows that have a choice ask these catalogues first, and otherwise by priority."""
    open_rows = {row.external_id for row in choosing}
    rows = tuple(
        row.model_copy(update={"ranked": tuple(sorted(row.ranked, key=lambda one: one.catalogue_id not in catalogues))})
        if row.external_id in open_rows
        else row
        for row in ranked.rows
    )
    return ranked.model_copy(update={"rows": rows})
