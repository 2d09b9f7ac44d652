"""How a retailer's change of mind is taken: what it changes for others, and how far an order may have come for it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from order_intake.domain.order import (
    ACCEPTED,
    CANCELLED,
    DELIVERED,
    RANK,
    VIEWED,
    ZERO,
    Order,
    Row,
    Step,
    order_status,
)
from shared.contracts import Delivery, OrderAmended, OrderPlaced, OrderRow


def has_ended(order: Order) -> bool:
    """Whether nothing more is to come: the order is Delivered or Cancelled, as far as is known."""
    return order.status in (DELIVERED, CANCELLED)


def anything_delivered(order: Order) -> bool:
    """Whether any supplier has delivered anything of it, also before it was placed anew."""
    return any(row.delivered_in_all > 0 for row in order.rows.values())


def asks_otherwise(now: OrderPlaced, before: OrderPlaced, no_waiting: Collection[str] = ()) -> bool:
    """Whether an order must be routed anew: its rows ask for something else, or another supplier is bound to it.

    The description of a row is no wish; the supplier named in the metadata binds an order with a PO only. That rows
    are `no_waiting` now ends what waits, and leaves what is promised.
    """
    return _wishes(now, no_waiting) != _wishes(before, no_waiting)


def _wishes(placed: OrderPlaced, no_waiting: Collection[str]) -> tuple[str | None, list[OrderRow]]:
    bound = any(reference.name == "PO" for reference in placed.delivery.references)
    return (
        placed.receiver if bound else None,
        [
            row.model_copy(
                update={"description": None, "back_order": row.back_order and row.external_id not in no_waiting}
            )
            for row in placed.rows
        ],
    )


def decided_with(now: OrderPlaced, before: OrderPlaced) -> str | None:
    """A preference that is to be another than the rows were placed with; None when there is none."""
    preferences = {
        "allOrNothing": (now.all_or_nothing, before.all_or_nothing),
        "strategy": (now.strategy, before.strategy),
        "reservationId": (now.reservation_id, before.reservation_id),
    }
    return next((name for name, (wanted, given) in preferences.items() if wanted != given), None)


def goes_elsewhere(now: Delivery, before: Delivery) -> bool:
    """Whether more of a delivery differs than what is said of it: its comments and references."""
    silent = {"comments": (), "references": ()}
    return now.model_copy(update=silent) != before.model_copy(update=silent)


def too_far(order: Order) -> str | None:
    """Why the rows of an order cannot be changed any more; None as long as nobody has begun to pick them."""
    if has_ended(order):
        return f"is {order.status}, which is final"
    for row in order.rows.values():
        reached = [row.status, *(part.status for part in row.parts.values() if not part.closed and part.promised > 0)]
        begun = [status for status in reached if RANK.get(status, 0) > RANK[VIEWED] and status != CANCELLED]
        if begun and row.quantity > 0:
            return f"has come too far: row {row.external_id} is {begun[0]}"
        if row.delivered > 0:
            return f"has come too far: a part of row {row.external_id} is Delivered"
    return None


def amended(order: Order, placed: OrderPlaced, at: datetime, no_waiting: Collection[str] = ()) -> OrderAmended:
    """What others are told of an order that was changed, and whose version was counted up.

    `no_waiting` are the rows that are not to wait for stock any more.
    """
    return OrderAmended(
        order_id=order.id,
        retailer_id=order.retailer_id,
        external_id=placed.external_id,
        amended_at=at,
        version=order.version,
        cancelled=order.cancelled,
        held=order.held,
        no_waiting=tuple(no_waiting),
        delivery=placed.delivery,
    )


def delivered_so_far(order: Order) -> dict[str, Decimal]:
    """What of each row suppliers have delivered, also before it was placed anew."""
    return {row.external_id: row.delivered_in_all for row in order.rows.values()}


def given_up(order: Order, now: OrderPlaced, before: OrderPlaced) -> dict[str, Decimal]:
    """What its retailer had cancelled of rows of which it asks for as much as before: that stays cancelled."""
    quantities = {row.external_id: row.quantity for row in before.rows}
    return {
        row.external_id: order.rows[row.external_id].cancelled_in_all
        for row in now.rows
        if quantities.get(row.external_id) == row.quantity
    }


def left_to_send(
    asked: OrderPlaced, before: Mapping[str, Decimal], cancelled: Mapping[str, Decimal] | None = None
) -> dict[str, Decimal]:
    """What of each row is asked for beyond what was delivered before, and without what was cancelled."""
    gone = cancelled or {}
    return {
        row.external_id: max(ZERO, row.quantity - before.get(row.external_id, ZERO) - gone.get(row.external_id, ZERO))
        for row in asked.rows
    }


def taken_back(asked: OrderPlaced, before: Mapping[str, Decimal]) -> str | None:
    """A row that is to ask for less than was delivered of it before, or to be taken out; None when there is none."""
    quantities = {row.external_id: row.quantity for row in asked.rows}
    return next((row_id for row_id, sent in before.items() if quantities.get(row_id, ZERO) < sent), None)


def placed_anew(
    old: Order, asked: OrderPlaced, before: Mapping[str, Decimal], cancelled: Mapping[str, Decimal] | None = None
) -> tuple[Order, OrderPlaced]:
    """The order that takes the place of an earlier one, and its announcement.

    `asked` is what the document asks for; of that, what was delivered `before` or `cancelled` is not asked for again. A
    row of which nothing is left stays Delivered, or Cancelled if nothing was, and is not announced. Every other row
    begins anew as Accepted, with its history behind it.
    """
    left, gone = left_to_send(asked, before, cancelled), cancelled or {}
    rows = {
        row.external_id: _begun_anew(
            old.rows.get(row.external_id),
            Row(
                row.external_id,
                left[row.external_id],
                delivered_before=before.get(row.external_id, ZERO),
                cancelled_before=gone.get(row.external_id, ZERO),
            ),
            asked.placed_at,
        )
        for row in asked.rows
    }
    status = order_status(row.status for row in rows.values())
    order = Order(
        id=asked.order_id,
        retailer_id=old.retailer_id,
        rows=rows,
        status=status,
        history=_and_now(old.history, old.status, status, asked.placed_at),
        held=asked.held,
        catalogues=catalogues_asked_for(asked),
    )
    announced = [
        row.model_copy(
            update={"quantity": left[row.external_id], "parent": row.parent if left.get(row.parent or "") else None}
        )
        for row in asked.rows
        if left[row.external_id]
    ]
    return order, asked.model_copy(update={"replaces": old.id, "rows": tuple(announced)})


def catalogues_asked_for(placed: OrderPlaced) -> tuple[str, ...]:
    """The catalogues that rows are pinned to."""
    return tuple(sorted({row.catalogue_id for row in placed.rows if row.catalogue_id is not None}))


def _begun_anew(known: Row | None, row: Row, at: datetime) -> Row:
    status = ACCEPTED if row.quantity else DELIVERED if row.delivered_before else CANCELLED
    history = (Step(status, at),) if known is None else _and_now(known.history, known.status, status, at)
    return replace(row, status=status, history=history)


def _and_now(history: tuple[Step, ...], before: str, now: str, at: datetime) -> tuple[Step, ...]:
    return history if before == now else (*history, Step(now, at))
