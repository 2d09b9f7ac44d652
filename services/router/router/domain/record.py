"""Why an order went where it went, and the same result computed again from nothing but that."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from router.domain.plan import Dropped, Plan
from shared.contracts import Delivery, OrderPlaced, Outcome, Part, Quantity, Seen, Taking

RULES = "2026.1"
"""The version of the rules of ranking and taking; a new one whenever the same order could be decided differently."""

STRATEGY = "priority"
COUNTS_NOTHING = frozenset({"end of sale", "not sellable", "inactive", "unknown", "not asked"})
"""Verdicts of inventory that make a balance count 0, whatever its numbers say (routing.md R1)."""

ZERO = Decimal(0)


class RowRecord(Part):
    """How a row was decided: taken + waiting + unserved = quantity. `stocked` is False for a service or cost row.

    `candidates` are in rank order with the numbers inventory saw; `dropped` were not asked.
    """

    external_id: str
    quantity: Quantity
    stocked: bool
    mandatory: bool
    partial_delivery_allowed: bool
    taken: tuple[Taking, ...]
    waiting: tuple[Taking, ...]
    unserved: Quantity
    reason: str | None
    candidates: tuple[Seen, ...] = ()
    dropped: tuple[Dropped, ...] = ()


class Happening(Part):
    """What has happened to an order beside its decision, and why."""

    at: datetime
    cause: str


class DecisionRecord(Part):
    """Why an order went where it went: enough to recompute the result from this alone.

    `history` is what came of it otherwise, the oldest first: cancelled, released, replaced.
    """

    order_id: UUID
    external_id: str
    round: int
    outcome: Outcome
    decided_at: datetime
    rules: str
    strategy: str
    rows: tuple[RowRecord, ...]
    history: tuple[Happening, ...] = ()


@dataclass(frozen=True)
class Route:
    """An order on its way: as placed, its candidates, the round inventory was asked in, the record once decided.

    A postponed one is not asked for before that moment, unless news of its products comes first. `amended` is the
    version of the newest change of mind, 0 for none. A decided order is `shipped` unless it is held, or was cancelled
    before any shipment was made.
    """

    order: OrderPlaced
    plan: Plan
    round: int
    record: DecisionRecord | None = None
    postponed_until: datetime | None = None
    held: bool = False
    shipped: bool = True
    amended: int = 0
    amended_delivery: Delivery | None = None
    cancelled: Happening | None = None

    @property
    def delivery(self) -> Delivery:
        """How the order is to be sent now."""
        return self.amended_delivery or self.order.delivery


def with_history(record: DecisionRecord, happening: Happening) -> DecisionRecord:
    """The record with one thing more that happened."""
    return record.model_copy(update={"history": (*record.history, happening)})


def recompute(record: DecisionRecord) -> dict[str, tuple[Taking, ...]]:
    """What each goods row takes, from nothing but the numbers in the record (routing.md R1 to R3, R5).

    Equal to what was taken, or the record does not explain the result. The numbers of a candidate already lack what
    earlier rows of the order took from it.
    """
    takings: dict[str, tuple[Taking, ...]] = {}
    for row in record.rows:
        if row.stocked:
            takings[row.external_id] = tuple(_take(row))
    if any(row.mandatory and row.stocked and total(takings[row.external_id]) < row.quantity for row in record.rows):
        return dict.fromkeys(takings, ())
    return takings


def total(takings: Iterable[Taking]) -> Decimal:
    """How much several takings are together."""
    return sum((taking.quantity for taking in takings), ZERO)


def _take(row: RowRecord) -> Iterable[Taking]:
    needed = row.quantity
    for candidate in row.candidates:
        free = _free(candidate)
        if not row.partial_delivery_allowed and free < row.quantity:
            continue
        part = min(free, needed)
        if part > 0:
            yield Taking(catalogue_id=candidate.catalogue_id, product_id=candidate.product_id, quantity=part)
            needed -= part


def _free(candidate: Seen) -> Decimal:
    if candidate.verdict in COUNTS_NOTHING:
        return ZERO
    return max(ZERO, candidate.quantity - candidate.held - candidate.safety_stock)
