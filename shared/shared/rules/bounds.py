"""How well an order could be served at best, by what is easily said of it.

A search that gives up the ways which can no longer become the best needs a number that nothing can be better than.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import add, sub

from shared.rules.choices import Source, Turn, serving
from shared.rules.supply import Supply

FEW_TURNS, FEW_CATALOGUES = 12, 8
"""Of so many all combinations are looked at."""


@dataclass(frozen=True)
class Bounds:
    """Servings that nothing within reach is better than, when some catalogues (a bit each) send something already.

    `rest` is of a turn, by its number, and all later ones, with the shipments that they add; `whole` of the order.
    """

    rest: Callable[[int, int], int]
    whole: Callable[[int], int]


def bounds_of(supply: Supply) -> Bounds:
    """The bounds for an order."""
    return _by_combinations(supply) if is_small(supply) else _by_shares(supply)


def is_small(supply: Supply) -> bool:
    """Whether an order is so small that the best plan for it is to be found, whatever it takes."""
    return len(supply.turns) <= FEW_TURNS and supply.catalogues <= FEW_CATALOGUES


def _by_combinations(supply: Supply) -> Bounds:
    """With few catalogues: the best combination of them that holds those used already.

    Of a combination each turn takes the cheapest, and turns that want the same stock together no more than there is.
    """
    combinations = range(1 << supply.giving)
    worth = [serving(worth=supply.shipment * count) for count in range(supply.giving + 1)]
    shipments = [worth[combination.bit_count()] for combination in combinations]
    costs = list(shipments)
    table = [shipments]
    rivalry: dict[int, _Rivals] = {}
    for numbers in supply.rivals:
        rivalry.update(dict.fromkeys(numbers, _Rivals(supply, alone=len(numbers) == 1)))
    for number in reversed(range(len(supply.turns))):
        rivals = rivalry[number]
        before = rivals.costs
        added = rivals.add(supply.turns[number])
        costs = list(map(add, costs, added if before is None else map(sub, added, before)))
        table.append(_best_superset(costs, supply.giving))
    table.reverse()
    return Bounds(
        rest=lambda number, used: table[number][used] - shipments[used],
        whole=lambda used: table[0][used],
    )


def _best_superset(costs: Sequence[int], catalogues: int) -> list[int]:
    best = list(costs)
    for bit in (1 << number for number in range(catalogues)):
        # In long slices, however far apart a combination and the same one with the catalogue are.
        step, size = 2 * bit, len(best)
        if step * bit <= size:
            for first in range(bit):
                best[first::step] = map(min, best[first::step], best[first + bit :: step])
        else:
            for first in range(0, size, step):
                middle = first + bit
                best[first:middle] = map(min, best[first:middle], best[middle : first + step])
    return best


def _by_shares(supply: Supply) -> Bounds:
    """With many catalogues: each turn pays for a shipment in proportion to how much of what it could take there it
    takes, and the turns that might use a catalogue share its shipment."""
    wanted: dict[int, int] = {}
    for turn in supply.turns:
        for catalogue in {source.catalogue for source in turn.sources}:
            wanted[catalogue] = wanted.get(catalogue, 0) + 1
    shares = {catalogue: supply.shipment // count for catalogue, count in wanted.items()}
    fillings = [_Filling(supply, turn, shares) for turn in supply.turns]
    known: dict[tuple[int, int], int] = {}

    def rest(number: int, used: int) -> int:
        first = number
        while first < len(fillings) and (first, used) not in known:
            first += 1
        total = known.get((first, used), 0)
        for at in range(first - 1, number - 1, -1):
            total += fillings[at].best(used)
            known[at, used] = total
        return total

    return Bounds(rest=rest, whole=lambda used: 0)


class _Filling:
    """The least that a turn costs by itself. `shares` are its parts of the shipments of catalogues not used yet."""

    def __init__(self, supply: Supply, turn: Turn, shares: dict[int, int] | None = None) -> None:
        self._turn = turn
        self._has = [source.capacity(turn.sets, supply.left) for source in turn.sources]
        self._shares = shares
        self._catalogues = sum(1 << catalogue for catalogue in {source.catalogue for source in turn.sources})
        self._found: dict[int, int] = {}

    def of_combinations(self, count: int) -> list[int]:
        """The best of each combination of the first so many catalogues."""
        keys = [0]
        for bit in (1 << catalogue for catalogue in range(count)):
            keys += [key | bit for key in keys] if self._catalogues & bit else keys
        found = {key: self._fill(key) for key in set(keys)}
        return [found[key] for key in keys]

    def best(self, catalogues: int) -> int:
        """The best when only these catalogues give, or, with shares, when these need no shipment any more."""
        key = catalogues & self._catalogues
        if key not in self._found:
            self._found[key] = self._fill(key)
        return self._found[key]

    def _fill(self, catalogues: int) -> int:
        turn, missing, worth, distance = self._turn, self._turn.sets, 0, 0
        offers = [
            (price, number)
            for number, source in enumerate(turn.sources)
            if self._has[number] and (price := self._price(number, source, catalogues)) is not None
        ]
        for price, number in sorted(offers):
            sets = min(self._has[number], missing)
            missing -= sets
            worth += sets * price
            distance += sets * number
        return turn.with_rest(missing, worth, distance)

    def _price(self, number: int, source: Source, catalogues: int) -> int | None:
        used = catalogues >> source.catalogue & 1
        if self._shares is None:
            return source.price if used else None
        return source.price + (0 if used else self._shares[source.catalogue] // self._has[number])


class _Rivals:
    """The least that turns which want the same stock come to, by combinations of catalogues; they are added in turn.

    Each by itself, or all their rows together if what there is could go to any of them: whichever comes to more.
    """

    def __init__(self, supply: Supply, *, alone: bool) -> None:
        self._supply = supply
        self._only_one = alone
        self._combinations = range(1 << supply.giving)
        self._alone: list[int] = []
        self._need = self._may_wait = 0
        self._cheapest_wait: int | None = None
        self._wanted: dict[int, int] = {}
        self._offers: dict[int, tuple[int, int]] = {}
        self.costs: list[int] | None = None

    def add(self, turn: Turn) -> list[int]:
        """One turn more; what they come to then."""
        filled = _Filling(self._supply, turn).of_combinations(self._supply.giving)
        first = self.costs is None
        self._alone = filled if first else list(map(add, self._alone, filled))
        if not self._only_one:
            self._note(turn)
        self.costs = self._alone if first else list(map(max, self._alone, self._together()))
        return self.costs

    def _note(self, turn: Turn) -> None:
        self._need += turn.sets * turn.size
        if turn.waits_at is not None:
            self._may_wait += turn.sets * turn.size
            cheapest = min(min(part.prices) for source in turn.sources if source.may_wait for part in source.parts)
            self._cheapest_wait = cheapest if self._cheapest_wait is None else min(self._cheapest_wait, cheapest)
        for source in turn.sources:
            for part in source.parts:
                for place, price in zip(part.places, part.prices, strict=True):
                    self._wanted[place] = self._wanted.get(place, 0) + part.need * turn.sets
                    self._offers[place] = min(price, self._offers.get(place, (price, 0))[0]), source.catalogue

    def _together(self) -> list[int]:
        offers = sorted(
            (price, catalogue, min(self._wanted[place], self._supply.left.get(place, self._wanted[place])))
            for place, (price, catalogue) in self._offers.items()
        )
        return [self._fill(combination, offers) for combination in self._combinations]

    def _fill(self, combination: int, offers: Iterable[tuple[int, int, int]]) -> int:
        missing, worth = self._need, 0
        for price, catalogue, there in offers:
            if combination >> catalogue & 1:
                part = min(there, missing)
                missing -= part
                worth += part * price
        waiting = min(missing, self._may_wait)
        return serving(missing - waiting, waiting, worth + waiting * (self._cheapest_wait or 0))
