"""How an order goes on: decided from what was routed and what the shipments say, whichever came first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from order_intake.domain.order import (
    ACCEPTED,
    CANCELLED,
    DELIVERED,
    ERROR,
    RANK,
    ROUTED,
    UNROUTABLE,
    ZERO,
    Order,
    Part,
    Row,
    Step,
    coming,
    order_status,
)
from shared.contracts import OrderRouted, RoutedPart, RowProgress, ShipmentChanged


def with_routing(order: Order, routed: OrderRouted) -> Order:
    """The order after a routing: an older round than the newest is late and changes nothing."""
    if routed.round < order.round:
        return order
    again = routed.round > order.round
    rows = dict(order.rows)
    for told in routed.rows:
        if (row := rows.get(told.external_id)) is not None:
            decided = replace(
                row,
                parts=_with_routed(row.parts, told.routed, routed.routed_at),
                reserved=told.reserved,
                waiting=told.waiting,
                unserved=told.unserved,
                reason=told.reason,
            )
            rows[row.external_id] = _settled(order, decided, heard=True, again=again, at=routed.routed_at)
    return with_rows(replace(order, round=routed.round), rows, routed.routed_at)


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
            order, replace(row, parts=parts), heard=order.round > 0, again=False, at=changed.changed_at
        )
    return with_rows(order, rows, changed.changed_at)


def with_cancellation(order: Order, at: datetime) -> Order:
    """The order after its retailer cancelled it: what is open is Cancelled at once, or Delivered as far as it was.

    Only a supplier that delivered in spite of it, or earlier than was heard, changes it from then on.
    """
    order = replace(order, cancelled=True)
    rows = {
        row.external_id: _settled(order, row, heard=order.round > 0, again=False, at=at) for row in order.rows.values()
    }
    return with_rows(order, rows, at)


def next_status(current: str, now: str, *, decided_again: bool = False) -> str:
    """A row only moves forward, except by a new round of routing, which may find it another warehouse, and by Error.

    Error comes at any time before the end, and goes when the supplier goes on.
    """
    if decided_again or current == ERROR or (now == ERROR and RANK[current] < RANK[DELIVERED]):
        return now
    return now if RANK[now] > RANK[current] else current


def cancelled_status(current: str, delivered: Decimal) -> str:
    """A row that is not wanted any more is Delivered when anything of it was, even after it was Cancelled."""
    return DELIVERED if delivered > 0 or current == DELIVERED else CANCELLED


def row_status(
    parts: Iterable[Part],
    waiting: Decimal,
    *,
    heard: bool,
    reserved: Decimal = ZERO,
    delivered_before: Decimal = ZERO,
) -> str:
    """How far a row is: as far as the part that is earliest, and Error while any part is. What is reserved for a
    held order counts as Routed.

    Until the routing is heard it is Accepted, whatever shipments say, for others may be to come; also while all that
    was promised waits for stock. With nothing promised it is Unroutable. When nothing more is coming it is Delivered,
    even if less than ordered was, and Cancelled if nothing was (glue-api.md A.15, 9).
    """
    if not heard:
        return ACCEPTED
    parts = [part for part in parts if part.quantity > 0]
    if not parts and not reserved:
        return ACCEPTED if waiting > 0 else UNROUTABLE
    open_parts = [part for part in parts if not part.closed]
    under_way = [
        part.status if part.status == ERROR or RANK.get(part.status, 0) > RANK[ROUTED] else ROUTED
        for part in open_parts
    ]
    if waiting > 0 or reserved > 0:
        under_way.append(ROUTED)
    if under_way:
        return min(under_way, key=RANK.__getitem__)
    return DELIVERED if delivered_before > 0 or any(part.delivered > 0 for part in parts) else CANCELLED


def with_rows(order: Order, rows: Mapping[str, Row], at: datetime) -> Order:
    """The order with these rows, as far as they are, and with the catalogues they went to."""
    status = order_status(row.status for row in rows.values())
    history = order.history
    if status != order.status:
        since = max([at, *(row.history[-1].at for row in rows.values() if row.history)])
        history = (*history, Step(status, since))
    went_to = {part.catalogue_id for row in rows.values() for part in row.parts.values()}
    catalogues = order.catalogues if went_to <= set(order.catalogues) else sorted({*order.catalogues, *went_to})
    return replace(order, rows=rows, status=status, history=history, catalogues=tuple(catalogues))


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


def _settled(order: Order, row: Row, *, heard: bool, again: bool, at: datetime) -> Row:
    """The row with its sums and status brought up to date with its parts. `row.status` is the one it had."""
    delivered = sum((part.delivered for part in row.parts.values()), ZERO)
    if order.cancelled:
        status = cancelled_status(row.status, delivered + row.delivered_before)
        row = replace(row, reserved=ZERO, waiting=ZERO, unserved=ZERO, reason=None)
        cancelled = max(ZERO, row.quantity - delivered)
    else:
        now = row_status(
            row.parts.values(),
            row.waiting,
            heard=heard,
            reserved=row.reserved,
            delivered_before=row.delivered_before,
        )
        status = next_status(row.status, now, decided_again=again)
        dropped = [part for part in row.parts.values() if part.closed and part.status == CANCELLED]
        # What a supplier cancelled and another one now sends is not cancelled any more.
        still_open = row.quantity - delivered - coming(row.parts.values()) - row.waiting
        cancelled = max(ZERO, min(sum((part.quantity - part.delivered for part in dropped), ZERO), still_open))
    history = row.history
    if status != row.status:
        since = max([at, *(part.changed_at for part in row.parts.values() if part.changed_at is not None)])
        history = (*history, Step(status, since))
    return replace(row, delivered=delivered, cancelled=cancelled, status=status, history=history)
