"""What an order may expect of a plan, if the stock is as the plan says, and how good that is."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from shared.rules.balance import NOTHING, Balance, Key
from shared.rules.plan import Plan, RowPlan, asked
from shared.rules.settled import Settled
from shared.rules.share import Ordered
from shared.rules.taking import settle


@dataclass(frozen=True)
class Aim:
    """What is to be little: the shipments, or, `priced`, what goods and shipments cost together."""

    priced: bool


class Measure(NamedTuple):
    """How good a plan is: units nobody serves, units that wait, then shipments or cost. The smaller the better."""

    unserved: Decimal
    waiting: Decimal
    worth: Decimal


def expected(order: Ordered, plan: Plan) -> Settled:
    """What inventory would promise, by its own rules, from the stock in the plan."""
    balances: dict[Key, Balance] = {}
    for row in plan.rows:
        for one in row.ranked:
            balances[order.retailer_id, one.catalogue_id, one.product_id] = Balance(
                0,
                one.stock or NOTHING,
                unlimited=one.unlimited,
                back_order_allowed=one.back_order_allowed,
            )
    return settle(asked(order, plan), order.retailer_id, balances, all_or_nothing=plan.all_or_nothing, explained=False)


def measure(aim: Aim, plan: Plan, answer: Settled) -> Measure:
    """How good an answer is. What waits has its price and is no shipment yet: nobody knows where it will come from."""
    prices = prices_of(plan) if aim.priced else {}
    shipments = {taking.catalogue_id for row in answer.rows for taking in row.taken}
    unserved = waiting = worth = NOTHING
    for row in answer.rows:
        unserved += row.short
        waiting += sum((one.quantity for one in row.waiting), NOTHING)
        for one in (*row.taken, *row.waiting) if aim.priced else ():
            worth += prices[row.external_id][one.catalogue_id, one.product_id] * one.quantity
    return Measure(unserved, waiting, worth + len(shipments) * (plan.cost_per_shipment if aim.priced else 1))


def prices_of(plan: Plan) -> Mapping[str, Mapping[tuple[str, str], Decimal]]:
    """What a unit costs of each candidate, by row.

    Prices in another currency than most of the order's are not known, for they cannot be compared. What is not known is
    as dear as the dearest candidate of the row that is, so that nobody is chosen for saying nothing.
    """
    counted = Counter(
        one.currency for row in plan.rows for one in row.ranked if one.wholesale_price is not None and one.currency
    )
    currency = min(counted, key=lambda name: (-counted[name], name), default=None)
    return {row.external_id: _prices(row, currency) for row in plan.rows}


def _prices(row: RowPlan, currency: str | None) -> Mapping[tuple[str, str], Decimal]:
    known = {
        (one.catalogue_id, one.product_id): one.wholesale_price
        for one in row.ranked
        if one.wholesale_price is not None and one.currency in (None, currency)
    }
    dearest = max(known.values(), default=NOTHING)
    keys = ((one.catalogue_id, one.product_id) for one in row.ranked)
    return {key: known.get(key, dearest) for key in keys}
