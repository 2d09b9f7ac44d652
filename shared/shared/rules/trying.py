"""An order decided once more with one thing changed, to see what would have come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from shared.contracts import AllocateOrder, Candidate, OrderAllocated, RowAllocated, RowDemand
from shared.rules import bundles, ranking, taking
from shared.rules.balance import NOTHING, Balance, Key, bar_of
from shared.rules.plan import CatalogueTerms, Plan

UNRANKED = 1_000_000
"""No catalogue's priority is a larger number."""

PRIORITY, HIGHEST_STOCK = "priority", "highest-stock"
"""The strategies that a trial repeats. The others would have to search for a plan again, for every number of units."""

Stocks = Mapping[Candidate, tuple[bool, Decimal]]
"""Of each candidate whether it never runs out, and what was known to be free when the order was ranked."""


class TooMuch(Exception):
    """More was to be tried than is worth the answer."""


@dataclass
class Effort:
    """How many candidates may still be looked at."""

    left: int

    def spend(self, looks: int) -> None:
        """Raises TooMuch once nothing is left."""
        self.left -= looks
        if self.left < 0:
            raise TooMuch


class Step(NamedTuple):
    """The largest number, that is the smallest change of a priority, by which a catalogue is asked before another."""

    priority: int
    before: str


def tied(request: AllocateOrder) -> list[AllocateOrder]:
    """The order in parts that do not touch each other: no stock is wanted in two of them, no bundle is in two."""
    part_of: dict[Candidate, list[RowDemand]] = {}
    parts: dict[int, list[RowDemand]] = {}
    for rows in bundles.grouped(request.rows):
        places = {place for row in rows for place in row.candidates}
        touched = {id(part): part for place in places if (part := part_of.get(place)) is not None}
        together = max(touched.values(), key=len, default=[])
        for part in touched.values():
            if part is not together:
                del parts[id(part)]
                together += part
                part_of.update((place, together) for row in part for place in row.candidates)
        together += rows
        part_of.update((place, together) for place in places)
        parts[id(together)] = together
    turn = {row.external_id: number for number, row in enumerate(request.rows)}
    return [
        request.model_copy(update={"rows": tuple(sorted(rows, key=lambda row: turn[row.external_id]))})
        for rows in parts.values()
    ]


def refusing(request: AllocateOrder, balances: Mapping[Key, Balance]) -> list[str]:
    """The rows for which an order is refused, as far as these rows go."""
    lenient = tuple(row.model_copy(update={"mandatory": False}) for row in request.rows)
    answer = taking.allocate(request.model_copy(update={"all_or_nothing": False, "rows": lenient}), balances)
    return [
        row.external_id
        for demand, row in zip(request.rows, answer.rows, strict=True)
        if row.short and (request.all_or_nothing or demand.mandatory)
    ]


class Trial:
    """Rows of an order to be decided again, as they were or with a change at one catalogue.

    Who is asked first is found again by the order's own strategy; where that cannot be, the trial is not `repeatable`.
    """

    def __init__(
        self, request: AllocateOrder, balances: Mapping[Key, Balance], plan: Plan, effort: Effort | None = None
    ) -> None:
        self.request = request
        self._balances = balances
        self._effort = effort
        self._looks = sum(len(row.candidates) + 1 for row in request.rows)
        self._answers: dict[tuple[str, int | None, Candidate | None, Decimal], OrderAllocated] = {}
        terms = {terms.catalogue_id: terms for terms in plan.catalogues}
        stocks = {
            Candidate(catalogue_id=one.catalogue_id, product_id=one.product_id): (one.unlimited, one.stock or NOTHING)
            for row in plan.rows
            for one in row.ranked
        }
        self._known = terms
        self._terms = terms if plan.strategy == PRIORITY and self._is_ranked_by(terms) else None
        self._stocks = stocks if plan.strategy == HIGHEST_STOCK and self._is_stocked_by(terms, stocks) else None
        self.repeatable = plan.strategy == PRIORITY or self._stocks is not None

    def balance(self, place: Candidate) -> Balance | None:
        """The balance of a candidate before the order; None when nothing is known of it."""
        return self._balances.get((self.request.retailer_id, place.catalogue_id, place.product_id))

    def may_serve(self, place: Candidate) -> bool:
        """Whether a candidate may serve anything, had it enough."""
        balance = self.balance(place)
        return balance is not None and bar_of(balance) is None

    def grain(self) -> Decimal:
        """The smallest step that can matter: a unit, or a part of one if any quantity or stock has parts."""
        places = {place for row in self.request.rows for place in row.candidates}
        stocks = (balance for place in places if (balance := self.balance(place)) is not None)
        numbers = [row.quantity for row in self.request.rows]
        numbers += [number for one in stocks for number in (one.quantity, one.held, one.safety_stock)]
        numbers += [stock for _, stock in (self._stocks or {}).values()]
        exponents = (number.normalize().as_tuple().exponent for number in numbers)
        return Decimal(1).scaleb(min(0, *(exponent for exponent in exponents if isinstance(exponent, int))))

    def gap(self, of: Candidate) -> Decimal:
        """By how many units more a candidate is sure to be asked first, where most stock is."""
        if self._stocks is None:
            return NOTHING
        most = max(stock for _, stock in self._stocks.values())
        return most - self._stocks[of][1] + self._below_nothing(of) + self.grain()

    def _below_nothing(self, of: Candidate) -> Decimal:
        """How many units must come of what is known to be out of stock before any is free: its safety stock first."""
        balance = self.balance(of)
        if balance is None or self._stocks is None or self._stocks[of][1]:
            return NOTHING
        return max(NOTHING, balance.safety_stock - balance.quantity)

    def asks_before(self, one: str, other: str) -> bool:
        """Whether a catalogue is asked before another for its priority."""
        if self._terms is None:
            return False
        turns = self._turns(self._terms)
        return turns[one] < turns[other]

    def steps(self, catalogue_id: str, past: str | None = None) -> list[Step]:
        """The priorities by which a catalogue would come before one more of those asked before it, the nearest first.

        `past` is one that it has to come before in any case; there is no step if it does so already. None either, if it
        was no priority that decided who was asked first.
        """
        if self._terms is None:
            return []
        turns = self._turns(self._terms)
        first = turns[catalogue_id] - 1 if past is None else turns[past]
        ahead = sorted((one for one in turns if turns[one] < turns[catalogue_id]), key=turns.__getitem__)
        given = [terms.priority for terms in self._terms.values() if terms.priority is not None]
        found: dict[int, str] = {}
        for other in reversed(ahead):
            known = self._terms[other].priority
            if turns[other] > first:
                continue
            if known is None:
                priority = min(max(given, default=0) + 1, UNRANKED)
            else:
                equal = self._turns(self._changed(catalogue_id, known))
                priority = known if equal[catalogue_id] < equal[other] else known - 1
            if priority >= 0:
                found[priority] = other
        return [Step(priority, other) for priority, other in found.items()]

    def row(
        self,
        row_id: str,
        at: str = "",
        priority: int | None = None,
        units: Decimal = NOTHING,
        of: Candidate | None = None,
    ) -> RowAllocated:
        """What a row would get if a catalogue had another priority, or so many units more of a product."""
        key = (at if priority is not None else "", priority, of, units)
        answer = self._answers.get(key)
        if answer is None:
            if self._effort is not None:
                self._effort.spend(self._looks)
            answer = self._answers[key] = taking.allocate(
                self._asked(at, priority, units, of), self._stocked(units, of)
            )
        return next(row for row in answer.rows if row.external_id == row_id)

    def _asked(self, at: str, priority: int | None, units: Decimal, of: Candidate | None) -> AllocateOrder:
        if self._stocks is not None and of is not None:
            unlimited, stock = self._stocks[of]
            grown = max(NOTHING, stock + units - self._below_nothing(of))
            return self._most_first({**self._stocks, of: (unlimited, grown)})
        if priority is None or self._terms is None:
            return self.request
        turns = self._turns(self._changed(at, priority))
        rows = tuple(
            row.model_copy(update={"candidates": tuple(sorted(row.candidates, key=lambda c: _place(c, turns)))})
            for row in self.request.rows
        )
        return self.request.model_copy(update={"rows": rows})

    def _most_first(self, stocks: Stocks) -> AllocateOrder:
        turns = self._turns(self._known)

        def place(one: Candidate) -> tuple[bool, Decimal, int, str]:
            unlimited, stock = stocks[one]
            return not unlimited, NOTHING if unlimited else -stock, *_place(one, turns)

        rows = tuple(
            row.model_copy(update={"candidates": tuple(sorted(row.candidates, key=place))}) for row in self.request.rows
        )
        return self.request.model_copy(update={"rows": rows})

    def _stocked(self, units: Decimal, of: Candidate | None) -> Mapping[Key, Balance]:
        if of is None:
            return self._balances
        key = (self.request.retailer_id, of.catalogue_id, of.product_id)
        there = self._balances[key]
        return {**self._balances, key: replace(there, quantity=there.quantity + units)}

    def _changed(self, at: str, priority: int) -> Mapping[str, CatalogueTerms]:
        assert self._terms is not None
        return {**self._terms, at: self._terms[at].model_copy(update={"priority": priority})}

    def _turns(self, terms: Mapping[str, CatalogueTerms]) -> dict[str, int]:
        return ranking.order_of_catalogues(
            self.request.order_id,
            [
                ranking.Catalogue(
                    one.catalogue_id, one.supplier_id, priority=one.priority, route_weight=one.route_weight
                )
                for one in terms.values()
            ],
        )

    def _is_stocked_by(self, terms: Mapping[str, CatalogueTerms], stocks: Stocks) -> bool:
        """Whether the rows ask in the order of these stocks, and of priority where they are equal."""
        places = {place for row in self.request.rows for place in row.candidates}
        if any(place not in stocks or place.catalogue_id not in terms for place in places):
            return False
        return self._most_first(stocks) == self.request

    def _is_ranked_by(self, terms: Mapping[str, CatalogueTerms]) -> bool:
        """Whether the rows ask in the order of these priorities: an early release did not keep them."""
        if any(place.catalogue_id not in terms for row in self.request.rows for place in row.candidates):
            return False
        turns = self._turns(terms)
        return all(
            list(row.candidates) == sorted(row.candidates, key=lambda place: _place(place, turns))
            for row in self.request.rows
        )


def _place(place: Candidate, turns: Mapping[str, int]) -> tuple[int, str]:
    return turns[place.catalogue_id], place.product_id
