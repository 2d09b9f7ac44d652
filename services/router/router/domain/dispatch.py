"""What follows from a decision: one shipment for each catalogue and lot, and word to the order book."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from uuid import UUID

from router.domain.handling import handling_of
from router.domain.record import ZERO, Route
from router.domain.standing import Piece, RowStanding
from shared.contracts import (
    OrderRouted,
    OrderRow,
    Outcome,
    RoutedPart,
    RowRouted,
    ShipmentCreated,
    ShipmentRow,
    made,
)
from shared.rules.plan import CatalogueTerms, Ranked

Allotted = tuple[str, Piece]
"""A piece of a row, with the row's id."""


@dataclass(frozen=True)
class NewShipment:
    """A shipment to be made: what is said of it, the payer's contract, and its rows that took stock.

    `handling` are the codes of the additional services that its goods need.
    """

    created: ShipmentCreated
    contract_number: str | None
    stocked: frozenset[str]
    handling: tuple[str, ...] = ()


def new_shipments(
    route: Route, allotted: Iterable[Allotted], made_at: datetime, accept_by: datetime
) -> Iterable[NewShipment]:
    """The shipments of pieces that are in none yet, one for each catalogue and lot.

    `accept_by` is until when a supplier may leave one unopened, unless its catalogue says how long.
    """
    assert route.standing is not None
    terms = terms_of(route)
    rows = {row.external_id: row for row in route.order.rows}
    products = _products(route)
    contents: dict[tuple[str, int], list[ShipmentRow]] = {}
    goods: dict[tuple[str, int], list[Ranked]] = {}
    for external_id, piece in allotted:
        product = products.get((external_id, piece.catalogue_id, piece.product_id))
        key = (piece.catalogue_id, piece.lot)
        contents.setdefault(key, []).append(_shipment_row(rows[external_id], piece, product))
        if product is not None:
            goods.setdefault(key, []).append(product)
    stocked = frozenset(row.external_id for row in route.standing.rows if row.stocked)
    for (catalogue_id, lot), shipped in contents.items():
        yield NewShipment(
            _created(route, terms[catalogue_id], lot, shipped, made_at, accept_by),
            terms[catalogue_id].contract_number,
            stocked,
            handling_of(goods.get((catalogue_id, lot), ())),
        )


def terms_of(route: Route) -> Mapping[str, CatalogueTerms]:
    """The catalogues that an order may be sent from, by id; what was found later counts."""
    plans = (route.plan,) if route.later is None else (route.plan, route.later)
    return {terms.catalogue_id: terms for plan in plans for terms in plan.catalogues}


def _products(route: Route) -> Mapping[tuple[str, str, str], Ranked]:
    plans = (route.plan,) if route.later is None else (route.plan, route.later)
    return {
        (row.external_id, ranked.catalogue_id, ranked.product_id): ranked
        for plan in plans
        for row in plan.rows
        for ranked in row.ranked
    }


def order_routed(route: Route) -> OrderRouted:
    """The event that tells the order book how the rows of a decided order stand; the same order says the same again.

    What a held order was promised is reserved.
    """
    record, standing = route.record, route.standing
    assert record is not None
    assert standing is not None
    return made(
        OrderRouted,
        order_id=record.order_id,
        order_external_id=record.external_id,
        retailer_id=route.order.retailer_id,
        round=route.round,
        outcome=_outcome(standing.rows) if record.history else record.outcome,
        routed_at=max([record.decided_at, *(happening.at for happening in record.history)]),
        rows=tuple(_row_routed(row) for row in standing.rows),
    )


def _outcome(rows: Sequence[RowStanding]) -> Outcome:
    """How an order stands, in the words of its first decision."""
    goods = [row for row in rows if row.stocked]
    if not any(row.pieces or row.waiting or row.rerouting for row in goods):
        return "none"
    if any(row.unserved for row in goods):
        return "partial"
    return "backordered" if any(row.waiting for row in goods) else "full"


def _row_routed(row: RowStanding) -> RowRouted:
    routed: dict[tuple[str, UUID], Decimal] = {}
    reserved = ZERO
    for piece in row.pieces:
        if piece.shipment_id is None:
            reserved += piece.quantity
        else:
            key = (piece.catalogue_id, piece.shipment_id)
            routed[key] = routed.get(key, ZERO) + piece.quantity
    return made(
        RowRouted,
        external_id=row.external_id,
        routed=tuple(
            made(RoutedPart, catalogue_id=catalogue_id, shipment_id=shipment, quantity=quantity)
            for (catalogue_id, shipment), quantity in routed.items()
        ),
        reserved=reserved,
        waiting=row.waiting,
        rerouting=row.rerouting,
        unserved=row.unserved,
        cancelled=row.cancelled,
        reason=row.reason,
    )


def shipment_id(order_id: UUID, catalogue_id: str, lot: int = 1) -> UUID:
    """The id of an order's shipment of a lot from a catalogue: the same whenever it is asked for.

    It begins with the moment of the order's id, so that an index grows at its end, and goes on with a hash.
    """
    order = order_id.bytes
    # No id has a NUL in it, so no two shipments are mixed up.
    hashed = order + (catalogue_id if lot == 1 else f"{catalogue_id}\0{lot}").encode()
    made = bytearray(order[:6] + blake2b(hashed, digest_size=10).digest())
    # Version 8 and the variant of RFC 9562: an id of one's own making.
    made[6] = made[6] & 0x0F | 0x80
    made[8] = made[8] & 0x3F | 0x80
    return UUID(bytes=bytes(made))


def _created(
    route: Route,
    terms: CatalogueTerms,
    lot: int,
    rows: Sequence[ShipmentRow],
    created_at: datetime,
    accept_by: datetime,
) -> ShipmentCreated:
    order = route.order
    hours = terms.acceptance_hours
    return made(
        ShipmentCreated,
        shipment_id=shipment_id(order.order_id, terms.catalogue_id, lot),
        order_id=order.order_id,
        order_external_id=order.external_id,
        retailer_id=order.retailer_id,
        supplier_id=terms.supplier_id,
        catalogue_id=terms.catalogue_id,
        catalogue_name=terms.name,
        created_at=created_at,
        accept_by=accept_by if hours is None else created_at + timedelta(hours=hours),
        lot=lot,
        delivery=route.delivery,
        rows=tuple(rows),
    )


def _shipment_row(row: OrderRow, piece: Piece, product: Ranked | None) -> ShipmentRow:
    """A row as the supplier reads it: the shop's wording first, else the catalogue's."""
    return made(
        ShipmentRow,
        external_id=row.external_id,
        product_id=piece.product_id,
        ean=row.ean or (product.ean if product else None),
        description=row.description or (product.description if product else None),
        unit=row.unit,
        quantity=piece.quantity,
    )
