"""A retailer wants less of a row than it ordered: what is furthest from being delivered is cancelled first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from router.domain import standing as standings
from router.domain.shipment import PROGRESS, ZERO, Shipment
from router.domain.standing import Line, Piece, RowStanding
from shared.contracts import PartRelease


@dataclass(frozen=True)
class PartCancelled:
    """A row of which some is cancelled, what inventory is to let go of for that, and what shipments shrink by.

    `falls` has the rows of shipments, by (row id, product id), for each shipment's id.
    """

    row: RowStanding
    released: Decimal
    releases: tuple[PartRelease, ...] = ()
    falls: Mapping[UUID, Mapping[tuple[str, str], Decimal]] = field(default_factory=dict)


def cancel_part(row: RowStanding, quantity: Decimal, shipments: Mapping[UUID, Shipment]) -> PartCancelled:
    """The row with so much less to come, or with all that can still be cancelled when that is less.

    First goes what nobody serves, then what is being asked for, then what waits for stock (what was asked for last
    first), then what is promised to a held order, and last what is in shipments: in those that are least far, and of
    these in the newest first. What was delivered stays.
    """
    left = quantity
    unserved = min(row.unserved, left)
    left -= unserved
    rerouting = min(row.rerouting, left)
    left -= rerouting
    ended: list[Line] = []
    for line in reversed(row.lines):
        part = min(line.quantity, left)
        if part > 0:
            ended.append(Line(lot=line.lot, quantity=part))
            left -= part
    lost: list[tuple[Piece, Decimal]] = []
    for piece in _to_give_up(row.pieces, shipments):
        part = min(piece.quantity, left)
        if part > 0:
            lost.append((piece, part))
            left -= part
    released = quantity - left
    if not released:
        return PartCancelled(row, released)
    after = standings.less(row, lost)
    for line in ended:
        after = standings.waiting_more(after, line.lot, -line.quantity)
    after = standings.changed(
        after,
        unserved=row.unserved - unserved,
        rerouting=row.rerouting - rerouting,
        cancelled=row.cancelled + released,
    )
    return PartCancelled(after, released, tuple(_releases(row, ended, lost)), _falls(row, lost))


def _to_give_up(pieces: Iterable[Piece], shipments: Mapping[UUID, Shipment]) -> list[Piece]:
    """The pieces of which something may still be cancelled, in the order in which it is."""
    held = [piece for piece in pieces if piece.shipment_id is None]
    shipped = [
        (piece, shipment)
        for piece in pieces
        if piece.shipment_id is not None
        and (shipment := shipments.get(piece.shipment_id)) is not None
        and not shipment.closed
    ]
    # Sorted twice, because one thing rises and the other falls: what is sorted last counts first.
    shipped.sort(key=lambda pair: (pair[1].created_at, pair[1].shipment_id), reverse=True)
    shipped.sort(key=lambda pair: PROGRESS.index(pair[1].reached or pair[1].status))
    return [*held, *(piece for piece, _ in shipped)]


def _releases(row: RowStanding, ended: Iterable[Line], lost: Iterable[tuple[Piece, Decimal]]) -> Iterable[PartRelease]:
    """What inventory is told: of what waits, and of what is in no shipment. Shipments tell by themselves."""
    if not row.stocked:
        return
    for line in ended:
        yield PartRelease(row_id=row.external_id, quantity=line.quantity, lot=line.lot)
    for piece, quantity in lost:
        if piece.shipment_id is None:
            yield PartRelease(
                row_id=row.external_id,
                quantity=quantity,
                lot=piece.lot,
                catalogue_id=piece.catalogue_id,
                product_id=piece.product_id,
            )


def _falls(row: RowStanding, lost: Iterable[tuple[Piece, Decimal]]) -> Mapping[UUID, Mapping[tuple[str, str], Decimal]]:
    falls: dict[UUID, dict[tuple[str, str], Decimal]] = {}
    for piece, quantity in lost:
        if piece.shipment_id is not None:
            rows = falls.setdefault(piece.shipment_id, {})
            key = (row.external_id, piece.product_id)
            rows[key] = rows.get(key, ZERO) + quantity
    return falls
