"""Why an order went where it went, for the retailer who placed it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field

from router import store
from router.domain import DecisionRecord, RowRecord
from shared import auth, problems, wire
from shared.contracts import Seen, Taking
from shared.postgres import Database

router = APIRouter(tags=["orders"])


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
    taken: wire.Number | None = Field(default=None, description="Units this row took", examples=[3])
    verdict: str = Field(
        description="`taken`, or the first rule that passed it over", examples=["taken", "no stock", "inactive"]
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


class HistoryEntry(wire.WireModel):
    """A change after the decision, and what caused it."""

    timestamp: wire.Moment = Field(description="When it was", examples=["2026-01-02T09:00:00.000Z"])
    cause: str = Field(description="What happened, and by whom", examples=["released", "cancelled by the retailer"])


class RoutingRecord(wire.WireModel):
    """The decision record of an order. Of several orders with one number it is that of the newest."""

    external_id: str = Field(description="The order's number, as its shop gave it", examples=["BAR1"])
    outcome: str = Field(
        description="`full`, `backordered`, `partial`, `none`, or `refused` when nothing may be sent without the rest",
        examples=["full"],
    )
    decided_at: wire.Moment = Field(description="When it was decided", examples=["2026-01-02T08:00:01.000Z"])
    rules: str = Field(description="The version of the rules", examples=["2026.1"])
    strategy: str = Field(description="How catalogues were ranked", examples=["priority"])
    rows: tuple[RowDecided, ...] = Field(description="The rows, in the order's order")
    history: tuple[HistoryEntry, ...] = Field(default=(), description="What has happened to the order since")


@router.get(
    "/ecommerce/v3/orders/{external_id:path}/routing",
    summary="Why an order went where it went",
    description="Every row with every catalogue that has its product: what was seen, what was taken, or why not.",
    response_description="The record; there is none until the order is decided",
    response_model=RoutingRecord,
)
async def routing_of(
    request: Request,
    caller: Annotated[auth.Caller, Depends(auth.caller_with("retailer"))],
    external_id: Annotated[str, Path(description="The order's number, as its shop gave it", examples=["BAR1"])],
) -> Response:
    """404 until the order is decided, and for somebody else's order."""
    database: Database = request.app.state.database
    record = None
    if "\x00" not in external_id:
        async with database.transaction_of(caller.organisation) as tx:
            record = await store.record_of(tx, external_id)
    if record is None:
        raise problems.not_found(f"decided order {external_id}")
    return wire.answer(_shown(record))


def _shown(record: DecisionRecord) -> RoutingRecord:
    return RoutingRecord(
        external_id=record.external_id,
        outcome=record.outcome,
        decided_at=record.decided_at,
        rules=record.rules,
        strategy=record.strategy,
        rows=tuple(_row(row) for row in record.rows),
        history=tuple(HistoryEntry(timestamp=entry.at, cause=entry.cause) for entry in record.history),
    )


def _row(row: RowRecord) -> RowDecided:
    return RowDecided(
        external_id=row.external_id,
        quantity=row.quantity,
        taken=_parts(row.taken),
        waiting=_parts(row.waiting),
        unserved=row.unserved,
        reason=row.reason,
        candidates=(
            *(_candidate(rank, seen) for rank, seen in enumerate(row.candidates, 1)),
            *(CandidateShown(external_warehouse_id=d.catalogue_id, verdict=d.reason) for d in row.dropped),
        ),
    )


def _parts(takings: tuple[Taking, ...]) -> tuple[PartShown, ...]:
    return tuple(PartShown(external_warehouse_id=taking.catalogue_id, quantity=taking.quantity) for taking in takings)


def _candidate(rank: int, seen: Seen) -> CandidateShown:
    return CandidateShown(
        external_warehouse_id=seen.catalogue_id,
        rank=rank,
        quantity=seen.quantity,
        allocated=seen.allocated,
        held=seen.held,
        safety_stock=seen.safety_stock,
        taken=seen.taken,
        verdict=seen.verdict,
    )
