"""A row's answer with the numbers of each candidate, and the first rule that passed it over (routing.md, record)."""

from decimal import Decimal

from shared.rules import backorders
from shared.rules.balance import NOTHING, Balance, Shelf, bar_of, free_of, room_of
from shared.rules.settled import RowSettled, Sight
from shared.rules.share import Demand, Place, Share

REFUSED = "order refused"


def seen_by(demand: Demand, share: Share, shelf: Shelf, *, bundled: bool) -> tuple[Sight, ...]:
    """Every candidate of a row as it stood before the row took anything, and what became of it."""
    seen: dict[Place, Sight] = {}
    needed, placed = demand.quantity, False
    for place in share.turns:
        balance = shelf.find(place.catalogue_id, place.product_id)
        taken = share.taken.get(place, NOTHING)
        waiting = share.waiting[1] if share.waiting is not None and share.waiting[0] == place else NOTHING
        if balance is None:
            verdict = "unknown"
        elif barred := bar_of(balance):
            verdict = barred
        elif taken or waiting:
            verdict = "taken" if taken else "waiting"
        elif not needed or placed:
            verdict = "served already"
        elif share.to_wait:
            verdict = _kept_from_waiting(balance, place, share, shelf)
        else:
            verdict = _kept_from_taking(balance, bundled=bundled)
        seen[place] = _see(place, balance, taken, waiting, verdict)
        needed -= taken
        placed = placed or waiting > 0
    return tuple(seen[place] for place in dict.fromkeys(demand.candidates))


def refuse(demand: Demand, row: RowSettled) -> RowSettled:
    """The row of an order of which nothing is promised. The numbers stay, for they are why."""
    seen = tuple(
        one._replace(taken=NOTHING, waiting=NOTHING, verdict=REFUSED) if one.taken or one.waiting else one
        for one in row.seen
    )
    return RowSettled(demand.external_id, (), (), demand.quantity, seen)


def _kept_from_waiting(balance: Balance, place: Place, share: Share, shelf: Shelf) -> str:
    """Why what all the shelves left does not wait at a candidate that gave nothing."""
    if not balance.back_order_allowed:
        return "backorder not allowed"
    return "bundle incomplete" if backorders.has_room(place, share.to_wait, shelf) else "limit reached"


def _kept_from_taking(balance: Balance, *, bundled: bool) -> str:
    if not free_of(balance):
        return "no stock"
    return "bundle incomplete" if bundled else "whole row needed"


def _see(place: Place, balance: Balance | None, taken: Decimal, waiting: Decimal, verdict: str) -> Sight:
    if balance is None:
        return Sight(
            *(place.catalogue_id, place.product_id, NOTHING, NOTHING, NOTHING, NOTHING),
            *(taken, waiting, False, NOTHING, verdict),
        )
    return Sight(
        place.catalogue_id,
        place.product_id,
        max(NOTHING, balance.quantity),
        balance.allocated,
        balance.held,
        balance.safety_stock,
        taken,
        waiting,
        balance.unlimited,
        room_of(balance),
        verdict,
    )
