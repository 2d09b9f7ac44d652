"""What else an order loses when it loses something: what is not to be sent without the rest goes along."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from router.domain import bundling
from router.domain.record import ZERO, Route
from router.domain.shipment import PROGRESS, Shipment
from router.domain.standing import Piece, RowStanding


@dataclass
class Losses:
    """The losses of an order, piece by piece. `gone` is what a piece loses, `pulled` what is taken out of it on top."""

    route: Route
    shipments: Mapping[UUID, Shipment]
    gone: dict[tuple[str, Piece], Decimal] = field(default_factory=dict)
    pulled: dict[tuple[str, Piece], Decimal] = field(default_factory=dict)

    def rows(self) -> tuple[RowStanding, ...]:
        """The rows of the order."""
        assert self.route.standing is not None
        return self.route.standing.rows

    def open(self, piece: Piece) -> bool:
        """Whether a piece is still to be sent."""
        shipment = None if piece.shipment_id is None else self.shipments.get(piece.shipment_id)
        return shipment is None or not shipment.closed

    def pull_what_must_be_whole(self) -> None:
        """A row that is not to be delivered in parts moves as a whole, but for what is on its way or was delivered."""
        whole = {row.external_id for row in self.route.order.rows if not row.partial_delivery_allowed}
        for row in self.rows():
            if row.external_id in whole and any((row.external_id, piece) in self.gone for piece in row.pieces):
                for piece in row.pieces:
                    rest = piece.quantity - self.gone.get((row.external_id, piece), ZERO)
                    if rest > 0 and self.movable(piece):
                        self.pulled[row.external_id, piece] = rest

    def pull_broken_sets(self) -> None:
        """What is left of a bundle where a part of it was lost moves along, but for whole sets.

        What is already on its way, or was delivered, stays as it is.
        """
        for bundle in bundling.bundles_of(self.route.order):
            divisible = all(row.partial_delivery_allowed for row in bundle)
            names = {row.external_id for row in bundle}
            places: dict[tuple[str, int], list[tuple[str, Piece]]] = {}
            for row in self.rows():
                for piece in row.pieces if row.external_id in names else ():
                    if self.movable(piece):
                        places.setdefault((piece.catalogue_id, piece.lot), []).append((row.external_id, piece))
            for there in places.values():
                held = _by_row((row, piece.quantity) for row, piece in there)
                lost = _by_row((key[0], self.lost(key)) for key in there)
                if any(lost.values()):
                    self._pull(there, bundling.broken(held, lost, divisible=divisible))

    def movable(self, piece: Piece) -> bool:
        """Whether a piece may still be left out because of another one: its shipment is not on its way yet."""
        shipment = None if piece.shipment_id is None else self.shipments.get(piece.shipment_id)
        if shipment is None:
            return True
        reached = shipment.reached or shipment.status
        return not shipment.closed and PROGRESS.index(reached) < PROGRESS.index("Shipping")

    def lost(self, key: tuple[str, Piece]) -> Decimal:
        """How much of a piece goes, for whatever reason."""
        return self.gone.get(key, ZERO) + self.pulled.get(key, ZERO)

    def _pull(self, there: Iterable[tuple[str, Piece]], over: Mapping[str, Decimal]) -> None:
        """Take so much more of each row out of these pieces."""
        left = dict(over)
        for key in there:
            part = min(key[1].quantity - self.lost(key), left.get(key[0], ZERO))
            if part > 0:
                self.pulled[key] = self.pulled.get(key, ZERO) + part
                left[key[0]] -= part

    def pull_followers(self) -> None:
        """A service or cost row does not stay in an open shipment that all goods have left."""
        left: dict[UUID, Decimal] = {}
        for row in self.rows():
            for piece in row.pieces if row.stocked else ():
                if piece.shipment_id is not None:
                    key = (row.external_id, piece)
                    rest = piece.quantity - self.lost(key)
                    left[piece.shipment_id] = left.get(piece.shipment_id, ZERO) + rest
        emptied = {
            piece.shipment_id
            for _, piece in (*self.gone, *self.pulled)
            if piece.shipment_id is not None and not left.get(piece.shipment_id, ZERO) and self.open(piece)
        }
        for row in self.rows():
            for piece in row.pieces if not row.stocked else ():
                if piece.shipment_id in emptied and (row.external_id, piece) not in self.gone:
                    self.pulled[row.external_id, piece] = piece.quantity


def _by_row(quantities: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for row, quantity in quantities:
        sums[row] = sums.get(row, ZERO) + quantity
    return sums
