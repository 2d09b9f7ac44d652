"""What follows from a decision: one shipment for each catalogue that serves the order, and word to the order book."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from uuid import UUID

from router.domain.amending import RELEASED
from router.domain.handling import handling_of
from router.domain.plan import CatalogueTerms, Ranked
from router.domain.record import ZERO, Route, RowRecord, total
from shared.contracts import (
    OrderRouted,
    OrderRow,
    RoutedPart,
    RowRouted,
    ShipmentCreated,
    ShipmentRow,
    Taking,
)


@dataclass(frozen=True)
class NewShipment:
    """A shipment to be made: what is said of it, the payer's contract, and its rows that took stock.

    `handling` are the codes of the additional services that its goods need.
    """

    created: ShipmentCreated
    contract_number: str | None
    stocked: frozenset[str]
    handling: tuple[str, ...] = ()


def new_shipments(route: Route, made_at: datetime, accept_by: datetime) -> Iterable[NewShipment]:
    """The shipments of a decided order, each with the rows its catalogue serves."""
    assert route.record is not None
    terms = {terms.catalogue_id: terms for terms in route.plan.catalogues}
    rows = {row.external_id: row for row in route.order.rows}
    products = {
        (row.external_id, ranked.catalogue_id, ranked.product_id): ranked
        for row in route.plan.rows
        for ranked in row.ranked
    }
    shipped: dict[str, list[ShipmentRow]] = {}
    goods: dict[str, list[Ranked]] = {}
    for decided in route.record.rows:
        for taking in decided.taken:
            product = products.get((decided.external_id, taking.catalogue_id, taking.product_id))
            shipped.setdefault(taking.catalogue_id, []).append(
                _shipment_row(rows[decided.external_id], taking, product)
            )
            if product is not None:
                goods.setdefault(taking.catalogue_id, []).append(product)
    stocked = frozenset(row.external_id for row in route.record.rows if row.stocked)
    for catalogue_id, contents in shipped.items():
        yield NewShipment(
            _created(route, terms[catalogue_id], contents, made_at, accept_by),
            terms[catalogue_id].contract_number,
            stocked,
            handling_of(goods.get(catalogue_id, ())),
        )


def order_routed(route: Route) -> OrderRouted:
    """The event that tells the order book of a decided order; the same order says the same again.

    What a held order was promised is reserved. Of one that was cancelled before anything was shipped, nothing comes.
    """
    record = route.record
    assert record is not None
    released = next((happening.at for happening in record.history if happening.cause == RELEASED), record.decided_at)
    return OrderRouted(
        order_id=record.order_id,
        round=route.round,
        outcome=record.outcome,
        routed_at=released,
        rows=tuple(_row_routed(route, row) for row in record.rows),
    )


def _row_routed(route: Route, row: RowRecord) -> RowRouted:
    if route.shipped:
        routed = tuple(
            RoutedPart(
                catalogue_id=catalogue_id,
                shipment_id=shipment_id(route.order.order_id, catalogue_id),
                quantity=quantity,
            )
            for catalogue_id, quantity in _by_catalogue(row.taken).items()
        )
        return RowRouted(
            external_id=row.external_id,
            routed=routed,
            waiting=total(row.waiting),
            unserved=row.unserved,
            reason=row.reason,
        )
    if route.cancelled is None:
        return RowRouted(
            external_id=row.external_id,
            reserved=total(row.taken),
            waiting=total(row.waiting),
            unserved=row.unserved,
            reason=row.reason,
        )
    return RowRouted(external_id=row.external_id, waiting=ZERO, unserved=row.quantity, reason=route.cancelled.cause)


def shipment_id(order_id: UUID, catalogue_id: str) -> UUID:
    """The id of an order's shipment from a catalogue: the same whenever it is asked for.

    It begins with the moment of the order's id, so that an index grows at its end, and goes on with a hash.
    """
    order = order_id.bytes
    made = bytearray(order[:6] + blake2b(order + catalogue_id.encode(), digest_size=10).digest())
    # Version 8 and the variant of RFC 9562: an id of one's own making.
    made[6] = made[6] & 0x0F | 0x80
    made[8] = made[8] & 0x3F | 0x80
    return UUID(bytes=bytes(made))


def _created(
    route: Route,
    terms: CatalogueTerms,
    rows: Sequence[ShipmentRow],
    created_at: datetime,
    accept_by: datetime,
) -> ShipmentCreated:
    order = route.order
    return ShipmentCreated(
        shipment_id=shipment_id(order.order_id, terms.catalogue_id),
        order_id=order.order_id,
        order_external_id=order.external_id,
        retailer_id=order.retailer_id,
        supplier_id=terms.supplier_id,
        catalogue_id=terms.catalogue_id,
        catalogue_name=terms.name,
        created_at=created_at,
        accept_by=accept_by,
        delivery=route.delivery,
        rows=tuple(rows),
    )


def _shipment_row(row: OrderRow, taking: Taking, product: Ranked | None) -> ShipmentRow:
    """A row as the supplier reads it: the shop's wording first, else the catalogue's."""
    return ShipmentRow(
        external_id=row.external_id,
        product_id=taking.product_id,
        ean=row.ean or (product.ean if product else None),
        description=row.description or (product.description if product else None),
        unit=row.unit,
        quantity=taking.quantity,
    )


def _by_catalogue(takings: Iterable[Taking]) -> Mapping[str, Decimal]:
    quantities: dict[str, Decimal] = {}
    for taking in takings:
        quantities[taking.catalogue_id] = quantities.get(taking.catalogue_id, ZERO) + taking.quantity
    return quantities
