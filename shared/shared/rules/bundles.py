"""Rows served together or whole: bundles, and rows that may not be split (routing.md, all-or-nothing groups)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from math import gcd
from typing import Protocol, TypeVar

from shared.rules.backorders import has_room
from shared.rules.balance import NOTHING, Shelf, take_in_order
from shared.rules.share import Demand, Place, Share, once


class Bundled(Protocol):
    """A row that may hang on another one, whoever tells of it."""

    @property
    def external_id(self) -> str: ...
    @property
    def parent(self) -> str | None: ...


AnyRow = TypeVar("AnyRow", bound=Bundled)


def grouped(rows: Sequence[AnyRow]) -> Iterator[list[AnyRow]]:
    """The rows in turn, those of a bundle together with the first of them: a parent and all that hangs on it.

    Rows that name the same parent belong together even if it is no row here: it may be a service.
    """
    if all(row.parent is None for row in rows):
        yield from ([row] for row in rows)
        return
    tops = {row.external_id: row.external_id for row in rows}
    for row in rows:
        if row.parent is not None:
            tops.setdefault(row.parent, row.parent)
            tops[_top(row.external_id, tops)] = _top(row.parent, tops)
    groups: dict[str, list[AnyRow]] = {}
    for row in rows:
        groups.setdefault(_top(row.external_id, tops), []).append(row)
    yield from groups.values()


def sets_of(demands: Sequence[Demand]) -> int:
    """How many equal sets a bundle can be divided into, each of whole units: 2 tables and 8 chairs are 2 sets.

    One, when a row of it may not be split or is not of whole units; none when nothing is asked for.
    """
    divisible = all(demand.partial_delivery_allowed for demand in demands)
    return sets_in([demand.quantity for demand in demands], divisible=divisible)


def sets_in(quantities: Iterable[Decimal], *, divisible: bool) -> int:
    """How many equal sets of whole units these quantities of a bundle's rows are; one unless they are `divisible`."""
    parts = list(quantities)
    if not any(parts):
        return 0
    if not divisible or any(part != part.to_integral_value() for part in parts):
        return 1
    return gcd(*(int(part) for part in parts))


def shares(demands: Sequence[Demand], shelf: Shelf) -> list[Share]:
    """What rows that belong together get: each set of a bundle comes whole from one catalogue.

    The catalogues give in turn as many sets as they have, in the order of the row that the others hang on. What is
    left waits, all of it at the first catalogue where each row may wait, if every row allows backorders. A single row
    that may not be split is a bundle of its own, of one set.
    """
    sets = sets_of(demands)
    units = [demand.quantity / sets if sets else NOTHING for demand in demands]
    catalogues = catalogues_of(demands)
    found = [Share(_turns(demand, catalogues)) for demand in demands]
    for catalogue_id in catalogues:
        count, takings = _most(demands, units, sets, catalogue_id, shelf)
        sets -= count
        for share, taken in zip(found, takings, strict=True):
            share.taken.update(taken)
    rests = [unit * sets for unit in units]
    may_wait = all(demand.back_order for demand in demands)
    places = _wait(demands, rests, catalogues, shelf) if sets and may_wait else None
    for number, (share, rest) in enumerate(zip(found, rests, strict=True)):
        share.to_wait = rest if may_wait else NOTHING
        if places is None:
            share.short = rest
        elif rest:
            share.waiting = (places[number], rest)
    return found


def _top(name: str, tops: Mapping[str, str]) -> str:
    while tops[name] != name:
        name = tops[name]
    return name


def catalogues_of(demands: Sequence[Demand]) -> list[str]:
    """The catalogues that all the rows name, in the order of the row that the others hang on."""
    names = {demand.external_id for demand in demands}
    lead = next((demand for demand in demands if demand.parent not in names), demands[0])
    common = set.intersection(*({place.catalogue_id for place in demand.candidates} for demand in demands))
    return [name for name in dict.fromkeys(place.catalogue_id for place in lead.candidates) if name in common]


def _turns(demand: Demand, catalogues: Sequence[str]) -> tuple[Place, ...]:
    """A row's candidates by the turns of the catalogues; those of catalogues that not all rows name come last."""
    turn = {catalogue_id: number for number, catalogue_id in enumerate(catalogues)}
    return tuple(sorted(once(demand.candidates), key=lambda place: turn.get(place.catalogue_id, len(turn))))


def _most(
    demands: Sequence[Demand], units: Sequence[Decimal], sets: int, catalogue_id: str, shelf: Shelf
) -> tuple[int, list[dict[Place, Decimal]]]:
    """The most sets that a catalogue has, and what each row takes for them. More of one means more of another gone, so
    whoever cannot give a number of sets cannot give a larger one either."""
    least, takings = 0, [dict[Place, Decimal]() for _ in demands]
    most = sets
    while least < most:
        middle = (least + most + 1) // 2
        tried = _take(demands, [unit * middle for unit in units], catalogue_id, shelf)
        if tried is None:
            most = middle - 1
        else:
            least, takings = middle, tried
    return least, takings


def _take(
    demands: Sequence[Demand], needed: Sequence[Decimal], catalogue_id: str, shelf: Shelf
) -> list[dict[Place, Decimal]] | None:
    """What each row takes in a catalogue to get all it needs; None when one of them does not."""
    gone: dict[Place, Decimal] = {}
    takings: list[dict[Place, Decimal]] = []
    for demand, quantity in zip(demands, needed, strict=True):
        places = [place for place in once(demand.candidates) if place.catalogue_id == catalogue_id]
        taken = take_in_order(
            quantity,
            ((place, shelf.free(place.catalogue_id, place.product_id) - gone.get(place, NOTHING)) for place in places),
        )
        if sum(taken.values()) < quantity:
            return None
        takings.append(taken)
        for place, part in taken.items():
            gone[place] = gone.get(place, NOTHING) + part
    return takings


def _wait(
    demands: Sequence[Demand], rests: Sequence[Decimal], catalogues: Sequence[str], shelf: Shelf
) -> list[Place] | None:
    """Where each row waits, all at the first catalogue that has room for every one of them; None when none has."""
    tried = (_places_to_wait(demands, rests, catalogue_id, shelf) for catalogue_id in catalogues)
    return next((places for places in tried if places is not None), None)


def _places_to_wait(
    demands: Sequence[Demand], rests: Sequence[Decimal], catalogue_id: str, shelf: Shelf
) -> list[Place] | None:
    filled: dict[Place, Decimal] = {}
    places: list[Place] = []
    for demand, rest in zip(demands, rests, strict=True):
        named = [place for place in once(demand.candidates) if place.catalogue_id == catalogue_id]
        fits = (place for place in named if has_room(place, rest + filled.get(place, NOTHING), shelf))
        place = next(fits, None)
        if place is None:
            return None
        places.append(place)
        filled[place] = filled.get(place, NOTHING) + rest
    return places
