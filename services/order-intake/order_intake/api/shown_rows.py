"""What became of an order's row, as both versions answer it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pydantic import Field

from order_intake import domain
from order_intake.domain import Row
from shared import problems, wire


class RoutedWarehouse(wire.WireModel):
    """A catalogue a part of a row was routed to."""

    external_warehouse_id: str = Field(description="The catalogue", examples=["01093579"])
    timestamp: wire.Moment = Field(description="When it was routed there", examples=["2026-01-02T08:00:01.000Z"])
    requested_quantity: wire.Number = Field(description="How much of the row", examples=[3])


class RowProgress(wire.WireModel):
    """How much of a row went where."""

    delivered_quantity: wire.Number = Field(description="What its suppliers handed over so far", examples=[0])
    to_be_routed_quantity: wire.Number = Field(
        description="What is in no shipment, not delivered and not cancelled", examples=[0]
    )
    waiting_quantity: wire.Number = Field(description="What of that waits for stock", examples=[0])
    cancelled_quantity: wire.Number = Field(
        description="What is not wanted any more, or was not delivered and will not be", examples=[0]
    )
    routed_warehouses: tuple[RoutedWarehouse, ...] = Field(
        description="Where it was routed; a catalogue that was asked again, such as when stock came, is there again"
    )
    last_routed_date_time: wire.Moment | None = Field(
        default=None, description="When it was routed last", examples=["2026-01-02T08:00:01.000Z"]
    )
    shipment_ids: tuple[UUID, ...] = Field(
        description="The shipments that have something of the row, or delivered some before the order was opened again",
        examples=[["0197f8a2-7c1e-7d30-8000-000000000001"]],
    )
    returned_quantity: wire.Number | None = Field(
        default=None, description="What of the row came back; left out when nothing was registered", examples=[1]
    )
    returning_quantity: wire.Number | None = Field(
        default=None, description="What of the row is on its way back; left out likewise", examples=[0]
    )
    return_ids: tuple[UUID, ...] | None = Field(
        default=None,
        description="The returns that have something of the row; left out likewise",
        examples=[["019c1f30-5a00-7c44-8d11-6f0e2b9a7c55"]],
    )
    reason: str | None = Field(
        default=None, description="Why something of the row is not served", examples=["no stock"]
    )


SAID_IF_KNOWN = ("reason", "lastRoutedDateTime", "returnedQuantity", "returningQuantity", "returnIds")
"""Fields of `RowProgress` that may be left out: a document that has them, as we answered it once, does not count."""


def progress(row: Row) -> dict[str, Any]:
    """A row in the shape of `RowProgress`, as JSON values."""
    answer: dict[str, Any] = {
        "deliveredQuantity": wire.shortest(row.delivered_in_all),
        "toBeRoutedQuantity": wire.shortest(domain.to_be_routed(row)),
        "waitingQuantity": wire.shortest(row.waiting),
        "cancelledQuantity": wire.shortest(row.cancelled_in_all),
        "routedWarehouses": _routed_warehouses(row),
        "shipmentIds": [str(shipment_id) for shipment_id in _shipments(row)],
    }
    if routed := [part.routed_at for part in row.parts.values() if part.routed_at is not None]:
        answer["lastRoutedDateTime"] = problems.timestamp(max(routed))
    if row.returns:
        answer |= {
            "returnedQuantity": wire.shortest(row.returned),
            "returningQuantity": wire.shortest(row.returning),
            "returnIds": [str(one.return_id) for one in row.returns],
        }
    if row.reason is not None:
        answer["reason"] = row.reason
    return answer


def codes_of(rows: Iterable[Row]) -> list[str]:
    """The tracking codes of all parts of rows, each once."""
    return list(dict.fromkeys(code for row in rows for part in row.parts.values() for code in part.tracking_codes))


def _shipments(row: Row) -> tuple[UUID, ...]:
    return (*row.sent_before, *(shipment_id for shipment_id, part in row.parts.items() if part.quantity > 0))


def _routed_warehouses(row: Row) -> list[dict[str, Any]]:
    return [
        {
            "externalWarehouseId": part.catalogue_id,
            "timestamp": problems.timestamp(part.routed_at),
            "requestedQuantity": wire.shortest(part.quantity),
        }
        for part in row.parts.values()
        if part.routed_at is not None and part.quantity > 0
    ]
