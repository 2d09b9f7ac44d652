"""What of a message is told to whom: the events of the feed, in the shape that docs/events.md promises.

An event has the same id however often its message comes; there is no full stop in it, for it is signed (Standard
Webhooks) in a text whose parts full stops divide. It says what happened to which things, with their numbers, and
nothing of people: names, addresses and prices are where they belong, behind the things themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, get_args
from uuid import UUID, uuid5

import orjson

from notifier.feed.heard import OrderAltered, OrderTaken
from shared import problems, wire
from shared.contracts import (
    OrderRouted,
    PromiseWithdrawn,
    ReturnChanged,
    ReturnStatus,
    RowRouted,
    ShipmentChanged,
    ShipmentCreated,
    ShipmentReminded,
)

Type = Literal[
    "order.accepted",
    "order.changed",
    "order.cancelled",
    "order.routed",
    "order.unroutable",
    "shipment.created",
    "shipment.changed",
    "shipment.delivered",
    "shipment.cancelled",
    "shipment.reminded",
    "stock.corrected",
    "return.registered",
    "return.received",
    "return.cancelled",
    "mail.refused",
]
TYPES: Sequence[Type] = get_args(Type)
"""What can happen, as far as the feed tells it."""

MOST_ROWS = 200
"""An event names so many rows at most; of a longer list it says how long it is."""


@dataclass(frozen=True)
class Entry:
    """An event in the feed of an organisation; `content` is all of it as JSON."""

    organisation: str
    id: str
    type: str
    content: bytes


@dataclass(frozen=True)
class Refusal:
    """A mail of an organisation that so many of those it was for did not get.

    `name` tells it from others of the same mail; `bounced`: a mail server had taken it first.
    """

    organisation: str
    mail_id: int
    name: str
    kind: str
    message_id: str
    shipment_id: UUID | None
    order_external_id: str
    recipients: int
    bounced: bool
    at: datetime


def order_taken(told: OrderTaken) -> Iterable[Entry]:
    """The retailer's order is in the book."""
    data = {**_order(told.order_id, told.external_id), "held": told.held}
    return _entries([told.retailer_id], f"{told.order_id}_accepted", "order.accepted", told.placed_at, data)


def order_altered(told: OrderAltered) -> Iterable[Entry]:
    """The retailer has changed its mind, or has released what was held."""
    kind: Type = "order.cancelled" if told.cancelled else "order.changed"
    data = {**_order(told.order_id, told.external_id), "held": told.held}
    return _entries([told.retailer_id], f"{told.order_id}_change_{told.version}", kind, told.amended_at, data)


def order_routed(told: OrderRouted) -> Iterable[Entry]:
    """The retailer's order was decided; unroutable is one of which nothing is promised, waits or is asked for again.

    A round says its result once: said again, it is the same event. One of an older release names no retailer, and is
    not told.
    """
    if told.retailer_id is None:
        return []
    kind: Type = "order.unroutable" if is_lost(told.rows) else "order.routed"
    data = {
        **_order(told.order_id, told.order_external_id),
        "round": told.round,
        **_rows([_row_routed(row) for row in told.rows]),
    }
    return _entries([told.retailer_id], f"{told.order_id}_round_{told.round}", kind, told.routed_at, data)


def shipment_created(told: ShipmentCreated) -> Iterable[Entry]:
    """The supplier has a new shipment to send, of the retailer's order."""
    data = {
        **_shipment(told.shipment_id, told.retailer_id, told.supplier_id, told.catalogue_id),
        **_order(told.order_id, told.order_external_id),
        "status": "Created",
        "acceptBy": problems.timestamp(told.accept_by),
        **_rows(
            [
                {
                    "externalId": row.external_id,
                    "productExternalId": row.product_id,
                    "quantity": wire.shortest(row.quantity),
                }
                for row in told.rows
            ]
        ),
    }
    parties = [told.retailer_id, told.supplier_id]
    return _entries(parties, f"{told.shipment_id}_created", "shipment.created", told.created_at, data)


def shipment_changed(told: ShipmentChanged) -> Iterable[Entry]:
    """The shipment went on, and this is all of it now. Once closed it is delivered, or cancelled if nothing was."""
    kind: Type = "shipment.changed"
    if told.closed:
        kind = "shipment.delivered" if any(row.delivered for row in told.rows) else "shipment.cancelled"
    data = {
        **_shipment(told.shipment_id, told.retailer_id, told.supplier_id, told.catalogue_id),
        **_order(told.order_id, told.order_external_id),
        "status": told.status,
        "version": told.version,
        **_rows(
            [
                {
                    "externalId": row.external_id,
                    "productExternalId": row.product_id,
                    "quantity": wire.shortest(row.quantity),
                    "deliveredQuantity": wire.shortest(row.delivered),
                    "trackingCodes": row.tracking_codes,
                }
                for row in told.rows
            ]
        ),
    }
    parties = [told.retailer_id, told.supplier_id]
    return _entries(parties, f"{told.shipment_id}_version_{told.version}", kind, told.changed_at, data)


def shipment_reminded(told: ShipmentReminded) -> Iterable[Entry]:
    """The supplier has not opened a shipment, and half of its time is over. That is between us and the supplier."""
    data = {
        **_shipment(told.shipment_id, told.retailer_id, told.supplier_id, told.catalogue_id),
        **_order(told.order_id, told.order_external_id),
        "acceptBy": problems.timestamp(told.accept_by),
    }
    id_ = f"{told.shipment_id}_reminded"
    return _entries([told.supplier_id], id_, "shipment.reminded", told.reminded_at, data)


def stock_corrected(told: PromiseWithdrawn) -> Iterable[Entry]:
    """A catalogue has less than it had promised to an order; what it lacks is asked for elsewhere."""
    rows = [
        {
            "externalId": row.external_id,
            "productExternalId": row.product_id,
            "lot": row.lot,
            "quantity": wire.shortest(row.quantity),
        }
        for row in told.rows
    ]
    data = {
        "retailerId": told.retailer_id,
        "supplierId": told.supplier_id,
        "catalogExternalId": told.catalogue_id,
        "orderId": str(told.order_id),
        **_rows(rows),
    }
    # A catalogue may be called anything, and an id travels in a header.
    id_ = f"{told.order_id}_corrected_{uuid5(told.order_id, f'{told.catalogue_id} {told.withdrawn_at.isoformat()}')}"
    parties = [told.retailer_id, *([told.supplier_id] if told.supplier_id else [])]
    return _entries(parties, id_, "stock.corrected", told.withdrawn_at, data)


RETURNS: Mapping[ReturnStatus, Type] = {
    "Registered": "return.registered",
    "Received": "return.received",
    "Cancelled": "return.cancelled",
}


def return_changed(told: ReturnChanged) -> Iterable[Entry]:
    """Something of a shipment comes back to its supplier, or came, or is not coming after all."""
    data = {
        "returnId": str(told.return_id),
        **_shipment(told.shipment_id, told.retailer_id, told.supplier_id, told.catalogue_id),
        **_order(told.order_id, told.order_external_id),
        "status": told.status,
        "version": told.version,
        **_rows(
            [
                {
                    "externalId": row.external_id,
                    "productExternalId": row.product_id,
                    "quantity": wire.shortest(row.quantity),
                    "reason": row.reason,
                    "receivedQuantity": wire.shortest(row.received),
                    "restockedQuantity": wire.shortest(row.restocked),
                }
                for row in told.rows
            ]
        ),
    }
    parties = [told.retailer_id, told.supplier_id]
    kind = RETURNS[told.status]
    return _entries(parties, f"{told.return_id}_version_{told.version}", kind, told.changed_at, data)


def mail_refused(told: Refusal) -> Iterable[Entry]:
    """A mail to the organisation reached not everybody it was for: a mail server said no, at once or later."""
    data: dict[str, Any] = {
        "deliveryId": told.mail_id,
        "kind": told.kind,
        "messageId": told.message_id,
        "bounced": told.bounced,
        "recipients": told.recipients,
    }
    if told.shipment_id is not None:
        data |= {"shipmentId": str(told.shipment_id), "orderExternalId": told.order_external_id}
    return _entries([told.organisation], f"mail_{told.mail_id}_{told.name}", "mail.refused", told.at, data)


def _entries(parties: Sequence[str], id_: str, kind: Type, at: datetime, data: Mapping[str, Any]) -> list[Entry]:
    """The event in the feed of each party, once for one that is both."""
    event = {"id": id_, "type": kind, "at": problems.timestamp(at), "data": data}
    content = orjson.dumps(event)
    return [Entry(organisation, id_, kind, content) for organisation in dict.fromkeys(parties)]


def _order(order_id: UUID, external_id: str | None) -> dict[str, Any]:
    """An order as events name it; the number may be missing in what an older release has said."""
    return {"orderId": str(order_id), **({} if external_id is None else {"orderExternalId": external_id})}


def _shipment(shipment_id: UUID, retailer_id: str, supplier_id: str, catalogue_id: str) -> dict[str, Any]:
    return {
        "shipmentId": str(shipment_id),
        "retailerId": retailer_id,
        "supplierId": supplier_id,
        "catalogExternalId": catalogue_id,
    }


def _rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"rowCount": len(rows), "rows": rows[:MOST_ROWS]}


def is_lost(rows: Sequence[RowRouted]) -> bool:
    """Whether something of an order is wanted, and nobody serves anything of it, or is being asked."""
    served = any(row.routed or row.reserved or row.waiting or row.rerouting for row in rows)
    return not served and any(row.unserved for row in rows)


def _row_routed(row: RowRouted) -> dict[str, Any]:
    told: dict[str, Any] = {
        "externalId": row.external_id,
        "routed": [
            {
                "catalogExternalId": part.catalogue_id,
                "shipmentId": str(part.shipment_id),
                "quantity": wire.shortest(part.quantity),
            }
            for part in row.routed
        ],
    }
    parts: Mapping[str, Decimal] = {
        "reserved": row.reserved,
        "waiting": row.waiting,
        "rerouting": row.rerouting,
        "unserved": row.unserved,
        "cancelled": row.cancelled,
    }
    told |= {name: wire.shortest(quantity) for name, quantity in parts.items() if quantity}
    return told | ({"reason": row.reason} if row.reason else {})
