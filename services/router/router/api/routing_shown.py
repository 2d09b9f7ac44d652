"""The decision record of an order as its retailer reads it, with what has become of the order since."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from pydantic import Field

from router.domain import DecisionRecord, Piece, RowRecord, RowStanding, Standing, WouldChange
from shared import wire
from shared.contracts import Seen, Taking


class PartShown(wire.WireModel):
    """A quantity of a row, and the catalogue that serves it."""

    external_warehouse_id: str = Field(description="The catalogue, by its retailer's id", examples=["01093579"])
    quantity: wire.Number = Field(description="How much of the row", examples=[3])


class CandidateShown(wire.WireModel):
    """A catalogue that has the product: its rank and the numbers seen, or the rule that dropped it as the verdict."""

    external_warehouse_id: str = Field(description="The catalogue, by its retailer's id", examples=["01093579"])
    rank: int | None = Field(default=None, description="When it was asked; the first is 1", examples=[1])
    quantity: wire.Number | None = Field(default=None, description="Units that were available then", examples=[3])
    allocated: wire.Number | None = Field(default=None, description="Units promised to other orders", examples=[0])
    held: wire.Number | None = Field(default=None, description="Units others held for a while", examples=[0])
    safety_stock: wire.Number | None = Field(default=None, description="Units no order gets", examples=[0])
    unlimited: bool | None = Field(
        default=None, description="Given and true: it never runs out, whatever the quantity", examples=[True]
    )
    taken: wire.Number | None = Field(default=None, description="Units this row took", examples=[3])
    waiting: wire.Number | None = Field(default=None, description="Units of this row that wait there", examples=[2])
    back_order_room: wire.Number | None = Field(
        default=None,
        description="How many units more could have waited there; 0 where backorders are not allowed, left out where"
        " there is no limit",
        examples=[10],
    )
    verdict: str = Field(
        description="`taken`, `waiting`, or the first rule that passed it over",
        examples=["taken", "no stock", "inactive"],
    )


class ChangeShown(wire.WireModel):
    """The smallest change that would have put all of the row into a catalogue."""

    external_warehouse_id: str = Field(description="The catalogue, by its retailer's id", examples=["01093579"])
    units: wire.Number | None = Field(
        default=None, description="So many units more in stock there would have done", examples=[4]
    )
    priority: int | None = Field(
        default=None,
        description="This priority of the catalogue would have done, with the units if both are given",
        examples=[9],
    )
    sentence: str = Field(
        description="The change, for people, or why none would have helped",
        examples=["4 more units", "priority 9, before 01093579", "nothing: inactive"],
    )


class PieceShown(wire.WireModel):
    """A quantity that a catalogue has promised: of an open shipment what is to come, of a closed one what came."""

    external_warehouse_id: str = Field(description="The catalogue, by its retailer's id", examples=["01093579"])
    quantity: wire.Number = Field(description="How much of the row", examples=[3])
    shipment_id: UUID | None = Field(default=None, description="Its shipment; none as long as the order is held")


class StandingShown(wire.WireModel):
    """Where a row is now. All quantities, those of the pieces included, add up to the row's."""

    pieces: tuple[PieceShown, ...] = Field(description="What is promised or delivered, and by which catalogue")
    waiting: wire.Number = Field(description="What waits for stock", examples=[0])
    rerouting: wire.Number = Field(description="What somebody else is being asked for", examples=[0])
    unserved: wire.Number = Field(description="What nobody serves; it is tried again when that may change")
    cancelled: wire.Number = Field(description="What is not coming any more", examples=[0])
    reason: str | None = Field(default=None, description="Why something is unserved or not coming")
    declined_by: tuple[str, ...] = Field(
        default=(), description="Catalogues that are not asked for the row again, because they did not send it"
    )


class RowDecided(wire.WireModel):
    """How a row was decided: taken, waiting and unserved add up to its quantity."""

    external_id: str = Field(description="The row's id in the order", examples=["1"])
    quantity: wire.Number = Field(description="How much was ordered", examples=[5])
    taken: tuple[PartShown, ...] = Field(description="What was promised from the shelf")
    waiting: tuple[PartShown, ...] = Field(description="What waits for stock, and where")
    unserved: wire.Number = Field(description="What nobody serves", examples=[0])
    reason: str | None = Field(default=None, description="Why something is unserved", examples=["no stock"])
    candidates: tuple[CandidateShown, ...] = Field(description="Every catalogue with the product, as it was asked")
    would_change: tuple[ChangeShown, ...] = Field(
        default=(), description="For each catalogue that did not get all of the row: what would have changed that"
    )
    standing: StandingShown | None = Field(default=None, description="Where the row is by now")


class HistoryEntry(wire.WireModel):
    """A change after the decision, and what caused it."""

    timestamp: wire.Moment = Field(description="When it was", examples=["2026-01-02T09:00:00.000Z"])
    cause: str = Field(
        description="What happened, and by whom", examples=["released", "rejected by W1", "filled: 4 from W1"]
    )


class RoutingRecord(wire.WireModel):
    """The decision record of an order. Of several orders with one number it is that of the newest."""

    external_id: str = Field(description="The order's number, as its shop gave it", examples=["BAR1"])
    outcome: str = Field(
        description="`full`, `backordered`, `partial`, `none`, or `refused` when nothing may be sent without the rest",
        examples=["full"],
    )
    decided_at: wire.Moment = Field(description="When it was decided", examples=["2026-01-02T08:00:01.000Z"])
    rules: str = Field(description="The version of the rules", examples=["2026.4"])
    strategy: str = Field(description="How catalogues were ranked", examples=["priority"])
    all_or_nothing: bool = Field(
        default=False, description="Whether any short row refuses the whole order", examples=[False]
    )
    rows: tuple[RowDecided, ...] = Field(description="The rows, in the order's order")
    history: tuple[HistoryEntry, ...] = Field(default=(), description="What has happened to the order since")
    notes: tuple[str, ...] | None = Field(
        default=None,
        description="What else is to be known of the decision, such as that a reservation it names was over",
        examples=[["the order took nothing of its reservation, which stays until its time is over"]],
    )


def shown(
    record: DecisionRecord, standing: Standing | None, changes: Mapping[str, Sequence[WouldChange]]
) -> RoutingRecord:
    """An order's record, with what would have changed it, by row, and where its rows are now."""
    now = {} if standing is None else {row.external_id: row for row in standing.rows}
    return RoutingRecord(
        external_id=record.external_id,
        outcome=record.outcome,
        decided_at=record.decided_at,
        rules=record.rules,
        strategy=record.strategy,
        all_or_nothing=record.all_or_nothing,
        rows=tuple(_row(row, changes.get(row.external_id, ()), now.get(row.external_id)) for row in record.rows),
        history=tuple(HistoryEntry(timestamp=entry.at, cause=entry.cause) for entry in record.history),
        notes=record.notes or None,
    )


def _row(row: RowRecord, changes: Iterable[WouldChange], now: RowStanding | None) -> RowDecided:
    return RowDecided(
        external_id=row.external_id,
        quantity=row.quantity,
        taken=parts(row.taken),
        waiting=parts(row.waiting),
        unserved=row.unserved,
        reason=row.reason,
        candidates=(
            *(candidate(rank, seen) for rank, seen in enumerate(row.candidates, 1)),
            *(CandidateShown(external_warehouse_id=d.catalogue_id, verdict=d.reason) for d in row.dropped),
        ),
        would_change=tuple(
            ChangeShown(
                external_warehouse_id=change.catalogue_id,
                units=change.units,
                priority=change.priority,
                sentence=change.sentence,
            )
            for change in changes
        ),
        standing=None if now is None else _standing(now),
    )


def _standing(row: RowStanding) -> StandingShown:
    return StandingShown(
        pieces=_pieces(row.pieces),
        waiting=row.waiting,
        rerouting=row.rerouting,
        unserved=row.unserved,
        cancelled=row.cancelled,
        reason=row.reason,
        declined_by=row.barred,
    )


def _pieces(pieces: Iterable[Piece]) -> tuple[PieceShown, ...]:
    return tuple(
        PieceShown(external_warehouse_id=piece.catalogue_id, quantity=piece.quantity, shipment_id=piece.shipment_id)
        for piece in pieces
    )


def parts(takings: Iterable[Taking]) -> tuple[PartShown, ...]:
    """Takings as they are answered."""
    return tuple(PartShown(external_warehouse_id=taking.catalogue_id, quantity=taking.quantity) for taking in takings)


def candidate(rank: int, seen: Seen) -> CandidateShown:
    """A candidate that was asked, as it is answered."""
    return CandidateShown(
        external_warehouse_id=seen.catalogue_id,
        rank=rank,
        quantity=seen.quantity,
        allocated=seen.allocated,
        held=seen.held,
        safety_stock=seen.safety_stock,
        unlimited=seen.unlimited or None,
        taken=seen.taken,
        waiting=seen.waiting,
        back_order_room=seen.back_order_room,
        verdict=seen.verdict,
    )
