"""An order as it is answered: the document as it was posted, and what became of it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from order_intake import domain
from order_intake.document import OrderDocument
from order_intake.document.order import Metadata
from order_intake.document.row import RowDocument
from order_intake.domain import Row, Step
from order_intake.store import Placed
from shared import problems, wire


class StatusShown(wire.WireModel):
    """A status, since when, and the tracking codes known by now."""

    value: str
    timestamp: wire.Moment
    tracking_ids: tuple[str, ...] | None = None


class RoutedWarehouse(wire.WireModel):
    """A catalogue a part of a row was routed to."""

    external_warehouse_id: str
    timestamp: wire.Moment
    requested_quantity: wire.Number


class RowState(wire.WireModel):
    """What became of a row."""

    statuses: tuple[StatusShown, ...]
    delivered_quantity: wire.Number
    to_be_routed_quantity: wire.Number = Field(description="In no shipment, not delivered and not cancelled")
    routed_warehouses: tuple[RoutedWarehouse, ...]
    last_routed_date_time: wire.Moment | None = None
    back_order_cancelled: bool = False
    shipment_ids: tuple[UUID, ...]
    reason: str | None = Field(default=None, description="Why something of the row is not served")


class MetadataShown(Metadata):
    """The order's metadata with its times."""

    insert_date: wire.Moment
    update_date: wire.Moment
    creation_date_time: wire.Moment


class RowShown(RowState, RowDocument):
    """A row as posted, with what became of it."""


class OrderShown(OrderDocument):
    """An order as posted, with what became of it."""

    metadata: MetadataShown
    statuses: tuple[StatusShown, ...]
    rows: tuple[RowShown, ...]


def shown(posted: dict[str, Any], placed: Placed) -> dict[str, Any]:
    """The answer of the shape `OrderShown`, as JSON values. `posted` is the document as JSON values."""
    rows = placed.order.rows.values()
    inserted = problems.timestamp(placed.placed_at)
    return posted | {
        "metadata": posted["metadata"]
        | {
            "insertDate": inserted,
            "updateDate": problems.timestamp(placed.updated_at),
            "creationDateTime": inserted,
        },
        "statuses": _statuses(placed.order.history, inserted, _codes(rows)),
        "rows": [given | _became(row, inserted) for given, row in zip(posted["rows"], rows, strict=True)],
    }


def _became(row: Row, inserted: str) -> dict[str, Any]:
    """The answer of the shape `RowState`."""
    routed = [(part, part.routed_at) for part in row.parts.values() if part.routed_at is not None]
    became: dict[str, Any] = {
        "statuses": _statuses(row.history, inserted, _codes([row])),
        "deliveredQuantity": _number(row.delivered),
        "toBeRoutedQuantity": _number(domain.to_be_routed(row)),
        "routedWarehouses": [
            {
                "externalWarehouseId": part.catalogue_id,
                "timestamp": problems.timestamp(at),
                "requestedQuantity": _number(part.quantity),
            }
            for part, at in routed
        ],
        "backOrderCancelled": False,
        "shipmentIds": [str(shipment_id) for shipment_id in row.parts],
    }
    if routed:
        became["lastRoutedDateTime"] = problems.timestamp(max(at for _, at in routed))
    if row.reason is not None:
        became["reason"] = row.reason
    return became


def _statuses(history: Iterable[Step], inserted: str, codes: list[str]) -> list[dict[str, Any]]:
    statuses: list[dict[str, Any]] = [{"value": domain.ACCEPTED, "timestamp": inserted}]
    statuses += ({"value": step.value, "timestamp": problems.timestamp(step.at)} for step in history)
    if codes:
        statuses[-1]["trackingIds"] = codes
    return statuses


def _codes(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(code for row in rows for part in row.parts.values() for code in part.tracking_codes))


def _number(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)
