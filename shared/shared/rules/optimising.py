"""The best plan for an order: a search over the ways in which its turns can be served, one turn after the other.

After each turn, ways that leave the same stock and have used the same catalogues are one, and the best of them goes
on. The work is bounded in steps rather than in time, so that the same order is always planned the same. Up to 12 rows
with candidates in 8 catalogues that is enough to be exact; what is too much is planned as well as the steps allow.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple, Optional

from shared.rules.bounds import Bounds, bounds_of, is_small
from shared.rules.choices import Choice, goodness, serving
from shared.rules.expectation import Aim, Measure
from shared.rules.plan import Plan, Ranked, RowPlan
from shared.rules.share import Ordered
from shared.rules.supply import Supply, supply_of

WIDTHS = (4, 64, 2_048)
"""How many ways go on after a turn: first a few, which show how good it can get; then all that may still be better."""

MOST_STEPS, MOST_STEPS_OF_SMALL = 10_000, 150_000
"""How many ways to go on are looked at in a pass over an order: a fraction of a second, of a small one up to one."""


class Way(NamedTuple):
    """A way to serve the turns so far: what it comes to, the catalogues used, what it left, and its last step."""

    serving: int
    catalogues: int
    left: tuple[int, ...]
    choice: Choice | None = None
    before: Optional["Way"] = None


Reached = dict[tuple[int, tuple[int, ...]], tuple[int, Way]]
"""The best way to each combination of catalogues used and stock left, with the best that may still come of it."""


def best_plan(aim: Aim, order: Ordered, ranked: Plan, usual: Measure) -> Plan | None:
    """The plan that serves an order best; None when none can be better than `usual`, or none was found at all."""
    supply = supply_of(aim, order, ranked)
    bounds = bounds_of(supply)
    if supply.in_whole(usual) <= goodness(bounds.rest(0, 0)):
        return None
    best, _ = search(supply, bounds)
    return None if best is None else _planned(ranked, supply, _choices(best))


def search(supply: Supply, bounds: Bounds) -> tuple[Way | None, bool]:
    """The best way, None when each of them is refused, and whether all others were proved to be no better."""
    looking = _Search(supply, bounds)
    best: Way | None = None
    for width in WIDTHS:
        found, proved = looking.best(width, None if best is None else best.serving)
        best = found or best
        if proved or (best is not None and goodness(best.serving) <= goodness(bounds.rest(0, 0))):
            return best, True
    return best, False


class _Search:
    """The passes over the turns of an order, and what they learn about the choices of a turn."""

    def __init__(self, supply: Supply, bounds: Bounds) -> None:
        self._supply, self._bounds = supply, bounds
        self._contested = _contested(supply)
        self._cache: dict[tuple[int, tuple[int, ...]], list[tuple[Choice, tuple[int, ...]]]] = {}
        steps = MOST_STEPS_OF_SMALL if is_small(supply) else MOST_STEPS
        self._most_steps = max(WIDTHS[0], steps // max(1, len(supply.turns)))
        self._left_out = False
        self._cut: set[tuple[int, tuple[int, ...]]] = set()
        self._shipments = [serving(worth=supply.shipment * count) for count in range(supply.catalogues + 1)]

    def best(self, width: int, known: int | None) -> tuple[Way | None, bool]:
        """The best way that is better than the known one, and whether nothing was left out on the way to it.

        Not more than `width` ways go on after each turn.
        """
        ways = [Way(0, 0, tuple(self._supply.left[place] for place in self._contested[0]))]
        self._left_out = False
        for number in range(len(self._supply.turns)):
            further: Reached = {}
            steps = 0
            for way in ways:
                if steps >= self._most_steps:
                    self._left_out = True
                    break
                steps += self._go_on(number, way, known, further)
            reached = sorted(further.values(), key=itemgetter(0))
            self._left_out = self._left_out or len(reached) > width
            ways = [way for _, way in reached[:width]]
        return (ways[0] if ways else None), not self._left_out

    def _go_on(self, number: int, way: Way, known: int | None, further: Reached) -> int:
        """Go on with each choice of a turn, unless it cannot become better than the known way; how many there are."""
        before, after = self._contested[number], self._contested[number + 1]
        kept = [way.left[before.index(place)] for place in after]
        choices = self._choices(number, way.left)
        for choice, gone in choices:
            catalogues = way.catalogues | choice.catalogues
            added = self._shipments[(catalogues ^ way.catalogues).bit_count()]
            so_far = way.serving + choice.serving + added
            at_best = max(so_far + self._bounds.rest(number + 1, catalogues), self._bounds.whole(catalogues))
            if known is not None and goodness(at_best) >= goodness(known):
                continue
            left = tuple(there - quantity for there, quantity in zip(kept, gone, strict=True))
            same = further.get((catalogues, left))
            if same is None or so_far < same[1].serving:
                further[catalogues, left] = at_best, Way(so_far, catalogues, left, choice, way)
        return len(choices)

    def _choices(self, number: int, left: tuple[int, ...]) -> list[tuple[Choice, tuple[int, ...]]]:
        """The choices of a turn, and what each takes of what later turns want; of those that take the same the best."""
        turn, before = self._supply.turns[number], self._contested[number]
        wanted = {place: quantity for place, quantity in zip(before, left, strict=True) if place in turn.places}
        key = (number, tuple(wanted.values()))
        if key not in self._cache:
            best: dict[tuple[int, tuple[int, ...]], Choice] = {}
            most = self._most_steps // WIDTHS[0]
            for tried, choice in enumerate(turn.choices({**self._supply.left, **wanted})):
                if tried == most:
                    self._cut.add(key)
                    break
                if choice.short and (turn.needed or self._supply.together):
                    continue
                taken = dict(choice.takes)
                gone = tuple(taken.get(place, 0) for place in self._contested[number + 1])
                same = best.get((choice.catalogues, gone))
                if same is None or choice.serving < same.serving:
                    best[choice.catalogues, gone] = choice
            self._cache[key] = [(choice, gone) for (_, gone), choice in best.items()]
        self._left_out = self._left_out or key in self._cut
        return self._cache[key]


def _contested(supply: Supply) -> list[tuple[int, ...]]:
    """Before each turn, and after the last: the places that it or a later one wants, and another one as well."""
    users: dict[int, list[int]] = {}
    for number, turn in enumerate(supply.turns):
        for place in turn.places & supply.left.keys():
            users.setdefault(place, []).append(number)
    shared = {place: max(numbers) for place, numbers in users.items() if len(numbers) > 1}
    return [
        tuple(place for place, last in sorted(shared.items()) if last >= number)
        for number in range(len(supply.turns) + 1)
    ]


def _choices(way: Way) -> list[Choice]:
    choices: list[Choice] = []
    step: Way | None = way
    while step is not None and step.choice is not None:
        choices.append(step.choice)
        step = step.before
    return choices[::-1]


def _planned(ranked: Plan, supply: Supply, choices: Sequence[Choice]) -> Plan:
    """The plan that asks for what was chosen first, and then for the others by priority."""
    turns: dict[str, Mapping[tuple[str, str], int]] = {}
    for turn, choice in zip(supply.turns, choices, strict=True):
        order = dict.fromkeys([*choice.sources, *range(len(turn.sources))])
        for row, places in zip(turn.rows, turn.candidates(list(order)), strict=True):
            turns[row.external_id] = {place: at for at, place in enumerate(places)}
    return ranked.model_copy(
        update={
            "rows": tuple(
                row.model_copy(update={"ranked": _in_turn(row, turns.get(row.external_id, {}))}) for row in ranked.rows
            )
        }
    )


def _in_turn(row: RowPlan, turns: Mapping[tuple[str, str], int]) -> tuple[Ranked, ...]:
    return tuple(sorted(row.ranked, key=lambda one: turns.get((one.catalogue_id, one.product_id), len(turns))))
