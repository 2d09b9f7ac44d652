"""What is decided for an order once inventory has answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from router.domain import answering, dispatch, standing
from router.domain.amending import RELEASED
from router.domain.dispatch import NewShipment
from router.domain.losing import NO_BACKORDER
from router.domain.reasons import named, reason_for
from router.domain.record import (
    RULES,
    ZERO,
    DecisionRecord,
    Happening,
    Route,
    RowRecord,
    total,
)
from router.domain.standing import Line, Piece, RowStanding, Standing
from shared.contracts import OrderAllocated, OrderRow, PartRelease, RowAllocated, Seen, Taking, made
from shared.rules.plan import Plan, Ranked, RowPlan, needs_stock

NO_RESERVATION = "the reservation that the order names is unknown, or was over: nothing was kept for it"
RESERVATION_STAYS = "the order took nothing of its reservation, which stays until its time is over"


@dataclass(frozen=True)
class Decision:
    """A decided order, with its record and standing, the shipments that follow from it, and what is let go of."""

    route: Route
    shipments: tuple[NewShipment, ...] = ()
    releases: tuple[PartRelease, ...] = ()

    @property
    def standing(self) -> Standing:
        """How its rows stand."""
        assert self.route.standing is not None
        return self.route.standing

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
    record = made(
        DecisionRecord,
        order_id=route.order.order_id,
        external_id=route.order.external_id,
        round=allocated.round,
        outcome=allocated.outcome,
        decided_at=decided_at,
        rules=RULES,
        strategy=route.plan.strategy,
        rows=rows,
        history=() if route.cancelled is None else (route.cancelled,),
        all_or_nothing=route.plan.all_or_nothing,
        notes=_of_hold(allocated),
    )
    shipped = route.cancelled is None and not route.held
    decided = replace(route, record=record, shipped=shipped)
    decided = replace(decided, standing=first_standing(decided))
    return Decision(
        decided,
        tuple(dispatch.new_shipments(decided, _pieces(decided), decided_at, accept_by)) if shipped else (),
        tuple(_ended_waiting(decided)),
    )


def _of_hold(allocated: OrderAllocated) -> tuple[str, ...]:
    """What is to be told of the reservation that an order named: that it was of no use."""
    if allocated.hold == "absent":
        return (NO_RESERVATION,)
    return (RESERVATION_STAYS,) if allocated.hold == "kept" else ()


def decide_again(
    route: Route, plan: Plan, allocated: OrderAllocated, decided_at: datetime, accept_by: datetime
) -> Decision:
    """The decision of an order that got nothing before, as if it were the first. What was decided before is history."""
    assert route.record is not None
    assert route.standing is not None
    before = route.record
    again = decide(replace(route, plan=plan), allocated, decided_at, accept_by)
    outcome = "refused" if before.outcome == "refused" else "nobody could serve it"
    happening = Happening(at=decided_at, cause=f"decided again: before, {outcome}")
    lots = (*route.standing.lots, allocated.round)
    decided = replace(
        again.route,
        record=again.record.model_copy(
            update={"round": allocated.round, "history": (*before.history, happening, *again.record.history)}
        ),
        standing=again.standing.model_copy(update={"lots": lots}),
        round=route.round + 1,
    )
    return replace(again, route=decided)


def release(route: Route, at: datetime, accept_by: datetime) -> Decision:
    """A decided order that was held is not held any more: its shipments are made, and the order book told once more.

    What that says is a round of its own, so that it counts as newer.
    """
    assert route.standing is not None
    reserved = [(row.external_id, piece) for row in route.standing.rows for piece in row.pieces]
    order_id = route.order.order_id
    now_shipped = standing.shipped(
        route.standing,
        {
            (piece.catalogue_id, piece.lot): dispatch.shipment_id(order_id, piece.catalogue_id, piece.lot)
            for _, piece in reserved
        },
    )
    released = answering.told(replace(route, standing=now_shipped, shipped=True), RELEASED, at)
    return Decision(released, tuple(dispatch.new_shipments(released, reserved, at, accept_by)))


def first_standing(route: Route) -> Standing:
    """How the rows of an order stand once it is decided, from nothing but its record and how it is wanted by then."""
    record = route.record
    assert record is not None
    return made(Standing, rows=tuple(_stand(route, record.round, row) for row in record.rows), lots=(record.round,))


def _stand(route: Route, lot: int, row: RowRecord) -> RowStanding:
    if route.cancelled is not None and not route.shipped:
        return made(
            RowStanding,
            external_id=row.external_id,
            quantity=row.quantity,
            stocked=row.stocked,
            cancelled=row.quantity,
            reason=route.cancelled.cause if row.quantity else None,
        )
    waiting = total(row.waiting)
    ended = row.external_id in route.no_waiting
    waits = waiting if not ended else ZERO
    return made(
        RowStanding,
        external_id=row.external_id,
        quantity=row.quantity,
        stocked=row.stocked,
        pieces=tuple(
            made(
                Piece,
                catalogue_id=taking.catalogue_id,
                product_id=taking.product_id,
                lot=lot,
                quantity=taking.quantity,
                shipment_id=dispatch.shipment_id(route.order.order_id, taking.catalogue_id, lot)
                if route.shipped
                else None,
            )
            for taking in row.taken
        ),
        waiting=waits,
        lines=(Line(lot=lot, quantity=waits),) if waits else (),
        unserved=row.unserved,
        cancelled=waiting if ended else ZERO,
        reason=row.reason or (NO_BACKORDER if ended and waiting else None),
    )


def _pieces(route: Route) -> Iterable[dispatch.Allotted]:
    assert route.standing is not None
    return ((row.external_id, piece) for row in route.standing.rows for piece in row.pieces)


def _ended_waiting(route: Route) -> Iterable[PartRelease]:
    """What waits of rows that are not to wait any more. All of an order that was cancelled is let go of otherwise."""
    assert route.record is not None
    for row in route.record.rows if route.no_waiting and route.cancelled is None else ():
        if row.external_id in route.no_waiting and row.waiting:
            yield PartRelease(row_id=row.external_id, quantity=total(row.waiting), lot=route.record.round)


def _decide_row(row: OrderRow, plan: RowPlan, answer: RowAllocated | None, refused: bool) -> RowRecord:
    taken, waiting, seen = (answer.taken, answer.waiting, answer.seen) if answer else ((), (), ())
    unserved = row.quantity - total(taken) - total(waiting)
    candidates = _numbers(plan.ranked, seen)
    return made(
        RowRecord,
        external_id=row.external_id,
        quantity=row.quantity,
        stocked=True,
        mandatory=row.mandatory,
        partial_delivery_allowed=row.partial_delivery_allowed,
        taken=taken,
        waiting=waiting,
        unserved=unserved,
        reason=reason_for(candidates, plan.dropped, refused=refused) if unserved > 0 else None,
        candidates=candidates,
        dropped=plan.dropped,
        back_order=row.back_order,
        parent=row.parent,
    )


def _numbers(ranked: Sequence[Ranked], seen: Sequence[Seen]) -> tuple[Seen, ...]:
    """What inventory saw, in rank order; a candidate it says nothing of was not asked."""
    numbers = {(number.catalogue_id, number.product_id): number for number in seen}
    return tuple(
        numbers.get((candidate.catalogue_id, candidate.product_id)) or _unasked(candidate) for candidate in ranked
    )


def _unasked(candidate: Ranked) -> Seen:
    return made(
        Seen,
        catalogue_id=candidate.catalogue_id,
        product_id=candidate.product_id,
        quantity=ZERO,
        allocated=ZERO,
        held=ZERO,
        safety_stock=ZERO,
        taken=ZERO,
        verdict="not asked",
    )


def _follow(row: OrderRow, leader: str | None, refused: bool) -> RowRecord:
    """A service or cost row: whole with the leading goods row, or not at all."""
    without_goods = "order refused" if refused else "no goods to follow"
    return made(
        RowRecord,
        external_id=row.external_id,
        quantity=row.quantity,
        stocked=False,
        mandatory=row.mandatory,
        partial_delivery_allowed=row.partial_delivery_allowed,
        taken=(Taking(catalogue_id=leader, product_id=named(row), quantity=row.quantity),)
        if leader is not None and row.quantity > 0
        else (),
        waiting=(),
        unserved=ZERO if leader is not None else row.quantity,
        reason=None if leader is not None else without_goods,
    )
