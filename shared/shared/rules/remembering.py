"""What an order found, from what inventory said it saw: enough to decide the order again without any stock at hand."""

from collections.abc import Iterable

from shared.contracts import Seen
from shared.rules.balance import Balance, Key

NO_NUMBERS = frozenset({"unknown", "not asked"})
"""Verdicts on a candidate that nothing was seen of."""


def balances_seen(retailer_id: str, seen: Iterable[Seen]) -> dict[Key, Balance]:
    """The balances as they were before the order took anything, from all its rows' sightings.

    A row sees what the rows before it left. So of several sightings the largest quantity and room count, and the least
    allocated. Where nothing more may wait there is no room; that it was a limit only a verdict says.
    """
    found: dict[Key, Seen] = {}
    limited: set[Key] = set()
    for sighting in seen:
        if sighting.verdict not in NO_NUMBERS:
            key = (retailer_id, sighting.catalogue_id, sighting.product_id)
            found[key] = _earlier(found[key], sighting) if key in found else sighting
            if sighting.verdict == "limit reached":
                limited.add(key)
    return {key: _balance(number, one, limited=key in limited) for number, (key, one) in enumerate(found.items())}


def _earlier(one: Seen, other: Seen) -> Seen:
    before, after = one.back_order_room, other.back_order_room
    return one.model_copy(
        update={
            "quantity": max(one.quantity, other.quantity),
            "allocated": min(one.allocated, other.allocated),
            "back_order_room": None if before is None or after is None else max(before, after),
        }
    )


def _balance(number: int, seen: Seen, *, limited: bool) -> Balance:
    return Balance(
        id=number,
        quantity=seen.quantity,
        allocated=seen.allocated,
        safety_stock=seen.safety_stock,
        held=seen.held,
        sellable=seen.verdict != "not sellable",
        active=seen.verdict != "inactive",
        end_of_sale=seen.verdict == "end of sale",
        unlimited=seen.unlimited,
        back_order_allowed=limited or seen.back_order_room != 0,
        back_order_room=seen.back_order_room,
    )
