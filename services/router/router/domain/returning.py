"""What may come back of a shipment, and how a return goes on: it is registered, and then received or cancelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from router.domain.moving import Refusal, RowKey, Wrong
from router.domain.returns import (
    CANCELLED,
    RECEIVED,
    REGISTERED,
    TO_RETAILER,
    Condition,
    Finding,
    Reason,
    Return,
    ReturnedRow,
)
from router.domain.shipment import DELIVERED, ZERO, Row, Shipment

AnyRow = TypeVar("AnyRow", Row, ReturnedRow)

WRONG: Condition = "Wrong"
MOST_ENTRIES = 1_000
"""So many rows a request about a return may name."""


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to send back. The row is found by its id in the order, its product, or both.

    `quantity` None: all that is left of it to come back.
    """

    reason: Reason
    row_id: str | None = None
    item_id: str | None = None
    quantity: Decimal | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Found:
    """What a receiver found of a row, in one condition. `quantity` None: all that no entry before this one names."""

    row_id: str | None = None
    item_id: str | None = None
    quantity: Decimal | None = None
    restock: bool = False
    condition: Condition | None = None
    comment: str | None = None


def register(
    shipment: Shipment, wanted: Sequence[Wanted], returned: Mapping[RowKey, Decimal]
) -> tuple[ReturnedRow, ...] | Refusal:
    """The rows of a new return, or why there cannot be one.

    Of each row as much may come back as was delivered, less what is `returned`: on its way back, or received already.
    Services and costs cannot.
    """
    if shipment.status != DELIVERED:
        return Refusal(conflict=f"The shipment is {shipment.status}; only what was delivered can come back")
    delivered = _RowsOf(shipment.rows)
    rows: dict[RowKey, ReturnedRow] = {}
    wrong: list[Wrong] = []
    excess: list[str] = []
    for index, one in enumerate(wanted):
        at = f"rows[{index}]"
        row = delivered.meant(one, at)
        if isinstance(row, Wrong):
            wrong.append(row)
            continue
        key = (row.row_id, row.product_id)
        if key in rows:
            wrong.append(Wrong(f"{at}.externalId", "duplicate", f"row {row.row_id} is given twice"))
            continue
        if not row.stocked:
            message = f"row {row.row_id} is a service or a cost, of which nothing comes back"
            wrong.append(Wrong(f"{at}.externalId", "no_goods", message))
            continue
        gone = returned.get(key, ZERO)
        left = row.delivered - gone
        quantity = left if one.quantity is None else one.quantity
        if quantity > left or not quantity:
            excess.append(
                f"Of row {row.row_id} ({row.product_id}) {_plain(row.delivered)} were delivered and {_plain(gone)} are"
                f" being returned or were. {_at_most(left)} can come back."
            )
        rows[key] = ReturnedRow(
            row_id=row.row_id,
            product_id=row.product_id,
            quantity=quantity,
            reason=one.reason,
            comment=one.comment,
            ean=row.ean,
            description=row.description,
            unit=row.unit,
        )
    if wrong:
        return Refusal(wrong=tuple(wrong))
    if excess:
        return Refusal(conflict=" ".join(excess))
    return tuple(rows.values())


def receive(returned: Return, found: Sequence[Found], comment: str | None, at: datetime) -> Return | Refusal:
    """The return once its receiver has it, or why it cannot have come like this. The very same when it is said again.

    A row may be found in several conditions. Less may come than was registered: what no entry names did not, and may be
    registered anew. More may not: nobody said that it would, and it may be of another shipment. What is not what was
    sent does not go on the shelf, and neither does what came to the shop: the shelf is the supplier's.
    """
    registered = _RowsOf(returned.rows)
    findings: dict[RowKey, list[Finding]] = {}
    wrong: list[Wrong] = []
    excess: list[str] = []
    for index, one in enumerate(found):
        at_row = f"rows[{index}]"
        row = registered.meant(one, at_row)
        if isinstance(row, Wrong):
            wrong.append(row)
            continue
        if one.restock and one.condition == WRONG:
            wrong.append(Wrong(f"{at_row}.restock", "wrong_product", "is not for what is Wrong, not what was sent"))
        elif one.restock and returned.goes_to == TO_RETAILER:
            message = "is for the supplier's shelf, and this return goes to the retailer"
            wrong.append(Wrong(f"{at_row}.restock", "not_the_suppliers", message))
        listed = findings.setdefault((row.row_id, row.product_id), [])
        left = row.quantity - sum((finding.quantity for finding in listed), ZERO)
        quantity = left if one.quantity is None else one.quantity
        if quantity > left or not quantity:
            excess.append(
                f"Of row {row.row_id} ({row.product_id}) {_plain(row.quantity)} were to come back,"
                f" {_plain(row.quantity - left)} of which are named before. {_at_most(left)} can have come."
            )
            continue
        listed.append(Finding(quantity=quantity, restocked=one.restock, condition=one.condition, comment=one.comment))
    if wrong:
        return Refusal(wrong=tuple(wrong))
    if returned.status == CANCELLED:
        return Refusal(conflict="The return is Cancelled, which is final")
    if excess:
        return Refusal(conflict=" ".join(excess))
    rows = tuple(row._replace(findings=tuple(findings.get((row.row_id, row.product_id), ()))) for row in returned.rows)
    if returned.status == RECEIVED:
        same = (rows, comment) == (returned.rows, returned.receipt_comment)
        return returned if same else Refusal(conflict="The return is Received already, and otherwise than this")
    return replace(_moved(returned, at), status=RECEIVED, rows=rows, receipt_comment=comment)


def cancel(returned: Return, reason: str | None, at: datetime) -> Return | Refusal:
    """The return when it is not coming; the very same when that was said before. What was received has come."""
    if returned.status == CANCELLED:
        return returned
    if returned.status != REGISTERED:
        return Refusal(conflict=f"The return is {returned.status}, which is final")
    return replace(_moved(returned, at), status=CANCELLED, status_reason=reason)


def _moved(returned: Return, at: datetime) -> Return:
    return replace(returned, status_at=at, updated_at=at, version=returned.version + 1)


class _RowsOf(Generic[AnyRow]):
    """Rows by either id, so that a long request does not look through all of them each time."""

    def __init__(self, rows: Sequence[AnyRow]) -> None:
        self._by_row: dict[str, list[AnyRow]] = {}
        self._by_product: dict[str | None, list[AnyRow]] = {}
        for row in rows:
            self._by_row.setdefault(row.row_id, []).append(row)
            self._by_product.setdefault(row.product_id, []).append(row)

    def meant(self, one: Wanted | Found, at: str) -> AnyRow | Wrong:
        """The one row that an entry is about."""
        if one.row_id is None and one.item_id is None:
            return Wrong(f"{at}.externalId", "missing", "is required, or itemId is")
        if one.row_id is None:
            named = self._by_product.get(one.item_id, [])
        else:
            named = [row for row in self._by_row.get(one.row_id, ()) if one.item_id in (None, row.product_id)]
        field = f"{at}.{'itemId' if one.row_id is None else 'externalId'}"
        if not named:
            return Wrong(field, "unknown_row", f"{one.row_id or one.item_id} is not in it")
        if len(named) > 1:
            return Wrong(field, "ambiguous", "is several rows: name both externalId and itemId")
        return named[0]


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _at_most(left: Decimal) -> str:
    """How a sentence begins that says how much there may be."""
    return f"At most {_plain(left)} more" if left > 0 else "Nothing more"
