"""What a supplier says it cannot send of a shipment, before it does: that is asked of somebody else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from router.domain import moving, shrinking
from router.domain.moving import Refusal, Wrong
from router.domain.shipment import PROGRESS, ZERO, Shipment

REJECTED = "rejected by the supplier"


@dataclass(frozen=True)
class RejectedRow:
    """A row of the order that a supplier cannot send; all that the shipment has of it, without a quantity."""

    row_id: str
    quantity: Decimal | None = None


def reject(shipment: Shipment, rejected: Sequence[RejectedRow], reason: str | None, at: datetime) -> Shipment | Refusal:
    """The shipment without the rows, or parts of rows, that its supplier rejects; the very same when they are gone.

    Rejecting all of it cancels it. Who rejects a part has opened the rest. Once it is being shipped it is too late:
    what does not come is said by delivering less.
    """
    because = REJECTED if reason is None else f"{REJECTED}: {reason}"
    falls, wrong = _falls(shipment, rejected)
    if wrong:
        return Refusal(wrong=tuple(wrong))
    conflict = moving.conflict_of(shipment, "Viewed") if shipment.closed else _too_late(shipment)
    if conflict is not None:
        return Refusal(conflict=conflict)
    smaller = shrinking.shrunk(shipment, falls, because, at)
    if smaller.status in PROGRESS[: PROGRESS.index("Viewed")] and smaller is not shipment:
        return replace(smaller, status="Viewed", status_at=at)
    return smaller


def _too_late(shipment: Shipment) -> str | None:
    reached = shipment.reached or shipment.status
    if PROGRESS.index(reached) < PROGRESS.index("Shipping"):
        return None
    return f"The shipment is already {reached}: what does not come of it is said by delivering less"


def _falls(shipment: Shipment, rejected: Sequence[RejectedRow]) -> tuple[dict[tuple[str, str], Decimal], list[Wrong]]:
    """How much less is to be sent of each row. Of a row's products the last ones fall first."""
    falls: dict[tuple[str, str], Decimal] = {}
    wrong: list[Wrong] = []
    seen: set[str] = set()
    for index, row in enumerate(rejected):
        at = f"rows[{index}]"
        meant = [one for one in shipment.rows if one.row_id == row.row_id]
        left = sum((one.quantity for one in meant), ZERO)
        if not meant:
            wrong.append(Wrong(f"{at}.externalId", "unknown_row", f"{row.row_id} is not in this shipment"))
        elif row.row_id in seen:
            wrong.append(Wrong(f"{at}.externalId", "duplicate", f"row {row.row_id} is given twice"))
        elif row.quantity is not None and row.quantity > left:
            message = f"is more than the {left.normalize():f} of row {row.row_id} to send"
            wrong.append(Wrong(f"{at}.quantity", "too_much", message))
        seen.add(row.row_id)
        less = left if row.quantity is None else row.quantity
        for one in reversed(meant):
            falls[one.row_id, one.product_id] = min(one.quantity, less)
            less -= min(one.quantity, less)
    return falls, wrong
