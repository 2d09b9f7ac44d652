"""Past orders decided again, each from the numbers it was decided with, under the same rules or under others."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from shared.contracts import OrderAllocated
from shared.rules import balance, ranking, remembering, strategies, taking
from shared.rules import plan as planning
from shared.rules.balance import Balance
from shared.rules.plan import CatalogueTerms, Dropped, Plan, Ranked, RowPlan
from shared.rules.settled import Settled, Sighting
from shared.rules.share import Ordered

Place = Callable[[Ranked], tuple[float, str]]


@dataclass(frozen=True)
class CatalogueRules:
    """What is to be different at a catalogue; None leaves a thing as it was. Safety stock is in units.

    `products` is the safety stock of single products there.
    """

    priority: int | None = None
    route_weight: int | None = None
    safety_stock: Decimal | None = None
    closed: bool = False
    products: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """What is to be different from what was; None, and what is not named, stays. `products` is safety stock, in units.

    Of several safety stocks the narrowest counts: a product's in a catalogue, then the catalogue's, then the product's.
    """

    strategy: str | None = None
    cost_per_shipment: Decimal | None = None
    catalogues: Mapping[str, CatalogueRules] = field(default_factory=dict)
    products: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def names_any(self) -> bool:
        """Whether anything is different at a catalogue or for a product."""
        return bool(self.catalogues or self.products)

    def at(self, catalogue_id: str) -> CatalogueRules:
        """What is different at a catalogue."""
        return self.catalogues.get(catalogue_id, _AS_IT_WAS)

    def safety_stock(self, catalogue_id: str, product_id: str) -> Decimal | None:
        """The safety stock of a product in a catalogue; None leaves it as it was."""
        at = self.at(catalogue_id)
        everywhere = self.products.get(product_id)
        return at.products.get(product_id, everywhere if at.safety_stock is None else at.safety_stock)


_AS_IT_WAS = CatalogueRules()
UNCHANGED = Rules()


@dataclass(frozen=True)
class Past:
    """An order as it was decided: its candidates, and by row what inventory saw of each when its turn came."""

    order: Ordered
    plan: Plan
    round: int
    seen: Mapping[str, Sequence[Sighting]]


@dataclass(frozen=True)
class Decided:
    """An order decided again: where it would have been asked, and what it would have got."""

    plan: Plan
    allocated: OrderAllocated


class Again(NamedTuple):
    """An order decided again, of which nobody is told: many of them are only counted."""

    plan: Plan
    settled: Settled


def decide_again(past: Past, rules: Rules = UNCHANGED) -> Decided:
    """What `settle_again` says, as inventory would have told it."""
    plan, settled = settle_again(past, rules)
    return Decided(
        plan,
        OrderAllocated(
            order_id=past.order.order_id, round=past.round, outcome=settled.outcome, rows=taking.told(settled)
        ),
    )


def settle_again(past: Past, rules: Rules = UNCHANGED) -> Again:
    """What the order would have been promised under these rules, from the numbers that were there when it was decided.

    Each order is decided by itself: what another takes under the new rules does not change what this one finds.
    """
    found = balances_then(past)
    plan = ranked_again(past, rules, found)
    if not plan.rows:
        return Again(plan, Settled("none", ()))
    stocked = _restocked(found, rules) if rules.names_any else found
    demands = planning.asked(past.order, plan)
    return Again(plan, taking.settle(demands, past.order.retailer_id, stocked, all_or_nothing=plan.all_or_nothing))


def ranked_again(past: Past, rules: Rules, found: Mapping[balance.Key, Balance]) -> Plan:
    """The candidates of each row in the order these rules ask them in; what a closed catalogue has is dropped.

    `found` are the balances of then.
    """
    terms = tuple([_terms(one, rules) for one in past.plan.catalogues])
    place_of = _places(past, terms)
    rows = tuple([_rank_row(row, place_of, rules, found, past.order.retailer_id) for row in past.plan.rows])
    cost = past.plan.cost_per_shipment if rules.cost_per_shipment is None else rules.cost_per_shipment
    ranked = past.plan.model_copy(update={"rows": rows, "catalogues": terms, "cost_per_shipment": cost})
    return strategies.planned(rules.strategy or past.plan.strategy, past.order, ranked)


def balances_then(past: Past) -> dict[balance.Key, Balance]:
    """The balances as the order found them, before any of its rows took anything."""
    return remembering.balances_seen(past.order.retailer_id, (one for row in past.seen.values() for one in row))


def _restocked(found: Mapping[balance.Key, Balance], rules: Rules) -> dict[balance.Key, Balance]:
    """The balances with the safety stock of these rules."""
    stocked = dict(found)
    for key, one in found.items():
        safety_stock = rules.safety_stock(key[1], key[2])
        if safety_stock is not None:
            stocked[key] = replace(one, safety_stock=safety_stock)
    return stocked


def _terms(terms: CatalogueTerms, rules: Rules) -> CatalogueTerms:
    changed = rules.catalogues.get(terms.catalogue_id)
    if changed is None or (changed.priority is None and changed.route_weight is None):
        return terms
    return terms.model_copy(
        update={
            "priority": terms.priority if changed.priority is None else changed.priority,
            "route_weight": terms.route_weight if changed.route_weight is None else changed.route_weight,
        }
    )


def _places(past: Past, terms: Sequence[CatalogueTerms]) -> Place:
    """The place of a candidate among those of its row, by which they are sorted."""
    if past.plan.strategy == "priority" and all(
        one.priority is one.route_weight is None for one in past.plan.catalogues
    ):
        # Orders of an early release did not keep what they were ranked by: equals stay in the order they were asked in.
        priorities = {one.catalogue_id: math.inf if one.priority is None else one.priority for one in terms}
        return lambda ranked: (priorities[ranked.catalogue_id], "")
    order_of = ranking.order_of_catalogues(
        past.order.order_id,
        terms,
    )
    return lambda ranked: (order_of[ranked.catalogue_id], ranked.product_id)


def _rank_row(
    row: RowPlan, place_of: Place, rules: Rules, found: Mapping[balance.Key, Balance], retailer_id: str
) -> RowPlan:
    asked, closed = row.ranked, list[Dropped]()
    if rules.names_any:
        closed = [
            Dropped(catalogue_id=one.catalogue_id, product_id=one.product_id, reason="inactive")
            for one in row.ranked
            if rules.at(one.catalogue_id).closed
        ]
        asked = tuple(
            _relearned(one, rules, found.get((retailer_id, one.catalogue_id, one.product_id)))
            for one in row.ranked
            if not rules.at(one.catalogue_id).closed
        )
    in_turn = tuple(sorted(asked, key=place_of))
    if not closed and all(map(operator.is_, in_turn, row.ranked)):
        return row
    return row.model_copy(update={"ranked": in_turn, "dropped": (*row.dropped, *closed)})


def _relearned(ranked: Ranked, rules: Rules, there: Balance | None) -> Ranked:
    """A candidate whose free stock, as far as the router knew, is what it would have been with another safety stock."""
    safety_stock = rules.safety_stock(ranked.catalogue_id, ranked.product_id)
    if safety_stock is None or ranked.stock is None or there is None or balance.bar_of(there) is not None:
        return ranked
    return ranked.model_copy(update={"stock": max(balance.NOTHING, ranked.stock + there.safety_stock - safety_stock)})
