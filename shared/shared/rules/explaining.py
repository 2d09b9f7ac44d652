"""A row's answer with the numbers of each candidate, and the first rule that passed it over (routing.md, record)."""

from decimal import Decimal

from shared.contracts import Candidate, RowAllocated, RowDemand, Seen, Taking
from shared.rules import backorders
from shared.rules.balance import NOTHING, Balance, Shelf, bar_of, free_of, room_of
from shared.rules.share import Share

REFUSED = "order refused"


def answer(demand: RowDemand, share: Share, shelf: Shelf, *, bundled: bool) -> RowAllocated:
    """What a row gets, with every candidate as it stood before the row took anything."""
    seen: dict[Candidate, Seen] = {}
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
    return RowAllocated(
        external_id=demand.external_id,
        taken=tuple(_taking(place, taken) for place, taken in share.taken.items()),
        waiting=() if share.waiting is None else (_taking(*share.waiting),),
        short=share.short,
        seen=tuple(seen[place] for place in dict.fromkeys(demand.candidates)),
    )


def refuse(demand: RowDemand, row: RowAllocated) -> RowAllocated:
    """The row of an order of which nothing is promised. The numbers stay, for they are why."""
    nothing = {"taken": NOTHING, "waiting": NOTHING, "verdict": REFUSED}
    seen = tuple(one.model_copy(update=nothing) if one.taken or one.waiting else one for one in row.seen)
    return RowAllocated(external_id=row.external_id, short=demand.quantity, seen=seen)


def _kept_from_waiting(balance: Balance, place: Candidate, share: Share, shelf: Shelf) -> str:
    """Why what all the shelves left does not wait at a candidate that gave nothing."""
    if not balance.back_order_allowed:
        return "backorder not allowed"
    return "bundle incomplete" if backorders.has_room(place, share.to_wait, shelf) else "limit reached"


def _kept_from_taking(balance: Balance, *, bundled: bool) -> str:
    if not free_of(balance):
        return "no stock"
    return "bundle incomplete" if bundled else "whole row needed"


def _see(place: Candidate, balance: Balance | None, taken: Decimal, waiting: Decimal, verdict: str) -> Seen:
    return Seen(
        catalogue_id=place.catalogue_id,
        product_id=place.product_id,
        quantity=max(NOTHING, balance.quantity) if balance else NOTHING,
        allocated=balance.allocated if balance else NOTHING,
        held=balance.held if balance else NOTHING,
        safety_stock=balance.safety_stock if balance else NOTHING,
        taken=taken,
        waiting=waiting,
        unlimited=balance.unlimited if balance else False,
        back_order_room=room_of(balance) if balance else NOTHING,
        verdict=verdict,
    )


def _taking(place: Candidate, quantity: Decimal) -> Taking:
    return Taking(catalogue_id=place.catalogue_id, product_id=place.product_id, quantity=quantity)
