"""How a retailer wants its orders to be routed, where an order does not say it itself."""

from dataclasses import dataclass
from decimal import Decimal

from shared.contracts import OrderPlaced
from shared.rules.plan import Plan
from shared.rules.strategies import PRIORITY, planned


@dataclass(frozen=True)
class Preferences:
    """A retailer's settings. `cost_per_shipment` is in the currency of its wholesale prices."""

    strategy: str = PRIORITY
    all_or_nothing: bool = False
    cost_per_shipment: Decimal = Decimal(0)


def preferred(order: OrderPlaced, ranked: Plan, preferences: Preferences) -> Plan:
    """The ranked candidates of an order in the order its strategy chooses: its own word, else its retailer's."""
    strategy = preferences.strategy if order.strategy is None else order.strategy
    together = preferences.all_or_nothing if order.all_or_nothing is None else order.all_or_nothing
    terms = {"all_or_nothing": together, "cost_per_shipment": preferences.cost_per_shipment}
    return planned(strategy, order, ranked.model_copy(update=terms))
