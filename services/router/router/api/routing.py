"""Why an order went where it went, for the retailer who placed it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from router import store
from router.domain import DecisionRecord, RowRecord
from shared import auth, problems, wire
from shared.contracts import Seen, Taking
from shared.postgres import Database

router = APIRouter(tags=["orders"])


class Part(wire.WireModel):
    """A quantity of a row, and the catalogue that serves it."""

    external_warehouse_id: str
    quantity: wire.Number


class CandidateShown(wire.WireModel):
    """A catalogue that has the product: its rank and the numbers seen, or the rule that dropped it as the verdict."""

    external_warehouse_id: str
    rank: int | None = None
    quantity: wire.Number | None = None
    allocated: wire.Number | None = None
    held: wire.Number | None = None
    safety_stock: wire.Number | None = None
    taken: wire.Number | None = None
    verdict: str


class RowShown(wire.WireModel):
    """How a row was decided: taken, waiting and unserved add up to its quantity."""

    external_id: str
    quantity: wire.Number
    taken: tuple[Part, ...]
    waiting: tuple[Part, ...]
    unserved: wire.Number
    reason: str | None = None
    candidates: tuple[CandidateShown, ...]


class HistoryEntry(wire.WireModel):
    """A change after the decision, and what caused it."""

    timestamp: wire.Moment
    cause: str


class RoutingRecord(wire.WireModel):
    """The decision record of an order."""

    external_id: str
    outcome: str
    decided_at: wire.Moment
    rules: str
    strategy: str
    rows: tuple[RowShown, ...]
    history: tuple[HistoryEntry, ...] = ()


@router.get(
    "/ecommerce/v3/orders/{external_id:path}/routing",
    summary="Why an order went where it went",
    description="Every row with every catalogue that has its product: what was seen, what was taken, or why not.",
    response_model=RoutingRecord,
)
async def routing_of(
    request: Request,
    caller: Annotated[auth.Caller, Depends(auth.caller_with("retailer"))],
    external_id: Annotated[str, Path(description="The order's own id, as its shop gave it")],
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
    )


def _row(row: RowRecord) -> RowShown:
    return RowShown(
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


def _parts(takings: tuple[Taking, ...]) -> tuple[Part, ...]:
    return tuple(Part(external_warehouse_id=taking.catalogue_id, quantity=taking.quantity) for taking in takings)


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
