"""The books of this service, as the auditor compares them with the others'."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from shared.postgres import Transaction


@dataclass(frozen=True)
class PartBook:
    """What of a row is in a shipment, as this service knows it."""

    shipment_id: UUID
    catalogue_id: str
    quantity: Decimal
    delivered: Decimal
    closed: bool


@dataclass(frozen=True)
class RowBook:
    """A row of an order. `routed` tells whether a routing of its order was heard; only then do the sums add up: what
    parts have delivered if they are closed, or are to deliver, + reserved + waiting + rerouting + unserved + cancelled
    = quantity. If the retailer cancelled the order (`cancelled_order`): delivered + cancelled = quantity.

    An order that is not `current` was deleted or gave its place to another one; it is cancelled as well.
    """

    order_id: UUID
    external_id: str
    quantity: Decimal
    reserved: Decimal
    waiting: Decimal
    rerouting: Decimal
    unserved: Decimal
    delivered: Decimal
    cancelled: Decimal
    status: str
    routed: bool
    cancelled_order: bool
    current: bool
    parts: tuple[PartBook, ...]


async def first_ids(tx: Transaction, after: UUID, limit: int) -> list[UUID]:
    """The ids of the first orders after an id."""
    rows = await tx.fetch("SELECT id FROM orders WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
    return [row["id"] for row in rows]


async def books(tx: Transaction, order_ids: Collection[UUID] | None = None) -> list[RowBook]:
    """Every row of these orders, or of all, with its parts."""
    rows = await tx.fetch(
        "SELECT r.order_id, r.external_id, r.quantity, r.reserved, r.waiting, r.rerouting, r.unserved, r.delivered,"
        " r.cancelled, r.status, o.round > 0 AS routed, o.cancelled AS cancelled_order, o.current,"
        " ARRAY(SELECT (p.shipment_id, p.catalogue_id, p.quantity, p.delivered, p.closed) FROM row_parts p"
        " WHERE p.order_id = r.order_id AND p.row_external_id = r.external_id ORDER BY p.shipment_id) AS parts"
        " FROM order_rows r JOIN orders o ON o.id = r.order_id WHERE ($1::uuid[] IS NULL OR r.order_id = ANY($1))"
        " ORDER BY r.order_id, r.position",
        None if order_ids is None else list(order_ids),
    )
    return [
        RowBook(
            order_id=row["order_id"],
            external_id=row["external_id"],
            quantity=row["quantity"],
            reserved=row["reserved"],
            waiting=row["waiting"],
            rerouting=row["rerouting"],
            unserved=row["unserved"],
            delivered=row["delivered"],
            cancelled=row["cancelled"],
            status=row["status"],
            routed=row["routed"],
            cancelled_order=row["cancelled_order"],
            current=row["current"],
            parts=tuple(PartBook(*part) for part in row["parts"]),
        )
        for row in rows
    ]
