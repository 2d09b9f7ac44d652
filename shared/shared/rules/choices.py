"""The ways in which a turn of an order can be served, in whole numbers.

A *turn* is what inventory serves together: a row, or the rows of a bundle. Its *sources* are what gives to it: for a
row the candidates, for a bundle (and a row that may not be split) the catalogues, which give it whole sets. Quantities
are in millionths of a unit, and money in parts so small that all amounts of the order are whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from shared.rules.share import Demand

FIELD = 192
"""Bits for each of the four numbers of a serving; no sum of an order's comes near."""


def serving(unserved: int = 0, waiting: int = 0, worth: int = 0, distance: int = 0) -> int:
    """What serving something comes to: millionths unserved and waiting, money, how far down the ranking it goes.

    As one number, in which the first of them counts first: servings are added and compared some hundred thousand times.
    """
    return (((((unserved << FIELD) + waiting) << FIELD) + worth) << FIELD) + distance


def goodness(of: int) -> int:
    """A serving without the distance, which decides nothing but what to prefer among equals."""
    return of >> FIELD


class Part(NamedTuple):
    """What a row of a turn needs of a source for one set, and the places there, cheapest first, with their prices."""

    need: int
    places: tuple[int, ...]
    prices: tuple[int, ...]
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Source:
    """What can give to a turn: `catalogue` is its number, `parts` what each row takes of it for a set."""

    catalogue: int
    parts: tuple[Part, ...]
    price: int
    may_wait: bool

    def takes(self, sets: int, left: Mapping[int, int]) -> dict[int, tuple[int, int]] | None:
        """What so many sets take of each place, and what that costs; None when there is not enough."""
        taken: dict[int, tuple[int, int]] = {}
        for need, places, prices, _ in self.parts:
            wanted = need * sets
            for place, price in zip(places, prices, strict=True):
                gone, cost = taken.get(place, (0, 0))
                part = min(left.get(place, wanted + gone) - gone, wanted)
                if part > 0:
                    taken[place] = gone + part, cost + part * price
                    wanted -= part
            if wanted > 0:
                return None
        return taken

    def capacity(self, most: int, left: Mapping[int, int]) -> int:
        """How many sets it has, and never more than `most`. A place that never runs out is not in `left`."""
        if len(self.parts) == 1 and len(self.parts[0].places) == 1 and self.parts[0].need:
            return min(most, left.get(self.parts[0].places[0], most * self.parts[0].need) // self.parts[0].need)
        least = 0
        while least < most:
            middle = (least + most + 1) // 2
            if self.takes(middle, left) is None:
                most = middle - 1
            else:
                least = middle
        return least


class Choice(NamedTuple):
    """A way to serve a turn: the sources that give all they have, then the one that gives the rest.

    When something has to wait, the source where it does comes first of all. `takes` is what goes from each place,
    `catalogues` a bit for each catalogue that sends something.
    """

    sources: tuple[int, ...]
    serving: int
    short: bool
    catalogues: int
    takes: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Turn:
    """What is served together: `sets` of so many millionths, from sources in the order of their priority."""

    rows: tuple[Demand, ...]
    sets: int
    size: int
    sources: tuple[Source, ...]
    may_wait: bool
    needed: bool

    @cached_property
    def places(self) -> frozenset[int]:
        """All places that it may take from."""
        return frozenset(place for source in self.sources for part in source.parts for place in part.places)

    def candidates(self, order: Sequence[int]) -> list[list[tuple[str, str]]]:
        """For each row the catalogues and products in the order of their sources."""
        return [
            [name for number in order for name in self.sources[number].parts[at].names] for at in range(len(self.rows))
        ]

    def choices(self, left: Mapping[int, int]) -> Iterator[Choice]:
        """All that can come of asking its sources in one order or another, the most promising first.

        Of eight sources there are never more than 1,024.
        """
        has = {number: source.capacity(self.sets, left) for number, source in enumerate(self.sources)}
        giving = sorted((n for n, sets in has.items() if sets), key=lambda n: (self.sources[n].price, n))
        if sum(has.values()) <= self.sets:
            yield self._choice(sorted(giving), has, left)
            return
        for order in _orders(giving, has, self.sets):
            yield self._choice(order, has, left)

    def _choice(self, order: Sequence[int], has: Mapping[int, int], left: Mapping[int, int]) -> Choice:
        missing, worth, distance, catalogues = self.sets, 0, 0, 0
        takes: dict[int, int] = {}
        for number in order:
            source, sets = self.sources[number], min(has[number], missing)
            missing -= sets
            distance += sets * number
            catalogues |= 1 << source.catalogue
            for place, (quantity, cost) in (source.takes(sets, left) or {}).items():
                takes[place] = takes.get(place, 0) + quantity
                worth += cost
        waits = self.waits_at if missing else None
        if waits is not None:
            order = [waits, *(number for number in order if number != waits)]
        short = missing > 0 and waits is None
        return Choice(tuple(order), self.with_rest(missing, worth, distance), short, catalogues, tuple(takes.items()))

    def with_rest(self, missing: int, worth: int, distance: int) -> int:
        """What it costs to serve the turn but for some sets, which wait at the cheapest place or stay unserved."""
        waits = self.waits_at if missing else None
        if waits is None:
            return serving(missing * self.size, 0, worth, distance)
        return serving(0, missing * self.size, worth + missing * self.sources[waits].price, distance)

    @cached_property
    def waits_at(self) -> int | None:
        """The cheapest source that takes backorders: when something has to wait all have given, in whichever order."""
        allowed = [number for number, source in enumerate(self.sources) if source.may_wait] if self.may_wait else []
        return min(allowed, key=lambda number: (self.sources[number].price, number), default=None)


def _orders(giving: Sequence[int], has: Mapping[int, int], needed: int) -> Iterator[list[int]]:
    """Every set of sources that is not enough by itself, with each other one that makes it enough put last."""
    found: set[tuple[frozenset[int], int]] = set()
    for drained in _not_enough(giving, has, needed):
        missing = needed - sum(has[number] for number in drained)
        for last in giving:
            if last not in drained and has[last] >= missing:
                # Whoever gives exactly what is missing gives all it has: which of them comes last is then the same.
                exact = has[last] == missing
                key = (frozenset((*drained, last)) if exact else frozenset(drained), -1 if exact else last)
                if key not in found:
                    found.add(key)
                    yield [*sorted(drained), last]


def _not_enough(giving: Sequence[int], has: Mapping[int, int], needed: int) -> Iterator[list[int]]:
    """Every set of sources that together have less than is needed."""
    stack: list[tuple[int, int, list[int]]] = [(0, needed, [])]
    while stack:
        start, missing, drained = stack.pop()
        yield drained
        for at in range(len(giving) - 1, start - 1, -1):
            if has[giving[at]] < missing:
                stack.append((at + 1, missing - has[giving[at]], [*drained, giving[at]]))
