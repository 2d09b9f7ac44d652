"""How an order stands: decided from what was routed and what the shipments say, whichever came first."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from shared.contracts import OrderRouted, RoutedPart, RowProgress, ShipmentChanged

ZERO = Decimal(0)

ACCEPTED, UNROUTABLE, ROUTED = "Accepted", "Unroutable", "Routed"
DELIVERED, CANCELLED = "Delivered", "Cancelled"
PROGRESS = (ACCEPTED, UNROUTABLE, ROUTED, "Submitted", "Viewed", "Picking", "Packing", "Shipping", DELIVERED)
"""How far a row has come, the earliest first (glue-api.md A.11). `Cancelled` is as far as `Delivered`: final."""

RANK = {status: rank for rank, status in enumerate(PROGRESS)} | {CANCELLED: PROGRESS.index(DELIVERED)}


@dataclass(frozen=True)
class Step:
    """A status, and since when."""

    value: str
    at: datetime


@dataclass(frozen=True)
class Part:
    """What of a row went into a shipment.

    `routed_at` is unknown until the routing is heard, `version` 0 until the shipment is.
    """

    shipment_id: UUID
    catalogue_id: str
    quantity: Decimal
    delivered: Decimal = ZERO
    status: str = "Created"
    closed: bool = False
    version: int = 0
    routed_at: datetime | None = None
    changed_at: datetime | None = None
    tracking_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A row of an order. `waiting` and `unserved` are the newest routing's; `history` is what came after Accepted."""

    external_id: str
    quantity: Decimal
    waiting: Decimal = ZERO
    unserved: Decimal = ZERO
    delivered: Decimal = ZERO
    cancelled: Decimal = ZERO
    reason: str | None = None
    status: str = ACCEPTED
    history: tuple[Step, ...] = ()
    parts: Mapping[UUID, Part] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """An order of the book. `round` is the newest routing that was heard of, 0 for none."""

    id: UUID
    retailer_id: str
    rows: Mapping[str, Row]
    round: int = 0
    status: str = ACCEPTED
    history: tuple[Step, ...] = ()


def same_document(posted: bytes, again: bytes) -> bool:
    """Whether two JSON texts say the same: order of keys, white space and spelling of numbers do not count."""
    return _meaning(posted) == _meaning(again)


def _meaning(text: bytes) -> object:
    return json.loads(text, parse_int=Decimal, parse_float=Decimal)


def with_routing(order: Order, routed: OrderRouted) -> Order:
    """The order after a routing: an older round than the newest is late and changes nothing."""
    if routed.round < order.round:
        return order
    again = routed.round > order.round
    rows = dict(order.rows)
    for told in routed.rows:
        if (row := rows.get(told.external_id)) is not None:
            parts = _with_routed(row.parts, told.routed, routed.routed_at)
            rows[row.external_id] = _settled(
                row, parts, told.waiting, told.unserved, told.reason, heard=True, again=again, at=routed.routed_at
            )
    return _with_rows(order, rows, routed.round, routed.routed_at)


def with_shipment(order: Order, changed: ShipmentChanged) -> Order:
    """The order after a shipment's change: of one shipment the highest version counts."""
    rows = dict(order.rows)
    for row_id in dict.fromkeys(told.external_id for told in changed.rows):
        row = rows.get(row_id)
        known = row.parts.get(changed.shipment_id) if row is not None else None
        if row is None or (known is not None and known.version >= changed.version):
            continue
        told = [progress for progress in changed.rows if progress.external_id == row_id]
        parts = {**row.parts, changed.shipment_id: _part(changed, told, known.routed_at if known else None)}
        rows[row_id] = _settled(
            *(row, parts, row.waiting, row.unserved, row.reason),
            heard=order.round > 0,
            again=False,
            at=changed.changed_at,
        )
    return _with_rows(order, rows, order.round, changed.changed_at)


def next_status(current: str, now: str, *, decided_again: bool = False) -> str:
    """A row only moves forward, except by a new round of routing, which may find it another warehouse."""
    return now if decided_again or RANK[now] > RANK[current] else current


def row_status(parts: Iterable[Part], waiting: Decimal, *, heard: bool) -> str:
    """How far a row is: as far as the part that is earliest.

    Until the routing is heard it is Accepted, whatever shipments say, for others may be to come; also while all that
    was promised waits for stock. With nothing promised it is Unroutable. When nothing more is coming it is Delivered,
    even if less than ordered was, and Cancelled if nothing was (glue-api.md A.15, 9).
    """
    if not heard:
        return ACCEPTED
    parts = [part for part in parts if part.quantity > 0]
    if not parts:
        return ACCEPTED if waiting > 0 else UNROUTABLE
    coming = [part.status if RANK.get(part.status, 0) > RANK[ROUTED] else ROUTED for part in parts if not part.closed]
    if waiting > 0:
        coming.append(ROUTED)
    if coming:
        return min(coming, key=RANK.__getitem__)
    return DELIVERED if any(part.delivered > 0 for part in parts) else CANCELLED


def order_status(statuses: Iterable[str]) -> str:
    """An order is as far as the row that is earliest; an ended one is Cancelled when nothing at all was delivered.

    A routed order is called `orderRouted` (glue-api.md A.11).
    """
    earliest = min(statuses, key=lambda status: (RANK[status], status == CANCELLED))
    return "orderRouted" if earliest == ROUTED else earliest


def to_be_routed(row: Row) -> Decimal:
    """What is in no shipment, was not delivered by one that has ended, and will still be sent if it can be."""
    return max(ZERO, row.quantity - row.delivered - _coming(row.parts.values()) - row.cancelled)


def _coming(parts: Iterable[Part]) -> Decimal:
    return sum((part.quantity - part.delivered for part in parts if not part.closed), ZERO)


def _with_routed(known: Mapping[UUID, Part], routed: Sequence[RoutedPart], at: datetime) -> dict[UUID, Part]:
    """The parts of a row after its routing. What a shipment has told of itself is newer than what went into it."""
    told: dict[UUID, Part] = {}
    for part in routed:
        before = told[part.shipment_id].quantity if part.shipment_id in told else ZERO
        told[part.shipment_id] = Part(part.shipment_id, part.catalogue_id, before + part.quantity, routed_at=at)
    parts = {**known, **told}
    for shipment_id in known.keys() & told.keys():
        was = known[shipment_id]
        newest = was if was.version > 0 else told[shipment_id]
        parts[shipment_id] = replace(newest, routed_at=was.routed_at or at)
    return parts


def _part(changed: ShipmentChanged, told: Sequence[RowProgress], routed_at: datetime | None) -> Part:
    """A row's part in a shipment, which may have served it with several products."""
    return Part(
        shipment_id=changed.shipment_id,
        catalogue_id=changed.catalogue_id,
        quantity=sum((progress.quantity for progress in told), ZERO),
        delivered=sum((progress.delivered for progress in told), ZERO),
        status=changed.status,
        closed=changed.closed,
        version=changed.version,
        routed_at=routed_at,
        changed_at=changed.changed_at,
        tracking_codes=tuple(dict.fromkeys(code for progress in told for code in progress.tracking_codes)),
    )


def _settled(
    row: Row,
    parts: Mapping[UUID, Part],
    waiting: Decimal,
    unserved: Decimal,
    reason: str | None,
    *,
    heard: bool,
    again: bool,
    at: datetime,
) -> Row:
    """The row with what is known now, and with its sums and status brought up to date."""
    delivered = sum((part.delivered for part in parts.values()), ZERO)
    dropped = [part for part in parts.values() if part.closed and part.status == CANCELLED]
    # What a supplier cancelled and another one now sends is not cancelled any more.
    still_open = row.quantity - delivered - _coming(parts.values()) - waiting
    cancelled = max(ZERO, min(sum((part.quantity - part.delivered for part in dropped), ZERO), still_open))
    status = next_status(row.status, row_status(parts.values(), waiting, heard=heard), decided_again=again)
    history = row.history
    if status != row.status:
        since = max([at, *(part.changed_at for part in parts.values() if part.changed_at is not None)])
        history = (*history, Step(status, since))
    return Row(
        external_id=row.external_id,
        quantity=row.quantity,
        waiting=waiting,
        unserved=unserved,
        delivered=delivered,
        cancelled=cancelled,
        reason=reason,
        status=status,
        history=history,
        parts=parts,
    )


def _with_rows(order: Order, rows: Mapping[str, Row], heard_round: int, at: datetime) -> Order:
    status = order_status(row.status for row in rows.values())
    history = order.history
    if status != order.status:
        since = max([at, *(row.history[-1].at for row in rows.values() if row.history)])
        history = (*history, Step(status, since))
    return Order(order.id, order.retailer_id, rows, heard_round, status, history)
