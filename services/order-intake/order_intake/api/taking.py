"""Taking an order into the book, of whatever version, together with those of concurrent requests."""

from datetime import datetime

from fastapi import Request

from order_intake.domain import Order, Row
from order_intake.gathering import Gathering
from order_intake.placing import NewOrder, Placement
from order_intake.store import Placed
from shared import problems


async def take(request: Request, order: NewOrder) -> Placement:
    """What became of an order: it is in the book now, or was already.

    Raises problems.Refused: 400 when it contradicts its products, 409 when another order has its number, 503.
    """
    gathering: Gathering[NewOrder, Placement] = request.app.state.gathering
    placement = await gathering.join(order)
    if placement.outcome == "refused":
        raise problems.invalid(placement.errors)
    if placement.outcome == "other":
        raise problems.conflict(f"There is another order {order.placed.external_id} already")
    return placement


def just_placed(order: NewOrder, at: datetime) -> Placed:
    """What reading the order back would give."""
    rows = {row.external_id: Row(row.external_id, row.quantity) for row in order.placed.rows}
    return Placed(Order(order.placed.order_id, order.placed.retailer_id, rows), order.posted, at, at, order.document)
