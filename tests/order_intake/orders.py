"""Orders for the tests of order-intake: a document as a shop posts it, and what others say of an order."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils

from order_intake.document import V2, order_placed, read_order
from order_intake.placing import NewOrder
from shared.contracts import BalanceChanged, OrderRouted, RoutedPart, RowProgress, RowRouted, ShipmentChanged

SHOP, OTHER_SHOP, SUPPLIER = "0109357-9", "1531864-4", "9999999-2"
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)

PUBLIC_EXAMPLE = (Path(__file__).parent / "public_example.json").read_bytes()
"""The example of the public interface description, without its stray comma."""

LIBRARY_ORDER = (Path(__file__).parent / "library_order.json").read_bytes()

COMMENT = (
    b'{"externalId":"91","author":"shop@example.com","value":"note","type":"passThrough",'
    b'"createdDate":"2026-11-21T16:14:50+00:00","origin":"WOOCOMMERCE"}'
)
"""A comment word for word as the public shop plugin sends it."""

HOME: Mapping[str, str] = {
    "name": "Maija Meikäläinen",
    "streetAddress": "Kotikatu 1",
    "postalCode": "90900",
    "postOffice": "Kiiminki",
    "country": "FI",
}


def document(external_id: str = "A-1", *quantities: float, **fields: Any) -> dict[str, Any]:
    """An order with a row `1`, `2`, … for each quantity (one row of 5 when none is given), and further fields."""
    return {
        "externalId": external_id,
        "orderDate": "2026-01-02T08:00:00.000+02:00",
        "metadata": {"sourceOrganization": "Shop", "receiverOrganization": "Supplier"},
        "client": copy.deepcopy(dict(HOME)),
        "rows": [
            {"externalId": str(number), "externalProductId": f"P-{number}", "quantity": quantity}
            for number, quantity in enumerate(quantities or (5,), start=1)
        ],
    } | fields


def v3(external_id: str = "A-1", *quantities: float, **fields: Any) -> dict[str, Any]:
    """An order of version 3, otherwise as `document`."""
    client = copy.deepcopy(dict(HOME)) | {"telephone": "+358501234567", "email": "maija@example.com"}
    return document(external_id, *quantities, metadata={"documentType": "SalesOrder"}, client=client) | fields


def library_order() -> dict[str, Any]:
    """An order word for word as the public library sends it."""
    sent: dict[str, Any] = json.loads(LIBRARY_ORDER)
    return sent


def plugin_order() -> dict[str, Any]:
    """An order as the public shop plugin sends it."""
    sent = library_order() | {
        "externalId": "WOO-1",
        "metadata": {"documentType": "SalesOrder", "client": "woo-wh-client/3.2.0"},
        "pickupPointId": "",
        "comments": [{"type": "pickingNote", "value": "ring the bell"}],
        "additionalServices": [{"serviceCode": "3376"}],
        "preferences": {"autoSubmit": True},
    }
    sent["rows"][0]["productEANCode"] = ""
    del sent["references"], sent["deliveryOperator"]
    return sent


def new_order(posted: dict[str, Any], retailer: str = SHOP) -> NewOrder:
    """An order ready to be taken into the book."""
    body = json.dumps(posted).encode()
    read = read_order(body, 1_000, V2).document
    return NewOrder(order_placed(uuid_utils.uuid7(), retailer, read, NOON), body)


def at(minutes: int) -> datetime:
    """A moment so many minutes past noon."""
    return NOON + timedelta(minutes=minutes)


def row_routed(
    row: str = "1",
    *parts: tuple[str, UUID, int],
    reserved: int = 0,
    waiting: int = 0,
    rerouting: int = 0,
    unserved: int = 0,
    cancelled: int = 0,
    reason: str | None = None,
) -> RowRouted:
    """Where a row went: parts are (catalogue, shipment, quantity)."""
    return RowRouted(
        external_id=row,
        routed=tuple(
            RoutedPart(catalogue_id=catalogue, shipment_id=shipment, quantity=Decimal(quantity))
            for catalogue, shipment, quantity in parts
        ),
        reserved=Decimal(reserved),
        waiting=Decimal(waiting),
        rerouting=Decimal(rerouting),
        unserved=Decimal(unserved),
        cancelled=Decimal(cancelled),
        reason=reason,
    )


def routed(order_id: UUID, *rows: RowRouted, round_: int = 1, minute: int = 1) -> OrderRouted:
    """The order's routing."""
    return OrderRouted(order_id=order_id, round=round_, outcome="full", routed_at=at(minute), rows=rows)


def shipment(
    order_id: UUID,
    shipment_id: UUID,
    status: str,
    *rows: tuple[str, int, int],
    version: int = 2,
    catalogue: str = "W1",
    codes: tuple[str, ...] = (),
) -> ShipmentChanged:
    """A shipment as it is now: rows are (row, quantity, delivered)."""
    return ShipmentChanged(
        shipment_id=shipment_id,
        order_id=order_id,
        retailer_id=SHOP,
        supplier_id=SUPPLIER,
        catalogue_id=catalogue,
        status=status,
        closed=status in ("Delivered", "Cancelled"),
        changed_at=at(version),
        version=version,
        rows=tuple(
            RowProgress(
                external_id=row,
                product_id=f"P-{row}",
                quantity=Decimal(quantity),
                delivered=Decimal(delivered),
                tracking_codes=codes,
            )
            for row, quantity, delivered in rows
        ),
    )


def product(
    product_id: str,
    ean: str | None,
    *,
    retailer: str = SHOP,
    catalogue: str = "W1",
    published: bool = True,
    version: int = 1,
) -> BalanceChanged:
    """A product as a retailer's catalogue has it."""
    return BalanceChanged(
        retailer_id=retailer,
        catalogue_id=catalogue,
        supplier_id=SUPPLIER,
        product_id=product_id,
        ean=ean,
        quantity=Decimal(1),
        published=published,
        version=version,
    )
