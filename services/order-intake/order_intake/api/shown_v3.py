"""An order as version 3 answers it: the document as it is now, and what became of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from order_intake import domain
from order_intake.api.shown_rows import SAID_IF_KNOWN, RowProgress, codes_of, progress
from order_intake.document.order_v3 import MetadataOfAny, OrderOfAny
from order_intake.document.row import RowDocument
from order_intake.domain import Order, Row
from order_intake.store import Placed
from shared import problems, wire

CREATED, PARTIALLY_DELIVERED = "Created", "Partially delivered"

WORDS = {domain.ROUTED: CREATED, "orderRouted": CREATED}
"""What version 3 calls a status that version 2 has another word for."""

WHOLE = frozenset({domain.DELIVERED, domain.CANCELLED, domain.ERROR})
"""What an order is as a whole, whatever some of its rows are."""

STATUSES = (
    *("Draft", domain.ACCEPTED, domain.UNROUTABLE, CREATED, "Submitted", "Viewed", "Picking", "Packing", "Shipping"),
    *(PARTIALLY_DELIVERED, domain.DELIVERED, domain.CANCELLED, "Error"),
)
"""Every status an order may be asked for by (glue-api.md A.11), the earliest first."""


class StatusShown(wire.WireModel):
    """A status, and since when."""

    value: str = Field(
        description="Accepted, Unroutable, Created, Submitted, Viewed, Picking, Packing, Shipping, Delivered,"
        " Cancelled or Error; of an order also Partially delivered",
        examples=["Created"],
    )
    timestamp: wire.Moment = Field(description="Since when", examples=["2026-01-02T08:00:01.000Z"])


class RowState(RowProgress):
    """What became of a row."""

    status: StatusShown = Field(description="How far the row is")
    tracking_codes: tuple[str, ...] = Field(
        description="Of the parcels that have something of the row", examples=[["JJFI65432100000000224"]]
    )


class MetadataShown(MetadataOfAny):
    """The order's metadata with its times."""

    source_organization: str = Field(description="Who placed the order", examples=["0109357-9"])
    insert_date: wire.Moment = Field(description="When it was placed", examples=["2026-01-02T08:00:00.000Z"])
    update_date: wire.Moment = Field(description="When it changed last", examples=["2026-01-02T08:00:01.000Z"])


class RowShown(RowState, RowDocument):
    """A row as it is asked for now, with what became of it."""


class OrderShown(OrderOfAny):
    """An order as it is asked for now, with what became of it."""

    external_id: str = Field(description="The order's number", examples=["BAR1"])
    client_id: str = Field(description="The retailer's business id", examples=["0109357-9"])
    metadata: MetadataShown = Field(description="What kind of order it is, from whom to whom, and when it changed")
    status: StatusShown = Field(description="How far the order is: as far as its earliest row")
    tracking_codes: tuple[str, ...] = Field(description="Of all its parcels", examples=[["JJFI65432100000000224"]])
    rows: tuple[RowShown, ...] = Field(description="What is ordered, with what became of it")


def shown(document: Mapping[str, Any], placed: Placed, rows: Mapping[str, Row]) -> dict[str, Any]:
    """The answer of the shape `OrderShown`, as JSON values. `document` is the order's, as JSON values."""
    order, inserted = placed.order, problems.timestamp(placed.placed_at)
    retailer = order.retailer_id
    metadata = document["metadata"]
    value, since = status_of(order, rows, placed.placed_at)
    answer = dict(document)
    answer.pop("statuses", None)
    answer["clientId"] = document.get("clientId") or retailer
    answer["metadata"] = metadata | {
        "sourceOrganization": metadata.get("sourceOrganization") or retailer,
        "insertDate": inserted,
        "updateDate": problems.timestamp(placed.updated_at),
    }
    answer["status"] = {"value": value, "timestamp": problems.timestamp(since)}
    answer["trackingCodes"] = codes_of(rows.values())
    answer["rows"] = [_row(given, rows[given["externalId"]], inserted) for given in document["rows"]]
    return answer


def status_of(order: Order, rows: Mapping[str, Row], placed_at: datetime) -> tuple[str, datetime]:
    """An order's status in version 3's words, and since when.

    Once a row is delivered and another one is still to come, the order is partially delivered, unless it is in Error.
    """
    if order.status not in WHOLE:
        delivered = [row for row in rows.values() if row.status == domain.DELIVERED]
        if delivered:
            return PARTIALLY_DELIVERED, max(row.history[-1].at if row.history else placed_at for row in delivered)
    since = order.history[-1].at if order.history else placed_at
    return WORDS.get(order.status, order.status), since


def statuses_so_far(order: Order) -> set[str]:
    """The statuses an order has been shown with, in version 3's words."""
    so_far = {domain.ACCEPTED, *(step.value for step in order.history)}
    if domain.anything_delivered(order):
        so_far.add(PARTIALLY_DELIVERED)
    return {WORDS.get(status, status) for status in so_far}


def _row(given: Mapping[str, Any], row: Row, inserted: str) -> dict[str, Any]:
    answer = dict(given)
    for said in ("statuses", *SAID_IF_KNOWN):
        answer.pop(said, None)
    answer["status"] = {
        "value": WORDS.get(row.status, row.status),
        "timestamp": problems.timestamp(row.history[-1].at) if row.history else inserted,
    }
    return answer | progress(row) | {"trackingCodes": codes_of([row])}
