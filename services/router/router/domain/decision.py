"""What is decided for an order once inventory has answered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from router.domain import dispatch
from router.domain.amending import RELEASED
from router.domain.dispatch import NewShipment
from router.domain.plan import Dropped, Ranked, RowPlan, needs_stock
from router.domain.record import (
    RULES,
    STRATEGY,
    ZERO,
    DecisionRecord,
    Happening,
    Route,
    RowRecord,
    total,
    with_history,
)
from shared.contracts import OrderAllocated, OrderRow, RowAllocated, Seen, Taking


@dataclass(frozen=True)
class Decision:
    """A decided order, with its record, and the shipments that follow from it."""

    route: Route
    shipments: tuple[NewShipment, ...] = ()

    @property
    def record(self) -> DecisionRecord:
        """Why it was decided so."""
        assert self.route.record is not None
        return self.route.record


def misfit(route: Route, allocated: OrderAllocated) -> str | None:
    """What makes an allocation impossible for its order, as a sentence; None when it fits."""
    quantities = {row.external_id: row.quantity for row in route.order.rows if needs_stock(row)}
    catalogues = {terms.catalogue_id for terms in route.plan.catalogues}
    for row in allocated.rows:
        if row.external_id not in quantities:
            return f"row {row.external_id} is not in order {route.order.order_id}"
        if total(row.taken) + total(row.waiting) > quantities[row.external_id]:
            return f"row {row.external_id} of order {route.order.order_id} got more than it asked for"
        for taking in (*row.taken, *row.waiting):
            if taking.catalogue_id not in catalogues:
                return f"catalogue {taking.catalogue_id} was no candidate of order {route.order.order_id}"
    return None


def decide(route: Route, allocated: OrderAllocated, decided_at: datetime, accept_by: datetime) -> Decision:
    """The decision record of an order and one shipment for each catalogue that serves it.

    A service or cost row goes along with the first goods row that ships; when none ships, it is unserved. A held order
    keeps what it was promised and has no shipments yet; an order that was cancelled meanwhile never has any.
    """
    plans = {row.external_id: row for row in route.plan.rows}
    answers = {row.external_id: row for row in allocated.rows}
    refused = allocated.outcome == "refused"
    goods = {
        row.external_id: _decide_row(row, plans[row.external_id], answers.get(row.external_id), refused)
        for row in route.order.rows
        if needs_stock(row)
    }
    leader = next((row.taken[0].catalogue_id for row in goods.values() if row.taken), None)
    rows = tuple(goods.get(row.external_id) or _follow(row, leader, refused) for row in route.order.rows)
    if route.cancelled is not None:
        cause = {"reason": route.cancelled.cause}
        rows = tuple(row.model_copy(update=cause) if row.unserved > 0 else row for row in rows)
    record = DecisionRecord(
        order_id=route.order.order_id,
        external_id=route.order.external_id,
        round=route.round,
        outcome=allocated.outcome,
        decided_at=decided_at,
        rules=RULES,
        strategy=STRATEGY,
        rows=rows,
        history=() if route.cancelled is None else (route.cancelled,),
    )
    shipped = route.cancelled is None and not route.held
    decided = replace(route, record=record, shipped=shipped)
    return Decision(decided, tuple(dispatch.new_shipments(decided, decided_at, accept_by)) if shipped else ())


def release(route: Route, at: datetime, accept_by: datetime) -> Decision:
    """A decided order that was held is not held any more: its shipments are made, and the order book told once more.

    What that says is a round of its own, so that it counts as newer.
    """
    assert route.record is not None
    record = with_history(route.record, Happening(at=at, cause=RELEASED))
    released = replace(route, record=record, shipped=True, round=route.round + 1)
    return Decision(released, tuple(dispatch.new_shipments(released, at, accept_by)))


def _decide_row(row: OrderRow, plan: RowPlan, answer: RowAllocated | None, refused: bool) -> RowRecord:
    taken, waiting, seen = (answer.taken, answer.waiting, answer.seen) if answer else ((), (), ())
    unserved = row.quantity - total(taken) - total(waiting)
    candidates = _numbers(plan.ranked, seen)
    return RowRecord(
        external_id=row.external_id,
        quantity=row.quantity,
        stocked=True,
        mandatory=row.mandatory,
        partial_delivery_allowed=row.partial_delivery_allowed,
        taken=taken,
        waiting=waiting,
        unserved=unserved,
        reason=_reason(candidates, plan.dropped, refused) if unserved > 0 else None,
        candidates=candidates,
        dropped=plan.dropped,
    )


def _numbers(ranked: Sequence[Ranked], seen: Sequence[Seen]) -> tuple[Seen, ...]:
    """What inventory saw, in rank order; a candidate it says nothing of was not asked."""
    numbers = {(number.catalogue_id, number.product_id): number for number in seen}
    return tuple(
        numbers.get((candidate.catalogue_id, candidate.product_id)) or _unasked(candidate) for candidate in ranked
    )


def _unasked(candidate: Ranked) -> Seen:
    return Seen(
        catalogue_id=candidate.catalogue_id,
        product_id=candidate.product_id,
        quantity=ZERO,
        allocated=ZERO,
        held=ZERO,
        safety_stock=ZERO,
        taken=ZERO,
        verdict="not asked",
    )


def _reason(candidates: Sequence[Seen], dropped: Sequence[Dropped], refused: bool) -> str:
    """Why a part of a row is unserved, for people: the distinct verdicts of those that gave nothing."""
    if refused:
        return "order refused"
    if not candidates and not dropped:
        return "unknown product"
    verdicts = [seen.verdict for seen in candidates] or [over.reason for over in dropped]
    blocking = [verdict for verdict in dict.fromkeys(verdicts) if verdict not in ("taken", "served already")]
    return ", ".join(blocking) or "no stock"


def _follow(row: OrderRow, leader: str | None, refused: bool) -> RowRecord:
    """A service or cost row: whole with the leading goods row, or not at all."""
    without_goods = "order refused" if refused else "no goods to follow"
    return RowRecord(
        external_id=row.external_id,
        quantity=row.quantity,
        stocked=False,
        mandatory=row.mandatory,
        partial_delivery_allowed=row.partial_delivery_allowed,
        taken=(Taking(catalogue_id=leader, product_id=_named(row), quantity=row.quantity),)
        if leader is not None and row.quantity > 0
        else (),
        waiting=(),
        unserved=ZERO if leader is not None else row.quantity,
        reason=None if leader is not None else without_goods,
    )


def _named(row: OrderRow) -> str:
    return row.product_id or row.ean or row.external_id
