"""What would have put a row into a catalogue that did not get it: the smallest change of its stock or its priority."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from shared.contracts import AllocateOrder, Candidate, RowAllocated, RowDemand, Seen
from shared.rules import remembering, trying
from shared.rules.balance import ENDLESS, NOTHING
from shared.rules.plan import Plan, RowPlan
from shared.rules.trying import Effort, TooMuch, Trial

MOST_LOOKS = 10_000
"""So many candidates may be looked at again for one order, a fraction of a second; rows left then are not answered."""


NEITHER = "neither more units nor another priority"
"""Nothing bars the catalogue, and whatever was tried of the two did not put all of the row there."""


class Change(NamedTuple):
    """What would have put all of a row into a catalogue: so many units more there, another priority, or both.

    Both are None when neither would have done. The sentence says it for people, or why nothing would have done.
    """

    catalogue_id: str
    units: Decimal | None
    priority: int | None
    sentence: str


def counterfactuals(
    request: AllocateOrder, seen: Mapping[str, Sequence[Seen]], plan: Plan
) -> dict[str, tuple[Change, ...]]:
    """For each row, the change for each catalogue that has its product and did not get all of it.

    `seen` is what inventory saw of the candidates of each row, `plan` what the request was made from. All else stays as
    it was: each change is proved by deciding once more all rows that want the same stock, by the order's own strategy.
    Another priority counts for every row of the order; units are units of the row's first product there that may be
    sold, also in the eyes of whoever ranks by stock. Of strategies that search for a plan only what bars a catalogue is
    said: with more units they might have found quite another plan.
    """
    balances = remembering.balances_seen(request.retailer_id, (one for row in seen.values() for one in row))
    plans = {row.external_id: row for row in plan.rows}
    parts = trying.tied(request)
    refusing = [(part, name) for part in parts for name in trying.refusing(part, balances)]
    effort = Effort(MOST_LOOKS)
    found: dict[str, tuple[Change, ...]] = {}
    try:
        for part in sorted(parts, key=lambda one: len(one.rows)):
            elsewhere = [name for other, name in refusing if other is not part]
            trial = Trial(part, balances, plan, effort)
            for demand in part.rows:
                row_plan = plans.get(demand.external_id, RowPlan(external_id=demand.external_id))
                found[demand.external_id] = tuple(_changes(demand, row_plan, trial, elsewhere))
    except TooMuch:
        pass
    return found


def _changes(demand: RowDemand, plan: RowPlan, trial: Trial, elsewhere: Sequence[str]) -> Iterator[Change]:
    if not demand.quantity:
        return
    asked = dict.fromkeys(place.catalogue_id for place in demand.candidates)
    now = trial.row(demand.external_id)
    for catalogue_id in asked:
        if elsewhere or _there(now, catalogue_id) < demand.quantity:
            change = _change(demand, catalogue_id, now, trial, elsewhere)
            if change is not None:
                yield change
    for catalogue_id, reason in {over.catalogue_id: over.reason for over in reversed(plan.dropped)}.items():
        if catalogue_id not in asked:
            yield _nothing(catalogue_id, reason)


def _change(
    demand: RowDemand, catalogue_id: str, now: RowAllocated, trial: Trial, elsewhere: Sequence[str]
) -> Change | None:
    """The change for a catalogue, or what bars it; None where neither can be vouched for."""
    row_id = demand.external_id
    here = [place for place in demand.candidates if place.catalogue_id == catalogue_id]
    place = next((place for place in here if trial.may_serve(place)), None)
    if place is None:
        return _nothing(catalogue_id, _verdict(now, catalogue_id))
    if elsewhere:
        return _nothing(catalogue_id, f"the order is refused for row {elsewhere[0]}")
    if not trial.repeatable:
        return None
    # Whoever takes first of the row would do so again, unless this one is asked before it.
    first = now.taken[0].catalogue_id if now.taken else None
    if first is None or not trial.asks_before(first, catalogue_id):
        units = _units(demand, place, trial, None)
        if units is not None:
            return Change(catalogue_id, units, None, _more(units))
    steps = trial.steps(catalogue_id, first)
    for step in steps:
        if _there(trial.row(row_id, catalogue_id, step.priority), catalogue_id) == demand.quantity:
            return Change(catalogue_id, None, step.priority, _earlier(step))
    for step in steps:
        units = _units(demand, place, trial, step.priority)
        if units is not None:
            return Change(catalogue_id, units, step.priority, f"{_more(units)} and {_earlier(step)}")
    return _nothing(catalogue_id, NEITHER)


def _units(demand: RowDemand, place: Candidate, trial: Trial, priority: int | None) -> Decimal | None:
    """How many units more of a product would do; None if no number does.

    One unit less would not. Fewer than the row lacks when its turn comes cannot do; more may be needed where rows
    before it take of them, and as many as all rows want of the product always do if any number does.
    """
    balance = trial.balance(place)
    if balance is None or balance.unlimited:
        return None

    def does(units: Decimal) -> bool:
        row = trial.row(demand.external_id, place.catalogue_id, priority, units, place)
        return _there(row, place.catalogue_id) == demand.quantity

    row = trial.row(demand.external_id, place.catalogue_id, priority)
    least = max(NOTHING, demand.quantity - _stock(row, place, trial))
    if least and does(least):
        return least
    others = (one.quantity for one in trial.request.rows if place in one.candidates)
    most = least + sum(others, NOTHING) + max(NOTHING, trial.gap(place))
    if not does(most):
        return None
    grain = trial.grain()
    low, high = 0, int((most - least) / grain)
    while high - low > 1:
        middle = (low + high) // 2
        if does(least + middle * grain):
            high = middle
        else:
            low = middle
    return least + high * grain


def _stock(row: RowAllocated, place: Candidate, trial: Trial) -> Decimal:
    """What a catalogue has for a row in its turn. Of the product that is to grow, less than nothing counts as well."""
    stock = NOTHING
    for seen in row.seen:
        if seen.catalogue_id == place.catalogue_id:
            one = Candidate(catalogue_id=seen.catalogue_id, product_id=seen.product_id)
            if trial.may_serve(one):
                free = ENDLESS if seen.unlimited else seen.quantity - seen.held - seen.safety_stock
                stock += free if one == place else max(NOTHING, free)
    return stock


def _there(row: RowAllocated, catalogue_id: str) -> Decimal:
    return sum((taking.quantity for taking in row.taken if taking.catalogue_id == catalogue_id), NOTHING)


def _verdict(row: RowAllocated, catalogue_id: str) -> str:
    return next(seen.verdict for seen in row.seen if seen.catalogue_id == catalogue_id)


def _nothing(catalogue_id: str, reason: str) -> Change:
    return Change(catalogue_id, None, None, f"nothing: {reason}")


def _more(units: Decimal) -> str:
    return f"{units.normalize():f} more {'unit' if units == 1 else 'units'}"


def _earlier(step: trying.Step) -> str:
    return f"priority {step.priority}, before {step.before}"
