"""Timed holds: what of a cart can be promised, and from where (routing.md R6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from shared.contracts import AllocateOrder, Delivery, OrderAllocated, OrderPlaced, OrderRow, Party, Taking
from shared.rules import plan, ranking
from shared.rules.ranking import Sources


class WantedRow(NamedTuple):
    """A row of a cart: a product by its supplier's id, by its EAN or by both; `catalogue_id` pins it to a catalogue."""

    external_id: str
    quantity: Decimal
    product_id: str | None = None
    ean: str | None = None
    catalogue_id: str | None = None


class HeldRow(NamedTuple):
    """What is kept for a row, and how much of it nobody has."""

    external_id: str
    quantity: Decimal
    taken: tuple[Taking, ...]
    short: Decimal


@dataclass(frozen=True, slots=True)
class Hold:
    """What is kept for a retailer until a moment, by rows."""

    id: UUID
    retailer_id: str
    expires_at: datetime
    rows: tuple[HeldRow, ...]

    @property
    def keeps_anything(self) -> bool:
        """Whether there is anything to end."""
        return any(row.taken for row in self.rows)


def request_of(
    hold_id: UUID, retailer_id: str, moment: datetime, rows: Sequence[WantedRow], known: Sources
) -> AllocateOrder:
    """A cart as the order it may become: ranked by the same rules, and served by the same, but for what would wait."""
    order = OrderPlaced(
        order_id=hold_id,
        retailer_id=retailer_id,
        external_id=str(hold_id),
        placed_at=moment,
        delivery=Delivery(order_date=moment, delivery_address=Party()),
        rows=tuple(
            OrderRow(
                external_id=row.external_id,
                product_id=row.product_id,
                ean=row.ean,
                quantity=row.quantity,
                catalogue_id=row.catalogue_id,
            )
            for row in rows
        ),
    )
    return plan.allocation_request(order, ranking.rank_candidates(order, known), 1)


def held_of(rows: Sequence[WantedRow], answer: OrderAllocated) -> tuple[HeldRow, ...]:
    """What the rows of a cart got."""
    got = {row.external_id: row for row in answer.rows}
    return tuple(
        HeldRow(row.external_id, row.quantity, got[row.external_id].taken, got[row.external_id].short) for row in rows
    )
