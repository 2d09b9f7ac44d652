"""Requests for stock and news of shipments, as short as a test wants to write them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from shared.contracts import AllocateOrder, Candidate, RowDemand, RowProgress, ShipmentChanged

SUPPLIER, SHOP, OTHER_SHOP = "0109357-9", "1531864-4", "9999999-2"
MOMENT = datetime(2026, 1, 2, 8, tzinfo=UTC)


def row(name: str, quantity: float, *places: str, **more: Any) -> RowDemand:
    """A row that may be served from each `catalogue/product` in turn."""
    candidates = tuple(
        Candidate(catalogue_id=catalogue, product_id=product)
        for catalogue, product in (place.split("/") for place in places)
    )
    return RowDemand(external_id=name, quantity=Decimal(str(quantity)), candidates=candidates, **more)


def order(
    *rows: RowDemand, order_id: UUID | None = None, round_: int = 1, retailer: str = SHOP, minute: int = 0, **more: Any
) -> AllocateOrder:
    """A request for stock for an order of the shop, placed so many minutes later than others."""
    return AllocateOrder(
        order_id=order_id or uuid4(),
        round=round_,
        retailer_id=retailer,
        placed_at=MOMENT + timedelta(minutes=minute),
        rows=tuple(rows),
        **more,
    )


def shipment(
    order_id: UUID,
    catalogue: str,
    *rows: tuple[str, str, float, float],
    version: int,
    closed: bool = False,
    lot: int = 1,
) -> ShipmentChanged:
    """News of an order's shipment from a catalogue: of each row its id, product, quantity and what was delivered."""
    return ShipmentChanged(
        shipment_id=UUID(int=order_id.int ^ sum(catalogue.encode()) ^ (lot << 64)),
        order_id=order_id,
        retailer_id=SHOP,
        supplier_id=SUPPLIER,
        catalogue_id=catalogue,
        status="Delivered" if closed else "Viewed",
        closed=closed,
        changed_at=MOMENT,
        version=version,
        lot=lot,
        rows=tuple(
            RowProgress(
                external_id=name,
                product_id=product,
                quantity=Decimal(str(quantity)),
                delivered=Decimal(str(delivered)),
            )
            for name, product, quantity, delivered in rows
        ),
    )


def taken(rows: Sequence[Any]) -> dict[str, dict[str, float]]:
    """What each row of an answer took, by `catalogue/product`."""
    return {one.external_id: {f"{t.catalogue_id}/{t.product_id}": float(t.quantity) for t in one.taken} for one in rows}


def verdicts(rows: Sequence[Any]) -> list[str]:
    """The verdicts on all candidates of an answer."""
    return [seen.verdict for one in rows for seen in one.seen]
