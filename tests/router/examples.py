"""Orders, catalogues and inventory's answers as the router's tests need them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils

from router import domain
from router.settings import Settings
from shared.contracts import (
    AllocateOrder,
    BalanceChanged,
    CatalogueChanged,
    Delivery,
    OrderAllocated,
    OrderAmended,
    OrderPlaced,
    OrderRow,
    Party,
    Reference,
)
from shared.rules import taking

RETAILER, SUPPLIER, OTHER_SUPPLIER, STRANGER = "1531864-4", "0109357-9", "2345678-9", "9999999-2"
PLACED_AT = datetime(2026, 1, 2, 8, tzinfo=UTC)

SETTINGS = Settings(database="postgresql://nowhere", kafka="nowhere:9092", grace_seconds=0)


def order(*rows: OrderRow, order_id: UUID | None = None, external_id: str = "A-1", **fields: Any) -> OrderPlaced:
    """An order of the retailer; `po` gives it a purchase order's number."""
    references = (Reference(name="PO", value=fields.pop("po")),) if "po" in fields else ()
    return OrderPlaced(
        order_id=order_id or uuid_utils.uuid7(),
        retailer_id=fields.pop("retailer_id", RETAILER),
        external_id=external_id,
        placed_at=PLACED_AT,
        delivery=Delivery(
            references=references,
            order_date=PLACED_AT,
            delivery_address=Party(name="Maija", street_address="Kotikatu 1", postal_code="00100", country="FI"),
            client=Party(name="Maija", email="maija@example.com"),
            service_code="2103",
            pickup_point_id="001003200",
        ),
        rows=rows,
        **fields,
    )


def amended(placed: OrderPlaced, version: int = 1, **fields: Any) -> OrderAmended:
    """A change of mind about an order, an hour after it was placed."""
    given: dict[str, Any] = {"held": False, "delivery": placed.delivery}
    return OrderAmended(
        order_id=placed.order_id,
        retailer_id=placed.retailer_id,
        amended_at=PLACED_AT + timedelta(hours=1),
        version=version,
        **given | fields,
    )


def row(external_id: str = "1", product_id: str | None = "BOOTS", quantity: int | str = 5, **fields: Any) -> OrderRow:
    """A row that asks for boots."""
    return OrderRow(external_id=external_id, product_id=product_id, quantity=Decimal(quantity), **fields)


def catalogue(catalogue_id: str, **fields: Any) -> CatalogueChanged:
    """A catalogue of the retailer, kept by the supplier."""
    given: dict[str, Any] = {"retailer_id": RETAILER, "supplier_id": SUPPLIER, "active": True, "version": 1}
    return CatalogueChanged(catalogue_id=catalogue_id, **given | fields)


def balance(catalogue_id: str, product_id: str = "BOOTS", **fields: Any) -> BalanceChanged:
    """A product in a catalogue of the retailer."""
    given: dict[str, Any] = {"retailer_id": RETAILER, "supplier_id": SUPPLIER, "published": True, "version": 1}
    return BalanceChanged(catalogue_id=catalogue_id, product_id=product_id, quantity=Decimal(100), **given | fields)


def sources(catalogues: Iterable[CatalogueChanged], balances: Iterable[BalanceChanged]) -> domain.Sources:
    """What the router knows after these events."""
    return domain.sources(
        [
            domain.Catalogue(
                c.catalogue_id, c.supplier_id, None, c.name, c.priority, c.route_weight, c.contract_number, c.active
            )
            for c in catalogues
        ],
        [
            domain.Balance(
                b.catalogue_id,
                b.product_id,
                b.ean,
                b.description,
                b.published,
                fragile=b.fragile,
                oversized=b.oversized,
            )
            for b in balances
        ],
    )


def allocate(request: AllocateOrder, stock: dict[tuple[str, str], int | Decimal]) -> OrderAllocated:
    """Inventory's answer from what there is by (catalogue, product); what is taken is gone from `stock`."""
    places = {(c.catalogue_id, c.product_id) for row in request.rows for c in row.candidates}
    balances = {
        (request.retailer_id, *place): taking.Balance(number, Decimal(stock.get(place, 0)))
        for number, place in enumerate(sorted(places))
    }
    answer = taking.allocate(request, balances)
    for (_, catalogue_id, product_id), after in taking.balances_after(balances, request.retailer_id, answer).items():
        stock[catalogue_id, product_id] = after.quantity
    return answer


def ranking(plan: domain.Plan, place: int = 0) -> Sequence[str]:
    """The catalogues of a row's candidates, first to last."""
    return [candidate.catalogue_id for candidate in plan.rows[place].ranked]


def reasons(plan: domain.Plan, place: int = 0) -> dict[str, str]:
    """Why catalogues were dropped from a row."""
    return {dropped.catalogue_id: dropped.reason for dropped in plan.rows[place].dropped}
