"""What an order found, from what inventory said it saw: enough to decide the order again without any stock at hand."""

from collections.abc import Iterable

from shared.rules.balance import NOTHING, Balance, Key
from shared.rules.settled import Sight, Sighting

NO_NUMBERS = frozenset({"unknown", "not asked"})
"""Verdicts on a candidate that nothing was seen of."""


def balances_seen(retailer_id: str, seen: Iterable[Sighting]) -> dict[Key, Balance]:
    """The balances as they were before the order took anything, from all its rows' sightings.

    A row sees what the rows before it left. So of several sightings the largest quantity and room count, and the least
    allocated. Where nothing more may wait there is no room; that it was a limit only a verdict says.
    """
    found: dict[Key, Sighting] = {}
    limited: set[Key] = set()
    for sighting in seen:
        if sighting.verdict not in NO_NUMBERS:
            key = (retailer_id, sighting.catalogue_id, sighting.product_id)
            found[key] = _earlier(found[key], sighting) if key in found else sighting
            if sighting.verdict == "limit reached":
                limited.add(key)
    return {key: _balance(number, one, limited=key in limited) for number, (key, one) in enumerate(found.items())}


def _earlier(one: Sighting, other: Sighting) -> Sight:
    before, after = one.back_order_room, other.back_order_room
    return Sight(
        one.catalogue_id,
        one.product_id,
        max(one.quantity, other.quantity),
        min(one.allocated, other.allocated),
        one.held,
        one.safety_stock,
        NOTHING,
        NOTHING,
        one.unlimited,
        None if before is None or after is None else max(before, after),
        one.verdict,
    )


def _balance(number: int, seen: Sighting, *, limited: bool) -> Balance:
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
