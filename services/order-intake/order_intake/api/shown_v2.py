"""An order as version 2 answers it: the document as it is now, and what became of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from order_intake import domain
from order_intake.api.shown_rows import RowProgress, codes_of, progress
from order_intake.document.order import Metadata, OrderDocument
from order_intake.document.row import RowDocument
from order_intake.domain import Row, Step
from order_intake.store import Placed
from shared import problems, wire


class StatusShownV2(wire.WireModel):
    """A status, since when, and the tracking codes known by now."""

    value: str = Field(
        description="Accepted, Unroutable, orderRouted (of a row: Routed), Submitted, Viewed, Picking, Packing,"
        " Shipping, Delivered or Cancelled",
        examples=["orderRouted"],
    )
    timestamp: wire.Moment = Field(description="Since when", examples=["2026-01-02T08:00:01.000Z"])
    tracking_ids: tuple[str, ...] | None = Field(
        default=None,
        description="Tracking codes known by now, at the newest status",
        examples=[["JJFI65432100000000224"]],
    )


class RowStateV2(RowProgress):
    """What became of a row."""

    statuses: tuple[StatusShownV2, ...] = Field(description="How far the row came, the oldest first")
    back_order_cancelled: bool = Field(
        default=False, description="Whether somebody stopped what waits for stock", examples=[False]
    )


class MetadataShownV2(Metadata):
    """The order's metadata with its times."""

    source_organization: str = Field(description="Who placed the order", examples=["Webshop Oy"])
    insert_date: wire.Moment = Field(description="When it was placed", examples=["2026-01-02T08:00:00.000Z"])
    update_date: wire.Moment = Field(description="When it changed last", examples=["2026-01-02T08:00:01.000Z"])
    creation_date_time: wire.Moment = Field(
        description="When it was placed, by an older name", examples=["2026-01-02T08:00:00.000Z"]
    )


class RowShownV2(RowStateV2, RowDocument):
    """A row as it is asked for now, with what became of it."""


class OrderShownV2(OrderDocument):
    """An order as it is asked for now, with what became of it."""

    external_id: str = Field(description="The order's number", examples=["BAR1"])
    metadata: MetadataShownV2 = Field(description="From whom and to whom it goes, and when it changed")
    statuses: tuple[StatusShownV2, ...] = Field(description="How far the order came, the oldest first")
    rows: tuple[RowShownV2, ...] = Field(description="What is ordered, with what became of it")


def shown(document: Mapping[str, Any], placed: Placed) -> dict[str, Any]:
    """The answer of the shape `OrderShownV2`, as JSON values. `document` is the order's, as JSON values."""
    order, inserted, metadata = placed.order, problems.timestamp(placed.placed_at), document["metadata"]
    return {
        **document,
        "metadata": metadata
        | {
            "sourceOrganization": metadata.get("sourceOrganization") or order.retailer_id,
            "insertDate": inserted,
            "updateDate": problems.timestamp(placed.updated_at),
            "creationDateTime": inserted,
        },
        "statuses": _statuses(order.history, inserted, codes_of(order.rows.values())),
        "rows": [_row(given, order.rows[given["externalId"]], inserted) for given in document["rows"]],
    }


def _row(given: Mapping[str, Any], row: Row, inserted: str) -> dict[str, Any]:
    """The answer of the shape `RowShownV2`."""
    return {
        **given,
        **progress(row),
        "statuses": _statuses(row.history, inserted, codes_of([row])),
        "backOrderCancelled": given.get("backOrderCancelled") is True,
    }


def _statuses(history: Iterable[Step], inserted: str, codes: list[str]) -> list[dict[str, Any]]:
    statuses: list[dict[str, Any]] = [{"value": domain.ACCEPTED, "timestamp": inserted}]
    statuses += ({"value": step.value, "timestamp": problems.timestamp(step.at)} for step in history)
    if codes:
        statuses[-1]["trackingIds"] = codes
    return statuses
