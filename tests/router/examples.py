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
    Outcome,
    Party,
    Reference,
    RowAllocated,
    RowDemand,
    Seen,
    Taking,
)

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
    """Inventory's answer, greedily, from what there is by (catalogue, product); what is taken is gone from `stock`."""
    before = dict(stock)
    rows = [_allocate_row(demand, stock) for demand in request.rows]
    short = [demand for demand, got in zip(request.rows, rows, strict=True) if got.short]
    outcome: Outcome = "full" if not short else "partial" if any(got.taken for got in rows) else "none"
    if any(demand.mandatory for demand in short):
        stock.clear()
        stock.update(before)
        outcome = "refused"
        rows = [
            got.model_copy(update={"taken": (), "short": demand.quantity})
            for demand, got in zip(request.rows, rows, strict=True)
        ]
    return OrderAllocated(order_id=request.order_id, round=request.round, outcome=outcome, rows=tuple(rows))


def _allocate_row(demand: RowDemand, stock: dict[tuple[str, str], int | Decimal]) -> RowAllocated:
    taken, seen, needed = [], [], demand.quantity
    for candidate in demand.candidates:
        key = (candidate.catalogue_id, candidate.product_id)
        there = Decimal(stock.get(key, 0))
        part = min(there, needed)
        if not demand.partial_delivery_allowed and there < demand.quantity:
            part = Decimal(0)
        verdict = "taken" if part else "served already" if not needed else "whole row needed" if there else "no stock"
        seen.append(
            Seen(
                catalogue_id=key[0],
                product_id=key[1],
                quantity=there,
                allocated=Decimal(0),
                held=Decimal(0),
                safety_stock=Decimal(0),
                taken=part,
                verdict=verdict,
            )
        )
        if part:
            taken.append(Taking(catalogue_id=key[0], product_id=key[1], quantity=part))
            stock[key] = there - part
            needed -= part
    return RowAllocated(external_id=demand.external_id, taken=tuple(taken), short=needed, seen=tuple(seen))


def ranking(plan: domain.Plan, place: int = 0) -> Sequence[str]:
    """The catalogues of a row's candidates, first to last."""
    return [candidate.catalogue_id for candidate in plan.rows[place].ranked]


def reasons(plan: domain.Plan, place: int = 0) -> dict[str, str]:
    """Why catalogues were dropped from a row."""
    return {dropped.catalogue_id: dropped.reason for dropped in plan.rows[place].dropped}
