"""What has become of an order's rows by now, beside the decision, which stays as it was made."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from uuid import UUID

from shared.contracts import Part, Quantity

ZERO = Decimal(0)


class Piece(Part):
    """A quantity of a row that a catalogue promised in one lot. `shipment_id` is None while the order is held.

    Of an open shipment it is what is to be delivered, of a closed one what was.
    """

    catalogue_id: str
    product_id: str
    lot: int = 1
    quantity: Quantity
    shipment_id: UUID | None = None


class Line(Part):
    """What of a row waits for stock since a round of asking."""

    lot: int
    quantity: Quantity


class RowStanding(Part):
    """Where a row is: pieces + waiting + rerouting + unserved + cancelled = quantity, at every moment.

    `rerouting` is asked for again and not answered yet; `unserved` is what nobody could serve, and `reason` why;
    `cancelled` is not coming any more. Catalogues that are `barred` have declined the row and are not asked again.
    `lines` are what waits, the oldest first. `stocked` is False for a service or cost row.
    """

    external_id: str
    quantity: Quantity
    stocked: bool = True
    pieces: tuple[Piece, ...] = ()
    waiting: Quantity = ZERO
    rerouting: Quantity = ZERO
    unserved: Quantity = ZERO
    cancelled: Quantity = ZERO
    reason: str | None = None
    barred: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()

    @property
    def promised(self) -> Decimal:
        """How much is in pieces."""
        return sum((piece.quantity for piece in self.pieces), ZERO)

    @property
    def balanced(self) -> bool:
        """Whether all of the row is somewhere, and none of it twice."""
        lined_up = sum((line.quantity for line in self.lines), ZERO) == self.waiting
        held = self.promised + self.waiting + self.rerouting + self.unserved + self.cancelled
        return lined_up and held == self.quantity

    def waits_since(self, lot: int) -> Decimal:
        """How much of it waits since a round of asking."""
        return sum((line.quantity for line in self.lines if line.lot == lot), ZERO)


class Standing(Part):
    """The rows of an order as they stand now. `lots` are those it has heard of, so that none counts twice."""

    rows: tuple[RowStanding, ...]
    lots: tuple[int, ...] = ()

    def row(self, external_id: str) -> RowStanding | None:
        """A row by its id."""
        return next((row for row in self.rows if row.external_id == external_id), None)

    def replaced(self, rows: Iterable[RowStanding]) -> "Standing":
        """The standing with these rows in the place of those with their ids."""
        news = {row.external_id: row for row in rows}
        return self.model_copy(update={"rows": tuple(news.get(row.external_id, row) for row in self.rows)})

    def with_lot(self, lot: int) -> "Standing":
        """The standing once a lot was heard of."""
        return self if lot in self.lots else self.model_copy(update={"lots": (*self.lots, lot)})


def changed(row: RowStanding, **changes: object) -> RowStanding:
    """The row with other values. A row of which nothing is unserved or cancelled needs no reason."""
    after = row.model_copy(update=changes)
    if after.reason is not None and not after.unserved and not after.cancelled:
        return after.model_copy(update={"reason": None})
    return after


def waiting_more(row: RowStanding, lot: int, quantity: Decimal) -> RowStanding:
    """The row when so much more of it waits, or less when it is below nothing, since a round of asking."""
    lines = {line.lot: line.quantity for line in row.lines}
    lines[lot] = lines.get(lot, ZERO) + quantity
    kept = tuple(Line(lot=lot, quantity=open_) for lot, open_ in sorted(lines.items()) if open_ > 0)
    return row.model_copy(update={"waiting": row.waiting + quantity, "lines": kept})


def less(row: RowStanding, lost: Iterable[tuple[Piece, Decimal]]) -> RowStanding:
    """The row with smaller pieces; what they fell by is to be put elsewhere. A piece of nothing is gone."""
    falls: dict[Piece, Decimal] = {}
    for piece, quantity in lost:
        falls[piece] = falls.get(piece, ZERO) + quantity
    kept = (
        piece if piece not in falls else piece.model_copy(update={"quantity": piece.quantity - falls[piece]})
        for piece in row.pieces
    )
    return row.model_copy(update={"pieces": tuple(piece for piece in kept if piece.quantity > 0)})


def barring(row: RowStanding, catalogues: Collection[str]) -> RowStanding:
    """The row once catalogues have declined it."""
    return row.model_copy(update={"barred": tuple(dict.fromkeys((*row.barred, *catalogues)))})


def shipped(standing: Standing, shipment_of: dict[tuple[str, int], UUID]) -> Standing:
    """The standing once what was reserved is in shipments, by catalogue and lot."""
    return standing.replaced(
        row.model_copy(
            update={
                "pieces": tuple(
                    piece
                    if piece.shipment_id is not None
                    else piece.model_copy(update={"shipment_id": shipment_of[piece.catalogue_id, piece.lot]})
                    for piece in row.pieces
                )
            }
        )
        for row in standing.rows
    )


def over(row: RowStanding, because: str) -> RowStanding:
    """The row of an order that is not wanted any more: but for its pieces nothing is to come."""
    rest = row.quantity - row.promised
    return changed(
        row,
        waiting=ZERO,
        lines=(),
        rerouting=ZERO,
        unserved=ZERO,
        cancelled=rest,
        reason=because if rest > 0 else None,
    )
