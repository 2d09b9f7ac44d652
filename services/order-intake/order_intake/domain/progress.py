"""How an order goes on: decided from what was routed and what the shipments say, whichever came first."""

from collections.abc import Mapping, Sequence
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
    order_status,
    to_be_routed,
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
                rerouting=told.rerouting,
                unserved=told.unserved,
                cancelled=told.cancelled,
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
        parts = {**row.parts, changed.shipment_id: _part(changed, told, known)}
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


def row_status(row: Row, *, heard: bool) -> str:
    """How far a row is: as far as the part that is earliest, and Error while any part is. What is reserved for a
    held order counts as Routed, and so does what waits or is routed again as long as another part goes on.

    Until the routing is heard it is Accepted, whatever shipments say, for others may be to come; also while all that
    is to come waits for stock, or for the next routing. With nothing promised, and something that nobody can serve, it
    is Unroutable. When nothing more is coming it is Delivered, even if less than ordered was, and Cancelled if nothing
    was (glue-api.md A.15, 9).
    """
    if not heard:
        return ACCEPTED
    parts = [part for part in row.parts.values() if part.promised > 0]
    open_parts = [part for part in parts if not part.closed]
    under_way = [
        part.status if part.status == ERROR or RANK.get(part.status, 0) > RANK[ROUTED] else ROUTED
        for part in open_parts
    ]
    expected = to_be_routed(row) - row.unserved
    if not parts and not row.reserved:
        if expected > 0:
            return ACCEPTED
        if row.unserved > 0:
            return UNROUTABLE
    elif expected > 0:
        under_way.append(ROUTED)
    if under_way:
        return min(under_way, key=RANK.__getitem__)
    return DELIVERED if row.delivered_before > 0 or any(part.delivered > 0 for part in parts) else CANCELLED


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
    """The parts of a row after its routing, which names all that shipments are to deliver or have delivered of it.

    What a shipment has told of itself stays, but for what is not to come of it any more.
    """
    told: dict[UUID, Part] = {}
    for part in routed:
        before = told[part.shipment_id].quantity if part.shipment_id in told else ZERO
        quantity = before + part.quantity
        told[part.shipment_id] = Part(part.shipment_id, part.catalogue_id, quantity, told=quantity, routed_at=at)
    parts = dict(known)
    for shipment_id in known.keys() | told.keys():
        was, now = known.get(shipment_id), told.get(shipment_id)
        quantity = now.quantity if now is not None else ZERO
        if was is None:
            parts[shipment_id] = told[shipment_id]
        else:
            parts[shipment_id] = replace(
                was,
                told=quantity,
                quantity=was.quantity if was.version > 0 else quantity,
                routed_at=was.routed_at or (at if now is not None else None),
            )
    return parts


def _part(changed: ShipmentChanged, told: Sequence[RowProgress], known: Part | None) -> Part:
    """A row's part in a shipment, which may have served it with several products."""
    return Part(
        shipment_id=changed.shipment_id,
        catalogue_id=changed.catalogue_id,
        quantity=sum((progress.quantity for progress in told), ZERO),
        told=known.told if known is not None else None,
        delivered=sum((progress.delivered for progress in told), ZERO),
        status=changed.status,
        closed=changed.closed,
        version=changed.version,
        routed_at=known.routed_at if known is not None else None,
        changed_at=changed.changed_at,
        tracking_codes=tuple(dict.fromkeys(code for progress in told for code in progress.tracking_codes)),
    )


def _settled(order: Order, row: Row, *, heard: bool, again: bool, at: datetime) -> Row:
    """The row with its sums and status brought up to date with its parts. `row.status` is the one it had."""
    row = replace(row, delivered=sum((part.delivered for part in row.parts.values()), ZERO))
    if order.cancelled:
        status = cancelled_status(row.status, row.delivered_in_all)
        row = replace(
            row,
            reserved=ZERO,
            waiting=ZERO,
            rerouting=ZERO,
            unserved=ZERO,
            cancelled=max(ZERO, row.quantity - row.delivered),
            reason=None,
        )
    else:
        status = next_status(row.status, row_status(row, heard=heard), decided_again=again)
    history = row.history
    if status != row.status:
        since = max([at, *(part.changed_at for part in row.parts.values() if part.changed_at is not None)])
        history = (*history, Step(status, since))
    return replace(row, status=status, history=history)
