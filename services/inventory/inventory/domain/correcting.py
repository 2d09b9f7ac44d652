"""Which promises give way when a catalogue turns out to have less than it promised."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from shared.contracts import PromiseWithdrawn, RowWithdrawn
from shared.rules.taking import Key

NOTHING = Decimal(0)


class OpenPromise(NamedTuple):
    """What a row was promised from a balance in a lot, counts, and is neither delivered nor returned."""

    order_id: UUID
    row_id: str
    balance_id: int
    lot: int
    open: Decimal
    placed_at: datetime


def take_back(promises: Iterable[OpenPromise], excess: Mapping[int, Decimal]) -> list[tuple[OpenPromise, Decimal]]:
    """Only the excess of each balance gives way, and the newest orders first; of an order, its last row first."""
    left = dict(excess)
    taken: list[tuple[OpenPromise, Decimal]] = []
    for promise in sorted(promises, key=lambda one: (one.placed_at, one.order_id, one.row_id, one.lot), reverse=True):
        quantity = min(promise.open, left.get(promise.balance_id, NOTHING))
        if quantity > 0:
            taken.append((promise, quantity))
            left[promise.balance_id] -= quantity
    return taken


def withdrawals(
    taken: Iterable[tuple[OpenPromise, Decimal]], keys: Mapping[int, Key], supplier_id: str, moment: datetime
) -> list[PromiseWithdrawn]:
    """What is said of it: to each order, of each catalogue, once. `keys` are those of the supplier's balances."""
    rows: dict[tuple[UUID, str, str], list[RowWithdrawn]] = {}
    for promise, quantity in taken:
        retailer_id, catalogue_id, product_id = keys[promise.balance_id]
        row = RowWithdrawn(external_id=promise.row_id, product_id=product_id, lot=promise.lot, quantity=quantity)
        rows.setdefault((promise.order_id, retailer_id, catalogue_id), []).append(row)
    return [
        PromiseWithdrawn(
            order_id=order_id,
            retailer_id=retailer_id,
            catalogue_id=catalogue_id,
            supplier_id=supplier_id,
            withdrawn_at=moment,
            cause=f"{catalogue_id} counted less than was promised",
            rows=tuple(withdrawn),
        )
        for (order_id, retailer_id, catalogue_id), withdrawn in rows.items()
    ]
