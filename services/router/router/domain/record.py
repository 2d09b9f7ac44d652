"""Why an order went where it went, and the same result computed again from nothing but that."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from router.domain.standing import Standing
from shared.contracts import (
    AllocateOrder,
    Delivery,
    OrderAllocated,
    OrderPlaced,
    Outcome,
    Part,
    Quantity,
    Seen,
    Taking,
)
from shared.rules import remembering, taking
from shared.rules.plan import Dropped, Plan, demand

RULES = "2026.4"
"""The version of the rules of ranking and taking; a new one whenever the same order could be decided differently."""

ZERO = Decimal(0)


class RowRecord(Part):
    """How a row was decided: taken + waiting + unserved = quantity. `stocked` is False for a service or cost row.

    `parent` is the row it is bundled with.
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
    back_order: bool = False
    parent: str | None = None


class Happening(Part):
    """What has happened to an order beside its decision, and why."""

    at: datetime
    cause: str


class DecisionRecord(Part):
    """Why an order went where it went: enough to recompute the result from this alone.

    `history` is what came of it otherwise, the oldest first: cancelled, released, replaced. `all_or_nothing`: any row
    that is short refuses the order. `notes` say, for people, what else counted or did not.
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
    all_or_nothing: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """An order on its way: as placed, its candidates, the round inventory was asked in, the record once decided.

    A postponed one is not asked for before that moment, unless news of its products comes first. `amended` is the
    version of the newest change of mind, 0 for none. A decided order is `shipped` unless it is held, or was cancelled
    before any shipment was made. `standing` is where its rows are by now, `later` the candidates of later rounds that
    got something. Rows in `no_waiting` are not to wait for stock any more. `early`: there
    is news of it that has overtaken an answer.
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
    standing: Standing | None = None
    later: Plan | None = None
    no_waiting: tuple[str, ...] = ()
    early: bool = False

    @property
    def delivery(self) -> Delivery:
        """How the order is to be sent now."""
        return self.amended_delivery or self.order.delivery


def with_history(record: DecisionRecord, happening: Happening) -> DecisionRecord:
    """The record with one thing more that happened."""
    return record.model_copy(update={"history": (*record.history, happening)})


def recompute(record: DecisionRecord) -> OrderAllocated:
    """What the goods rows get by today's rules, from nothing but the numbers in the record.

    Equal to what was taken and what waits, or the record does not explain the result.
    """
    seen = (candidate for row in record.rows for candidate in row.candidates)
    return taking.allocate(request_of(record), remembering.balances_seen("", seen))


def total(takings: Iterable[Taking]) -> Decimal:
    """How much several takings are together."""
    return sum((taking.quantity for taking in takings), ZERO)


def request_of(record: DecisionRecord) -> AllocateOrder:
    """What was asked of inventory for the decision, as far as that counts; the retailer is left out."""
    return AllocateOrder(
        order_id=record.order_id,
        round=record.round,
        retailer_id="",
        placed_at=record.decided_at,
        all_or_nothing=record.all_or_nothing,
        rows=tuple(
            demand(row, ((seen.catalogue_id, seen.product_id) for seen in row.candidates))
            for row in record.rows
            if row.stocked
        ),
    )
