"""What an order loses: suppliers decline, send less, or turn out not to have what they promised."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from router.domain import bundling, standing
from router.domain.acceptance import NOT_ACCEPTED
from router.domain.answering import plain, settled_followers, told
from router.domain.pulling import Losses
from router.domain.reasons import reason_for
from router.domain.record import ZERO, Route
from router.domain.shipment import DELIVERED, Shipment
from router.domain.standing import Piece, RowStanding
from shared.contracts import PartRelease, PromiseWithdrawn
from shared.rules.plan import Plan

NOT_PARTIALLY = "a part was delivered, and the row is not to be delivered in parts"
NO_BACKORDER = "backorder cancelled by the retailer"
NOBODY_ELSE = "not delivered, and nobody else has it"
RowKey = tuple[str, str]


@dataclass(frozen=True)
class Loss:
    """An order that has lost something: `wanted` of its rows is to be asked of others.

    What nobody else has of the `final` rows is not coming: a part of them was delivered. `falls` is by how much the
    rows of open shipments shrink on top of what they are, and `releases` what is let go of that is in no shipment.
    """

    route: Route
    wanted: Mapping[str, Decimal] = field(default_factory=dict)
    final: frozenset[str] = frozenset()
    falls: Mapping[UUID, Mapping[RowKey, Decimal]] = field(default_factory=dict)
    releases: tuple[PartRelease, ...] = ()
    causes: tuple[str, ...] = ()


def reconcile(route: Route, shipments: Mapping[UUID, Shipment]) -> Loss | None:
    """What an order has lost when its shipments, by id, deliver less than it thought; None when nothing.

    What was lost is routed again without the catalogue that declined it; what nobody else has now is not coming, as
    shops built for Glue expect (glue-api.md A.15, 9). A row that is not to be delivered in parts
    stays with what was delivered of it. Of an order that is not wanted any more nothing is routed again.
    """
    losses = Losses(route, shipments)
    causes: dict[str, None] = {}
    for row in losses.rows():
        for piece in row.pieces:
            shipment = None if piece.shipment_id is None else shipments.get(piece.shipment_id)
            if shipment is not None:
                gone = piece.quantity - _coming(shipment, row.external_id, piece.product_id)
                if gone > 0:
                    losses.gone[row.external_id, piece] = gone
                    causes[_cause(shipment)] = None
    return replace(_loss(losses), causes=tuple(causes)) if losses.gone else None


def withdraw(route: Route, withdrawn: PromiseWithdrawn, shipments: Mapping[UUID, Shipment]) -> Loss | None:
    """What an order loses because a catalogue has less than it promised; None when nothing.

    The catalogue has not declined the row: it is asked again like all others, and the row may wait there. What is in a
    closed shipment stays as it was delivered, and what was let go of in the meantime is not lost again.
    """
    losses = Losses(route, shipments)
    causes: list[str] = []
    for lost in withdrawn.rows:
        for row in losses.rows():
            for piece in row.pieces if row.external_id == lost.external_id else ():
                same = (withdrawn.catalogue_id, lost.product_id, lost.lot)
                if (piece.catalogue_id, piece.product_id, piece.lot) == same and losses.open(piece):
                    gone = min(piece.quantity, lost.quantity)
                    losses.gone[row.external_id, piece] = gone
                    causes.append(f"{withdrawn.cause}: {plain(gone)} moved")
    if not losses.gone:
        return None
    known = dict(losses.gone)
    loss = _loss(losses, fall=known)
    return replace(loss, causes=tuple(causes))


def give_up(loss: Loss, rows: Iterable[str], plan: Plan) -> Loss:
    """The loss when nobody else can be asked for these rows: unserved, or not coming where a part was delivered."""
    route = loss.route
    assert route.standing is not None
    dropped = {row.external_id: row.dropped for row in plan.rows}
    given_up: list[RowStanding] = []
    for external_id in rows:
        row = route.standing.row(external_id)
        assert row is not None
        quantity = min(loss.wanted[external_id], row.rerouting)
        final = external_id in loss.final
        given_up.append(
            standing.changed(
                row,
                rerouting=row.rerouting - quantity,
                unserved=row.unserved + (ZERO if final else quantity),
                cancelled=row.cancelled + (quantity if final else ZERO),
                reason=NOBODY_ELSE if final else reason_for((), dropped.get(external_id, ())),
            )
        )
    changed = replace(route, standing=route.standing.replaced(given_up))
    left = {external_id: quantity for external_id, quantity in loss.wanted.items() if external_id not in set(rows)}
    return replace(loss, route=settled_followers(changed), wanted=left)


def end(route: Route, because: str, shipments: Iterable[Shipment]) -> Loss:
    """An order that is not wanted any more, with its open shipments called off: what was delivered stays.

    `releases` end what waits; what is reserved is let go of as a whole.
    """
    assert route.standing is not None
    known = {shipment.shipment_id: shipment for shipment in shipments}
    releases = tuple(
        PartRelease(row_id=row.external_id, quantity=line.quantity, lot=line.lot)
        for row in route.standing.rows
        for line in row.lines
    )
    rows: list[RowStanding] = []
    for row in route.standing.rows:
        gone = [
            (
                piece,
                piece.quantity
                - _delivered(
                    None if piece.shipment_id is None else known.get(piece.shipment_id), row.external_id, piece
                ),
            )
            for piece in row.pieces
        ]
        rows.append(standing.over(standing.less(row, gone), because))
    ended = replace(route, standing=route.standing.replaced(rows))
    return Loss(replace(ended, round=route.round + 1), releases=releases)


def stop_waiting(route: Route, at: datetime) -> Loss | None:
    """An order of which rows are not to wait any more: what waited is not coming; None when nothing of them waits."""
    assert route.standing is not None
    stopped = [row for row in route.standing.rows if row.external_id in route.no_waiting and row.waiting > 0]
    if not stopped:
        return None
    after = route.standing.replaced(
        standing.changed(
            row,
            waiting=ZERO,
            lines=(),
            cancelled=row.cancelled + row.waiting,
            reason=row.reason or NO_BACKORDER,
        )
        for row in stopped
    )
    releases = tuple(
        PartRelease(row_id=row.external_id, quantity=line.quantity, lot=line.lot)
        for row in stopped
        for line in row.lines
    )
    stopped_waiting = plain(sum((row.waiting for row in stopped), ZERO))
    cause = f"{NO_BACKORDER}: {stopped_waiting} cancelled"
    return Loss(told(replace(route, standing=after), cause, at), releases=releases)


def _loss(losses: Losses, fall: Mapping[tuple[str, Piece], Decimal] | None = None) -> Loss:
    """What follows from losses. `fall` are those that the shipments do not show yet."""
    route = losses.route
    assert route.standing is not None
    losses.pull_what_must_be_whole()
    losses.pull_broken_sets()
    losses.pull_followers()
    order = route.order
    lost_of: dict[str, list[tuple[Piece, Decimal]]] = {}
    for row in route.standing.rows:
        keys = [(row.external_id, piece) for piece in row.pieces]
        lost = [(key[1], losses.lost(key)) for key in keys if losses.lost(key) > 0]
        if lost:
            lost_of[row.external_id] = lost
    partial = {row.external_id: row.partial_delivery_allowed for row in order.rows}
    lefts = {row.external_id: standing.less(row, lost_of.get(row.external_id, ())) for row in route.standing.rows}
    ended = bundling.with_mates(order, [name for name in lost_of if not partial[name] and lefts[name].pieces])
    # What waits may come from the very catalogue that has declined: it waits elsewhere, or is asked of others.
    anew = bundling.with_mates(
        order, () if fall or route.cancelled else [name for name in lost_of if name not in ended]
    )
    wanted: dict[str, Decimal] = {}
    final: set[str] = set()
    released: list[PartRelease] = []
    rows: list[RowStanding] = []
    for row in route.standing.rows:
        lost = lost_of.get(row.external_id, [])
        again = row.waiting if row.external_id in anew else ZERO
        if not lost and not again:
            continue
        quantity = sum((gone for _, gone in lost), ZERO)
        left = lefts[row.external_id]
        # Whoever was counted short of it has not declined it.
        barred = left if fall else standing.barring(left, [piece.catalogue_id for piece, _ in lost])
        sent = any(not losses.open(piece) and gone < piece.quantity for piece, gone in lost)
        if route.cancelled is not None:
            rows.append(standing.changed(left, cancelled=row.cancelled + quantity, reason=route.cancelled.cause))
        elif not row.stocked:
            over = any(_delivered_otherwise(losses, piece) for piece, _ in lost)
            rows.append(
                standing.changed(left, cancelled=row.cancelled + quantity, reason=NOBODY_ELSE)
                if over
                else standing.changed(left, rerouting=row.rerouting + quantity)
            )
        elif row.external_id in ended:
            rows.append(standing.changed(barred, cancelled=row.cancelled + quantity, reason=NOT_PARTIALLY))
        else:
            released.extend(
                PartRelease(row_id=row.external_id, quantity=line.quantity, lot=line.lot)
                for line in (row.lines if again else ())
            )
            wanted[row.external_id] = quantity + again
            # What a catalogue has declined is asked of the others once; what it lacks, whoever has it may serve later.
            final |= {row.external_id} if sent or not fall else set()
            kept = barred.model_copy(update={"waiting": ZERO, "lines": ()}) if again else barred
            rows.append(standing.changed(kept, rerouting=row.rerouting + quantity + again))
    falls: dict[UUID, dict[RowKey, Decimal]] = {}
    for source in (fall or {}, losses.pulled):
        for (external_id, piece), quantity in source.items():
            if piece.shipment_id is not None:
                rows_of = falls.setdefault(piece.shipment_id, {})
                key = (external_id, piece.product_id)
                rows_of[key] = rows_of.get(key, ZERO) + quantity
            elif source is losses.pulled:
                released.append(
                    PartRelease(
                        row_id=external_id,
                        quantity=quantity,
                        lot=piece.lot,
                        catalogue_id=piece.catalogue_id,
                        product_id=piece.product_id,
                    )
                )
    changed = settled_followers(replace(route, standing=route.standing.replaced(rows)))
    return Loss(changed, wanted, frozenset(final), falls, tuple(released))


def _cause(shipment: Shipment) -> str:
    if shipment.status == DELIVERED:
        return f"{shipment.catalogue_id} delivered less"
    if shipment.status_reason == NOT_ACCEPTED:
        return f"no answer from {shipment.catalogue_id} in time"
    return f"rejected by {shipment.catalogue_id}"


def _delivered_otherwise(losses: Losses, piece: Piece) -> bool:
    """Whether a piece was left out of a shipment that was delivered."""
    shipment = None if piece.shipment_id is None else losses.shipments.get(piece.shipment_id)
    return shipment is not None and shipment.status == DELIVERED


def _coming(shipment: Shipment, row_id: str, product_id: str) -> Decimal:
    """What of a row is still to be delivered from a shipment, or was."""
    return sum(
        (
            row.delivered if shipment.closed else row.quantity
            for row in shipment.rows
            if (row.row_id, row.product_id) == (row_id, product_id)
        ),
        ZERO,
    )


def _delivered(shipment: Shipment | None, row_id: str, piece: Piece) -> Decimal:
    """What of a piece was delivered, once its shipment is closed; nothing of what is in no shipment."""
    return ZERO if shipment is None else min(piece.quantity, _coming(shipment, row_id, piece.product_id))
