"""All that may serve an order as its plan knows it, in whole numbers (see `choices.py`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import lcm

from shared.rules import bundles
from shared.rules.choices import Part, Source, Turn, goodness, serving
from shared.rules.expectation import Aim, Measure, prices_of
from shared.rules.plan import Plan, Ranked, asked
from shared.rules.share import Asked, At, Ordered

FINE = 10**6
"""Quantities have at most six decimals."""


@dataclass(frozen=True)
class Supply:
    """All that may serve an order: its turns, what is left in each place that can run out, what a shipment costs.

    Prices were multiplied by `scale`. `together`: any turn that is short refuses the order. Of the catalogues the first
    `giving` have anything on their shelves.
    """

    turns: tuple[Turn, ...]
    left: Mapping[int, int]
    shipment: int
    scale: int
    together: bool
    catalogues: int
    giving: int

    @cached_property
    def rivals(self) -> Sequence[Sequence[int]]:
        """The numbers of the turns, those together that want the same stock, by way of others too."""
        found: list[tuple[frozenset[int], list[int]]] = []
        for number, turn in enumerate(self.turns):
            places = turn.places & self.left.keys()
            touching = [one for one in found if one[0] & places]
            found = [one for one in found if not one[0] & places]
            numbers = [*(at for _, others in touching for at in others), number]
            found.append((places.union(*(others for others, _ in touching)), sorted(numbers)))
        return [numbers for _, numbers in found]

    def in_whole(self, measure: Measure) -> int:
        """A measure as the goodness of a serving."""
        unserved, waiting, worth = measure
        return goodness(serving(_fine(unserved), _fine(waiting), int(worth * self.scale * FINE)))


def supply_of(aim: Aim, order: Ordered, plan: Plan) -> Supply:
    """The supply of an order as its plan knows it."""
    ranked = {row.external_id: {At(one.catalogue_id, one.product_id): one for one in row.ranked} for row in plan.rows}
    prices, scale = _whole_prices(aim, plan)
    places = {place: number for number, place in enumerate(dict.fromkeys(c for row in ranked.values() for c in row))}
    known = {place: one for row in ranked.values() for place, one in row.items()}
    giving = {place.catalogue_id for place, one in known.items() if one.unlimited or one.stock}
    everyone = dict.fromkeys(place.catalogue_id for place in places)
    names = {name: number for number, name in enumerate(sorted(everyone, key=lambda name: name not in giving))}
    catalogue = _Catalogue(ranked, prices, places, names)
    return Supply(
        turns=tuple(catalogue.turn(rows) for rows in bundles.grouped(asked(order, plan))),
        left={places[place]: _fine(one.stock or Decimal(0)) for place, one in known.items() if not one.unlimited},
        shipment=int(plan.cost_per_shipment * scale * FINE) if aim.priced else FINE,
        scale=scale,
        together=plan.all_or_nothing,
        catalogues=len(names),
        giving=len(giving),
    )


@dataclass(frozen=True)
class _Catalogue:
    """The candidates of an order's rows, their prices, and the numbers of places and catalogues."""

    ranked: Mapping[str, Mapping[At, Ranked]]
    prices: Mapping[str, Mapping[tuple[str, str], int]]
    places: Mapping[At, int]
    names: Mapping[str, int]

    def turn(self, rows: Sequence[Asked]) -> Turn:
        """Rows that are served together."""
        whole = len(rows) > 1 or not rows[0].partial_delivery_allowed
        if not whole:
            (row,) = rows
            sources = tuple(self._source([(row, 1, [place])]) for place in dict.fromkeys(row.candidates))
            sets, size, waits = _fine(row.quantity), 1, row.back_order
        else:
            sets = bundles.sets_of(rows)
            needs = [_fine(row.quantity) // sets if sets else 0 for row in rows]
            sources = tuple(
                self._source(
                    [(row, need, self._at(row, name)) for row, need in zip(rows, needs, strict=True)],
                )
                for name in bundles.catalogues_of(rows)
            )
            size, waits = sum(needs), all(row.back_order for row in rows)
        return Turn(tuple(rows), sets, size, sources, waits, any(row.mandatory for row in rows))

    def _at(self, row: Asked, catalogue_id: str) -> list[At]:
        """A row's candidates in a catalogue, the cheapest first."""
        found = [place for place in dict.fromkeys(row.candidates) if place.catalogue_id == catalogue_id]
        return sorted(found, key=lambda place: self._price(row, place))

    def _price(self, row: Asked, place: At) -> int:
        return self.prices[row.external_id][place.catalogue_id, place.product_id]

    def _source(self, parts: Sequence[tuple[Asked, int, Sequence[At]]]) -> Source:
        waits = [
            [place for place in places if self.ranked[row.external_id][place].back_order_allowed]
            for row, _, places in parts
        ]
        return Source(
            catalogue=self.names[parts[0][2][0].catalogue_id],
            parts=tuple(
                Part(
                    need,
                    tuple(self.places[place] for place in places),
                    tuple(self._price(row, place) for place in places),
                    tuple((place.catalogue_id, place.product_id) for place in places),
                )
                for row, need, places in parts
            ),
            price=sum(need * self._price(row, places[0]) for row, need, places in parts),
            may_wait=all(waits),
        )


def _fine(quantity: Decimal) -> int:
    return int(quantity * FINE)


def _whole_prices(aim: Aim, plan: Plan) -> tuple[Mapping[str, Mapping[tuple[str, str], int]], int]:
    """The prices of all candidates as whole numbers, and by how much they were multiplied."""
    keys = {row.external_id: [(one.catalogue_id, one.product_id) for one in row.ranked] for row in plan.rows}
    if not aim.priced:
        return {row: dict.fromkeys(places, 0) for row, places in keys.items()}, 1
    prices = prices_of(plan)
    amounts = [price for row in prices.values() for price in row.values()]
    scale = lcm(*(amount.as_integer_ratio()[1] for amount in (*amounts, plan.cost_per_shipment)))
    return {row: {key: int(price * scale) for key, price in known.items()} for row, known in prices.items()}, scale
