"""Which of its candidates a row is to be served from first: a retailer's choice among named, pure functions.

A strategy changes nothing but the order of a row's candidates. What it wants to be taken comes first, the others follow
by priority, and inventory, which alone knows what there is, takes along that order.
"""

from collections.abc import Sequence
from typing import Final, Literal, get_args

from shared.rules.balance import NOTHING
from shared.rules.covering import fewest
from shared.rules.expectation import Aim, expected, measure
from shared.rules.optimising import best_plan
from shared.rules.plan import Plan, Ranked
from shared.rules.share import Ordered

Strategy = Literal["priority", "fewest-shipments", "lowest-cost", "highest-stock"]

STRATEGIES: Final[tuple[Strategy, ...]] = get_args(Strategy)
"""The names that orders and retailers may choose from."""

PRIORITY: Final[Strategy] = "priority"

AIMS: Final = {"fewest-shipments": Aim(priced=False), "lowest-cost": Aim(priced=True)}
"""What the strategies that optimise want to have little of."""


def planned(strategy: str, order: Ordered, ranked: Plan) -> Plan:
    """The plan of a strategy, from the candidates as they are ranked by priority.

    Raises ValueError for a name that is not in `STRATEGIES`.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"{strategy} is no strategy")
    named = ranked if ranked.strategy == strategy else ranked.model_copy(update={"strategy": strategy})
    if strategy == "highest-stock":
        return most_stock_first(named)
    aim = AIMS.get(strategy)
    return named if aim is None else optimised(aim, order, named)


def most_stock_first(ranked: Plan) -> Plan:
    """Whoever has most of a product is asked first, and of equals the one with priority. What never runs out is most,
    what is not known is nothing."""
    rows = tuple(row.model_copy(update={"ranked": _most_first(row.ranked)}) for row in ranked.rows)
    return ranked.model_copy(update={"rows": rows})


def optimised(aim: Aim, order: Ordered, ranked: Plan) -> Plan:
    """The plan by which fewest units stay unserved, then fewest wait, then the aim is met best.

    It is never worse than the plan by priority, and is that plan unless another is better by these.
    """
    covered = None if aim.priced else fewest(order, ranked)
    if covered is not None:
        return covered
    usual = measure(aim, ranked, expected(order, ranked))
    better = best_plan(aim, order, ranked, usual)
    if better is None or measure(aim, better, expected(order, better)) >= usual:
        return ranked
    return better


def _most_first(candidates: Sequence[Ranked]) -> tuple[Ranked, ...]:
    return tuple(
        sorted(candidates, key=lambda one: (not one.unlimited, NOTHING if one.unlimited else -(one.stock or NOTHING)))
    )
