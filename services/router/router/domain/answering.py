"""What an answer of inventory's does to an order that was decided before, and stock that came for what waited."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from router.domain import dispatch, standing
from router.domain.asks import Ask, learnt
from router.domain.dispatch import Allotted
from router.domain.reasons import named, reason_for
from router.domain.record import ZERO, Happening, Route, total, with_history
from router.domain.standing import Piece, RowStanding
from shared.contracts import OrderAllocated, OrderFilled, PartRelease, Taking


@dataclass(frozen=True)
class Changed:
    """What has become of an order: pieces that have come, to be shipped unless it is held, and what is let go of."""

    route: Route
    added: tuple[Allotted, ...] = ()
    releases: tuple[PartRelease, ...] = ()


@dataclass
class _Got:
    """What an order gets in one lot, row by row, as far as it is wanted still."""

    lot: int
    added: list[Allotted] = field(default_factory=list)
    releases: list[PartRelease] = field(default_factory=list)

    def take(self, route: Route, row: RowStanding, takings: Iterable[Taking], room: Decimal) -> tuple[Piece, ...]:
        """The pieces that a row gets, together no more than there is room for; what is over is let go of."""
        pieces: list[Piece] = []
        for taking in takings:
            part = min(taking.quantity, room)
            if part > 0:
                pieces.append(_piece(route, taking, part, self.lot))
            if part < taking.quantity:
                self.releases.append(
                    PartRelease(
                        row_id=row.external_id,
                        quantity=taking.quantity - part,
                        lot=self.lot,
                        catalogue_id=taking.catalogue_id,
                        product_id=taking.product_id,
                    )
                )
            room -= part
        self.added.extend((row.external_id, piece) for piece in pieces)
        return tuple(pieces)

    def wait(self, row: RowStanding, waiting: Decimal, room: Decimal) -> Decimal:
        """How much of a row waits; what is over is let go of."""
        kept = min(waiting, room)
        if kept < waiting:
            self.releases.append(PartRelease(row_id=row.external_id, quantity=waiting - kept, lot=self.lot))
        return kept


def take_answer(route: Route, ask: Ask, allocated: OrderAllocated, at: datetime) -> Changed:
    """The order with what a later round brought it; what is not wanted any more is let go of.

    A piece serves first what is rerouting, then what is unserved. What is short is unserved; of a row of which a part
    was delivered it is not coming. An answer of a lot that is known already changes nothing, and one that brings
    nothing new changes but the reasons.
    """
    assert route.standing is not None
    if allocated.round in route.standing.lots:
        return Changed(route)
    asked = {row.external_id: row.quantity for row in ask.request.rows}
    dropped = {row.external_id: row.dropped for row in ask.plan.rows}
    got = _Got(allocated.round)
    rows: list[RowStanding] = []
    for answer in allocated.rows:
        row = route.standing.row(answer.external_id)
        assert row is not None
        room = row.unserved if ask.retry else row.rerouting + row.unserved
        pieces = got.take(route, row, answer.taken, room)
        taken = sum((piece.quantity for piece in pieces), ZERO)
        allowed = ZERO if row.external_id in route.no_waiting else room - taken
        waits = got.wait(row, total(answer.waiting), allowed)
        settled = ZERO if ask.retry else min(asked[row.external_id], row.rerouting)
        rerouted = min(taken + waits, settled)
        short = settled - rerouted
        final = row.external_id in ask.final
        unserved = row.unserved - (taken + waits - rerouted) + (ZERO if final else short)
        reason = reason_for(answer.seen, dropped.get(row.external_id, ())) if unserved or short else row.reason
        rows.append(
            standing.changed(
                standing.waiting_more(row, allocated.round, waits),
                pieces=(*row.pieces, *pieces),
                rerouting=row.rerouting - settled,
                unserved=unserved,
                cancelled=row.cancelled + (short if final else ZERO),
                reason=reason,
            )
        )
    after = route.standing.replaced(rows).with_lot(allocated.round)
    got_some = any(total(answer.taken) + total(answer.waiting) for answer in allocated.rows)
    changed = replace(route, standing=after, later=learnt(route, ask.plan) if got_some else route.later)
    changed = _with_followers(changed, got)
    if all(_same(before, row) for before, row in zip(_before(route, rows), rows, strict=True)):
        return Changed(changed, releases=tuple(got.releases))
    return Changed(told(changed, _outcome(route, rows, got.added), at), tuple(got.added), tuple(got.releases))


def overtakes(route: Route, filled: OrderFilled, *, pending: bool) -> bool:
    """Whether stock has come for what is not known to wait yet: an answer that is `pending` will say so."""
    if route.standing is None:
        return True
    if filled.lot in route.standing.lots:
        return False
    return pending and any(row.waited not in route.standing.lots for row in filled.rows)


def fill(route: Route, filled: OrderFilled, at: datetime) -> Changed:
    """The order with what has come for what waited; what does not wait any more is let go of."""
    assert route.standing is not None
    if filled.lot in route.standing.lots:
        return Changed(route)
    got = _Got(filled.lot)
    after = route.standing.with_lot(filled.lot)
    for came in filled.rows:
        row = after.row(came.external_id)
        assert row is not None
        pieces = got.take(route, row, came.taken, row.waits_since(came.waited))
        taken = sum((piece.quantity for piece in pieces), ZERO)
        served = standing.waiting_more(row, came.waited, -taken)
        after = after.replaced([standing.changed(served, pieces=joined(row.pieces, pieces))])
    got.added = [
        (row_id, piece)
        for row_id in dict.fromkeys(row_id for row_id, _ in got.added)
        for piece in joined((), (piece for of, piece in got.added if of == row_id))
    ]
    changed = replace(route, standing=after)
    if not got.added:
        return Changed(changed, releases=tuple(got.releases))
    changed = _with_followers(changed, got)
    return Changed(told(changed, f"filled: {places(got.added)}", at), tuple(got.added), tuple(got.releases))


def told(route: Route, cause: str, at: datetime) -> Route:
    """The order once its standing is told in a round of its own, so that it counts as newer, with the cause."""
    assert route.record is not None
    return replace(route, round=route.round + 1, record=with_history(route.record, Happening(at=at, cause=cause)))


def places(pieces: Iterable[Allotted]) -> str:
    """How much came from where, for people."""
    sums: dict[str, Decimal] = {}
    for _, piece in pieces:
        sums[piece.catalogue_id] = sums.get(piece.catalogue_id, ZERO) + piece.quantity
    return ", ".join(f"{plain(quantity)} from {catalogue_id}" for catalogue_id, quantity in sums.items())


def plain(quantity: Decimal) -> str:
    """A quantity as people write it."""
    return f"{quantity.normalize():f}"


def settled_followers(route: Route) -> Route:
    """The order once nothing is rerouting: a service or cost row that found no goods to follow is unserved."""
    assert route.standing is not None
    if any(row.rerouting for row in route.standing.rows if row.stocked):
        return route
    left = [
        standing.changed(row, rerouting=ZERO, unserved=row.unserved + row.rerouting, reason="no goods to follow")
        for row in route.standing.rows
        if not row.stocked and row.rerouting
    ]
    return replace(route, standing=route.standing.replaced(left)) if left else route


def _with_followers(route: Route, got: _Got) -> Route:
    """Service and cost rows that are in no shipment go along with the first goods that have come."""
    assert route.standing is not None
    leader = next((piece for _, piece in got.added if piece.quantity > 0), None)
    if leader is None:
        return settled_followers(route)
    names = {row.external_id: named(row) for row in route.order.rows}
    joined: list[RowStanding] = []
    for row in route.standing.rows:
        quantity = row.rerouting + row.unserved
        if not row.stocked and quantity > 0:
            piece = leader.model_copy(update={"product_id": names[row.external_id], "quantity": quantity})
            got.added.append((row.external_id, piece))
            joined.append(standing.changed(row, pieces=(*row.pieces, piece), rerouting=ZERO, unserved=ZERO))
    return replace(route, standing=route.standing.replaced(joined))


def _before(route: Route, rows: Sequence[RowStanding]) -> list[RowStanding]:
    assert route.standing is not None
    known = {row.external_id: row for row in route.standing.rows}
    return [known[row.external_id] for row in rows]


def _same(before: RowStanding, after: RowStanding) -> bool:
    """Whether nothing has become of a row, whatever the reason is by now."""
    return before == after.model_copy(update={"reason": before.reason})


def _outcome(route: Route, rows: Sequence[RowStanding], added: Sequence[Allotted]) -> str:
    """What a later round came to, for people."""
    before = _before(route, rows)
    said = [places(added)] if added else []
    for words, gone in (
        ("waiting", sum((b.waiting - a.waiting for a, b in zip(before, rows, strict=True)), ZERO)),
        ("unserved", sum((b.unserved - a.unserved for a, b in zip(before, rows, strict=True)), ZERO)),
        ("not coming", sum((b.cancelled - a.cancelled for a, b in zip(before, rows, strict=True)), ZERO)),
    ):
        if gone > 0:
            said.append(f"{plain(gone)} {words}")
    return f"routed again: {', '.join(said) or 'nothing is wanted any more'}"


def joined(pieces: Iterable[Piece], others: Iterable[Piece]) -> tuple[Piece, ...]:
    """Pieces and others: what came from one balance in one lot is one, also when it came for two waiting lines."""
    sums: dict[Piece, Decimal] = {}
    for piece in (*pieces, *others):
        place = piece.model_copy(update={"quantity": ZERO})
        sums[place] = sums.get(place, ZERO) + piece.quantity
    return tuple(place.model_copy(update={"quantity": quantity}) for place, quantity in sums.items())


def _piece(route: Route, taking: Taking, quantity: Decimal, lot: int) -> Piece:
    return Piece(
        catalogue_id=taking.catalogue_id,
        product_id=taking.product_id,
        lot=lot,
        quantity=quantity,
        shipment_id=dispatch.shipment_id(route.order.order_id, taking.catalogue_id, lot) if route.shipped else None,
    )
