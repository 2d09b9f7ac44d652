"""How a retailer's change of mind is taken: what it changes for others, and how far an order may have come for it."""

from collections.abc import Mapping
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


def asks_otherwise(now: OrderPlaced, before: OrderPlaced) -> bool:
    """Whether an order must be routed anew: its rows ask for something else, or another supplier is bound to it.

    The description of a row is no wish; the supplier named in the metadata binds an order with a PO only.
    """
    return _wishes(now) != _wishes(before)


def _wishes(placed: OrderPlaced) -> tuple[str | None, list[OrderRow]]:
    bound = any(reference.name == "PO" for reference in placed.delivery.references)
    return (
        placed.receiver if bound else None,
        [row.model_copy(update={"description": None}) for row in placed.rows],
    )


def goes_elsewhere(now: Delivery, before: Delivery) -> bool:
    """Whether more of a delivery differs than what is said of it: its comments and references."""
    silent = {"comments": (), "references": ()}
    return now.model_copy(update=silent) != before.model_copy(update=silent)


def too_far(order: Order) -> str | None:
    """Why the rows of an order cannot be changed any more; None as long as nobody has begun to pick them."""
    if has_ended(order):
        return f"is {order.status}, which is final"
    for row in order.rows.values():
        reached = [row.status, *(part.status for part in row.parts.values() if not part.closed)]
        begun = [status for status in reached if RANK.get(status, 0) > RANK[VIEWED]]
        if begun and row.quantity > 0:
            return f"has come too far: row {row.external_id} is {begun[0]}"
        if row.delivered > 0:
            return f"has come too far: a part of row {row.external_id} is Delivered"
    return None


def amended(order: Order, placed: OrderPlaced, at: datetime) -> OrderAmended:
    """What others are told of an order that was changed, and whose version was counted up."""
    return OrderAmended(
        order_id=order.id,
        retailer_id=order.retailer_id,
        amended_at=at,
        version=order.version,
        cancelled=order.cancelled,
        held=order.held,
        delivery=placed.delivery,
    )


def delivered_so_far(order: Order) -> dict[str, Decimal]:
    """What of each row suppliers have delivered, also before it was placed anew."""
    return {row.external_id: row.delivered_in_all for row in order.rows.values()}


def left_to_send(asked: OrderPlaced, before: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """What of each row is asked for beyond what was delivered before."""
    return {row.external_id: max(ZERO, row.quantity - before.get(row.external_id, ZERO)) for row in asked.rows}


def taken_back(asked: OrderPlaced, before: Mapping[str, Decimal]) -> str | None:
    """A row that is to ask for less than was delivered of it before, or to be taken out; None when there is none."""
    quantities = {row.external_id: row.quantity for row in asked.rows}
    return next((row_id for row_id, sent in before.items() if quantities.get(row_id, ZERO) < sent), None)


def placed_anew(old: Order, asked: OrderPlaced, before: Mapping[str, Decimal]) -> tuple[Order, OrderPlaced]:
    """The order that takes the place of an earlier one, and its announcement.

    `asked` is what the document asks for; of that, what was delivered `before` is not asked for again. A row of which
    nothing is left stays Delivered and is not announced. Every row begins anew as Accepted, with its history behind it.
    """
    left = left_to_send(asked, before)
    rows = {
        row.external_id: _begun_anew(
            old.rows.get(row.external_id),
            row,
            left[row.external_id],
            before.get(row.external_id, ZERO),
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


def _begun_anew(known: Row | None, asked: OrderRow, left: Decimal, before: Decimal, at: datetime) -> Row:
    status = ACCEPTED if left else DELIVERED
    row = Row(asked.external_id, left, delivered_before=before, status=status)
    if known is None:
        return replace(row, history=(Step(status, at),))
    return replace(row, history=_and_now(known.history, known.status, status, at))


def _and_now(history: tuple[Step, ...], before: str, now: str, at: datetime) -> tuple[Step, ...]:
    return history if before == now else (*history, Step(now, at))
