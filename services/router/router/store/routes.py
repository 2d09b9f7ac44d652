"""Orders on their way, and the records of what was decided for them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from router.domain import DecisionRecord, Plan, Route
from shared import postgres
from shared.contracts import OrderPlaced
from shared.postgres import Record, Transaction


async def routes_of(tx: Transaction, order_ids: Collection[UUID]) -> Mapping[UUID, Route]:
    """The routes of those orders that are known, by order id."""
    rows = await tx.fetch(
        "SELECT order_id, round, placed, plan, record, postponed_until FROM routes WHERE order_id = ANY($1::uuid[])",
        list(order_ids),
    )
    return {row["order_id"]: _route(row) for row in rows}


async def routes_for_update(tx: Transaction, order_ids: Collection[UUID]) -> Mapping[UUID, Route]:
    """The routes of those orders that are known, by order id, locked in the order of ids."""
    rows = await tx.fetch(
        "SELECT order_id, round, placed, plan, record, postponed_until FROM routes WHERE order_id = ANY($1::uuid[])"
        " ORDER BY order_id FOR UPDATE",
        list(order_ids),
    )
    return {row["order_id"]: _route(row) for row in rows}


async def save_routes(tx: Transaction, routes: Iterable[Route], asked_at: datetime) -> set[UUID]:
    """Note orders of which inventory is asked; return the ids of those that nobody else had noted meanwhile."""
    saved = await tx.fetch(
        "INSERT INTO routes (order_id, retailer_id, external_id, round, state, placed, plan, postponed_until, asked_at)"
        " SELECT order_id, retailer_id, external_id, round, 'asked', placed, plan, postponed_until, $8::timestamptz"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::bytea[], $6::bytea[], $7::timestamptz[])"
        " AS asked (order_id, retailer_id, external_id, round, placed, plan, postponed_until)"
        " ORDER BY order_id ON CONFLICT (order_id) DO NOTHING RETURNING order_id",
        *postgres.columns(
            (
                (
                    route.order.order_id,
                    route.order.retailer_id,
                    route.order.external_id,
                    route.round,
                    route.order.model_dump_json(exclude_defaults=True).encode(),
                    route.plan.model_dump_json(exclude_defaults=True).encode(),
                    route.postponed_until,
                )
                for route in routes
            ),
            7,
        ),
        asked_at,
    )
    return {row["order_id"] for row in saved}


async def postponed_routes(tx: Transaction, retailer_ids: Collection[str]) -> list[Route]:
    """The postponed routes of retailers, locked; those that somebody else has in hand are left to him."""
    rows = await tx.fetch(
        "SELECT order_id, round, placed, plan, record, postponed_until FROM routes"
        " WHERE postponed_until IS NOT NULL AND retailer_id = ANY($1::text[]) ORDER BY order_id FOR UPDATE SKIP LOCKED",
        list(retailer_ids),
    )
    return [_route(row) for row in rows]


async def overdue_routes(tx: Transaction, limit: int) -> list[Route]:
    """Postponed routes whose time has come, longest overdue first, locked as in `postponed_routes`."""
    rows = await tx.fetch(
        "SELECT order_id, round, placed, plan, record, postponed_until FROM routes"
        " WHERE postponed_until <= now() ORDER BY postponed_until LIMIT $1 FOR UPDATE SKIP LOCKED",
        limit,
    )
    return [_route(row) for row in rows]


async def count_postponed(tx: Transaction) -> int:
    """How many orders wait for news of a product."""
    count: int = await tx.fetch_value("SELECT count(*) FROM routes WHERE postponed_until IS NOT NULL")
    return count


async def save_plans(tx: Transaction, routes: Collection[Route]) -> None:
    """Note the new candidates of postponed orders, of which inventory is asked now."""
    await tx.execute(
        "UPDATE routes SET plan = asked.plan, postponed_until = NULL, asked_at = now()"
        " FROM unnest($1::uuid[], $2::bytea[]) AS asked (order_id, plan) WHERE routes.order_id = asked.order_id",
        [route.order.order_id for route in routes],
        [route.plan.model_dump_json(exclude_defaults=True).encode() for route in routes],
    )


async def save_records(tx: Transaction, records: Iterable[DecisionRecord]) -> None:
    """Note what was decided for orders whose routes are locked."""
    await tx.execute(
        "UPDATE routes SET state = 'routed', record = decided.record, outcome = decided.outcome,"
        " decided_at = decided.decided_at"
        " FROM unnest($1::uuid[], $2::jsonb[], $3::text[], $4::timestamptz[])"
        " AS decided (order_id, record, outcome, decided_at)"
        " WHERE routes.order_id = decided.order_id",
        *postgres.columns(
            (
                (record.order_id, record.model_dump_json().encode(), record.outcome, record.decided_at)
                for record in records
            ),
            4,
        ),
    )


async def record_of(tx: Transaction, external_id: str) -> DecisionRecord | None:
    """The record of the order its retailer, to whom the transaction is bound, calls so; None until it is decided."""
    found = await tx.fetch_value(
        "SELECT record FROM routes WHERE external_id = $1"
        " AND retailer_id = (SELECT current_setting('sluice.organisation', true))",
        external_id,
    )
    return None if found is None else DecisionRecord.model_validate(found)


def _route(row: Record) -> Route:
    return Route(
        OrderPlaced.model_validate_json(row["placed"]),
        Plan.model_validate_json(row["plan"]),
        row["round"],
        None if row["record"] is None else DecisionRecord.model_validate(row["record"]),
        row["postponed_until"],
    )
