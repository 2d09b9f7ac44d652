"""What stock is promised to an order: routing.md R1, R2, R3 and R5, and the rows that must be whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from shared.contracts import AllocateOrder, Candidate, OrderAllocated, Outcome, RowAllocated, RowDemand, Seen, Taking

Key = tuple[str, str, str]
"""A balance's retailer, catalogue and product."""

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Balance:
    """A published product's stock in a catalogue: what is available, what is promised, what is kept back."""

    id: int
    quantity: Decimal
    allocated: Decimal = NOTHING
    safety_stock: Decimal = NOTHING
    held: Decimal = NOTHING
    sellable: bool = True
    active: bool = True
    end_of_sale: bool = False


def free_of(balance: Balance) -> Decimal:
    """R2: what may be taken is the available quantity less holds and safety stock, and never less than nothing."""
    return max(NOTHING, balance.quantity - balance.held - balance.safety_stock)


def take_in_order(needed: Decimal, free: Sequence[Taking]) -> list[Taking]:
    """R3: each candidate in turn gives what it has, until the row is served. `free` is the most each can give."""
    takings: list[Taking] = []
    for offer in free:
        taken = min(offer.quantity, needed)
        if taken > 0:
            takings.append(offer.model_copy(update={"quantity": taken}))
            needed -= taken
    return takings


def take_whole(needed: Decimal, free: Sequence[Taking]) -> list[Taking]:
    """A row that may not be split is served by the first candidate that has all of it, or not at all."""
    if needed > 0:
        for offer in free:
            if offer.quantity >= needed:
                return [offer.model_copy(update={"quantity": needed})]
    return []


def allocate(order: AllocateOrder, balances: Mapping[Key, Balance]) -> OrderAllocated:
    """Promise stock to an order, its rows in turn. Every row: taken + waiting + short = its quantity.

    What one row takes is gone for the next. A mandatory row that is not fully promised refuses the whole order.
    """
    left = dict[Key, Balance]()
    rows: list[RowAllocated] = []
    for demand in order.rows:
        keys = [(order.retailer_id, c.catalogue_id, c.product_id) for c in dict.fromkeys(demand.candidates)]
        row = _allocate_row(demand, {key: left.get(key) or balances.get(key) for key in keys})
        for taking in row.taken:
            key = (order.retailer_id, taking.catalogue_id, taking.product_id)
            left[key] = _after(left.get(key) or balances[key], taking.quantity)
        rows.append(row)
    if any(demand.mandatory and row.short > 0 for demand, row in zip(order.rows, rows, strict=True)):
        refused = tuple(_refuse(demand, row) for demand, row in zip(order.rows, rows, strict=True))
        return OrderAllocated(order_id=order.order_id, round=order.round, outcome="refused", rows=refused)
    return OrderAllocated(order_id=order.order_id, round=order.round, outcome=_outcome(rows), rows=tuple(rows))


def balances_after(balances: Mapping[Key, Balance], retailer_id: str, answer: OrderAllocated) -> dict[Key, Balance]:
    """The balances that an answer changes, as they are after it."""
    changed = dict[Key, Balance]()
    for row in answer.rows:
        for taking in row.taken:
            key = (retailer_id, taking.catalogue_id, taking.product_id)
            changed[key] = _after(changed.get(key) or balances[key], taking.quantity)
    return changed


def _after(balance: Balance, taken: Decimal) -> Balance:
    return replace(balance, quantity=balance.quantity - taken, allocated=balance.allocated + taken)


def _allocate_row(demand: RowDemand, balances: Mapping[Key, Balance | None]) -> RowAllocated:
    offers = [
        Taking(catalogue_id=catalogue_id, product_id=product_id, quantity=free_of(balance))
        for (_, catalogue_id, product_id), balance in balances.items()
        if balance is not None and _bar(balance) is None
    ]
    takings = (take_in_order if demand.partial_delivery_allowed else take_whole)(demand.quantity, offers)
    taken_from = {(taking.catalogue_id, taking.product_id): taking.quantity for taking in takings}
    needed = demand.quantity
    seen: list[Seen] = []
    for (_, catalogue_id, product_id), balance in balances.items():
        taken = taken_from.get((catalogue_id, product_id), NOTHING)
        candidate = Candidate(catalogue_id=catalogue_id, product_id=product_id)
        seen.append(_see(candidate, balance, taken, _verdict(balance, taken, needed)))
        needed -= taken
    return RowAllocated(external_id=demand.external_id, taken=tuple(takings), short=needed, seen=tuple(seen))


def _bar(balance: Balance) -> str | None:
    """R1: the first rule that keeps a balance from serving anything."""
    if not balance.active:
        return "inactive"
    if balance.end_of_sale:
        return "end of sale"
    return None if balance.sellable else "not sellable"


def _verdict(balance: Balance | None, taken: Decimal, needed: Decimal) -> str:
    if balance is None:
        return "unknown"
    if barred := _bar(balance):
        return barred
    if taken:
        return "taken"
    if not needed:
        return "served already"
    return "whole row needed" if free_of(balance) else "no stock"


def _see(candidate: Candidate, balance: Balance | None, taken: Decimal, verdict: str) -> Seen:
    return Seen(
        catalogue_id=candidate.catalogue_id,
        product_id=candidate.product_id,
        quantity=balance.quantity if balance else NOTHING,
        allocated=balance.allocated if balance else NOTHING,
        held=balance.held if balance else NOTHING,
        safety_stock=balance.safety_stock if balance else NOTHING,
        taken=taken,
        verdict=verdict,
    )


def _refuse(demand: RowDemand, row: RowAllocated) -> RowAllocated:
    seen = tuple(
        one.model_copy(update={"taken": NOTHING, "verdict": "order refused"}) if one.taken else one for one in row.seen
    )
    return RowAllocated(external_id=row.external_id, short=demand.quantity, seen=seen)


def _outcome(rows: Sequence[RowAllocated]) -> Outcome:
    short = any(row.short for row in rows)
    promised = any(row.taken or row.waiting for row in rows)
    if short:
        return "partial" if promised else "none"
    return "backordered" if any(row.waiting for row in rows) else "full"
