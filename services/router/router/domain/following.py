"""Service and cost rows when a retailer wants less: they go along with goods, and never alone."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from router.domain import answering, standing
from router.domain.amending import BY_RETAILER
from router.domain.part_cancelling import PartCancelled
from router.domain.record import Route
from router.domain.shipment import ZERO, Shipment
from router.domain.standing import Piece, RowStanding

Falls = Mapping[UUID, Mapping[tuple[str, str], Decimal]]
"""By how much rows of shipments shrink, by (row id, product id), for each shipment's id."""


def with_part_cancelled(route: Route, done: PartCancelled, shipments: Mapping[UUID, Shipment]) -> tuple[Route, Falls]:
    """The order once a part of a row is cancelled, and by how much its shipments shrink.

    A service or cost row does not stay where no goods are left: it waits for other goods of the order, and when none
    are to come any more it is cancelled as well.
    """
    assert route.standing is not None
    before = route.standing.row(done.row.external_id)
    assert before is not None
    after = route.standing.replaced([done.row])
    with_goods = {_place(piece) for row in after.rows if row.stocked for piece in row.pieces}
    emptied = {_place(piece) for piece in before.pieces if before.stocked} - with_goods
    falls = {shipment_id: dict(rows) for shipment_id, rows in done.falls.items()}
    left: list[RowStanding] = []
    for row in after.rows:
        alone = [] if row.stocked else [p for p in row.pieces if _place(p) in emptied and _open(p, shipments)]
        for piece in alone:
            if piece.shipment_id is not None:
                falls.setdefault(piece.shipment_id, {})[row.external_id, piece.product_id] = piece.quantity
        if alone:
            gone = sum((piece.quantity for piece in alone), ZERO)
            less = standing.less(row, [(piece, piece.quantity) for piece in alone])
            left.append(standing.changed(less, rerouting=row.rerouting + gone))
    changed = answering.settled_followers(replace(route, standing=after.replaced(left)))
    return _without_goods(changed, shipments), falls


def _without_goods(route: Route, shipments: Mapping[UUID, Shipment]) -> Route:
    """The order without what is to go along with goods of which none are to come any more."""
    assert route.standing is not None
    goods = [row for row in route.standing.rows if row.stocked]
    if any(row.waiting or row.rerouting or row.unserved for row in goods):
        return route
    if any(_open(piece, shipments) for row in goods for piece in row.pieces):
        return route
    over = [
        standing.changed(
            row,
            rerouting=ZERO,
            unserved=ZERO,
            cancelled=row.cancelled + row.rerouting + row.unserved,
            reason=BY_RETAILER,
        )
        for row in route.standing.rows
        if not row.stocked and row.rerouting + row.unserved
    ]
    return replace(route, standing=route.standing.replaced(over)) if over else route


def _place(piece: Piece) -> tuple[str, int]:
    """What becomes one shipment, or has."""
    return piece.catalogue_id, piece.lot


def _open(piece: Piece, shipments: Mapping[UUID, Shipment]) -> bool:
    """Whether a piece is still to be sent."""
    shipment = None if piece.shipment_id is None else shipments.get(piece.shipment_id)
    return shipment is None or not shipment.closed
