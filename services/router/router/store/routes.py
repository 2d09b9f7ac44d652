"""Orders on their way, and the records of what was decided for them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from router.domain import DecisionRecord, Plan, Route
from router.store import amendments
from shared import postgres
from shared.contracts import Delivery, OrderPlaced
from shared.postgres import Record, Transaction

COLUMNS = (
    "order_id, round, placed, plan, record, postponed_until, held, shipped, amended, delivery, cancelled_at,"
    " cancelled_because"
)


async def routes_of(tx: Transaction, order_ids: Collection[UUID]) -> Mapping[UUID, Route]:
    """The routes of those orders that are known, by order id."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM routes WHERE order_id = ANY($1::uuid[])",  # noqa: S608
        list(order_ids),
    )
    return {row["order_id"]: _route(row) for row in rows}


async def routes_for_update(tx: Transaction, order_ids: Collection[UUID]) -> Mapping[UUID, Route]:
    """The routes of those orders that are known, by order id, locked in the order of ids."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM routes WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE",  # noqa: S608
        list(order_ids),
    )
    return {row["order_id"]: _route(row) for row in rows}


async def save_routes(tx: Transaction, routes: Iterable[Route], asked_at: datetime) -> set[UUID]:
    """Note orders of which inventory is asked; return the ids of those that nobody else had noted meanwhile."""
    saved = await tx.fetch(
        "INSERT INTO routes (order_id, retailer_id, external_id, round, state, placed, plan, postponed_until, held,"
        " amended, delivery, cancelled_at, cancelled_because, asked_at)"
        " SELECT order_id, retailer_id, external_id, round, 'asked', placed, plan, postponed_until, held, amended,"
        " delivery, cancelled_at, cancelled_because, $13::timestamptz"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::bytea[], $6::bytea[], $7::timestamptz[],"
        " $8::bool[], $9::int[], $10::bytea[], $11::timestamptz[], $12::text[])"
        " AS asked (order_id, retailer_id, external_id, round, placed, plan, postponed_until, held, amended, delivery,"
        " cancelled_at, cancelled_because)"
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
                    *_amended(route),
                )
                for route in routes
            ),
            12,
        ),
        asked_at,
    )
    return {row["order_id"] for row in saved}


async def postponed_routes(tx: Transaction, retailer_ids: Collection[str]) -> list[Route]:
    """The postponed routes of retailers, locked; those that somebody else has in hand are left to him."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM routes"  # noqa: S608
        " WHERE postponed_until IS NOT NULL AND retailer_id = ANY($1::text[]) ORDER BY order_id FOR UPDATE SKIP LOCKED",
        list(retailer_ids),
    )
    return [_route(row) for row in rows]


async def overdue_routes(tx: Transaction, limit: int) -> list[Route]:
    """Postponed routes whose time has come, longest overdue first, locked as in `postponed_routes`."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM routes"  # noqa: S608
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


async def save_decided(tx: Transaction, routes: Iterable[Route]) -> None:
    """Note what was decided for orders whose routes are locked, and whether it was shipped."""
    await tx.execute(
        "UPDATE routes SET state = 'routed', record = decided.record, outcome = decided.outcome,"
        " decided_at = decided.decided_at, round = decided.round, shipped = decided.shipped, postponed_until = NULL"
        " FROM unnest($1::uuid[], $2::jsonb[], $3::text[], $4::timestamptz[], $5::int[], $6::bool[])"
        " AS decided (order_id, record, outcome, decided_at, round, shipped)"
        " WHERE routes.order_id = decided.order_id",
        *postgres.columns(
            (
                (
                    record.order_id,
                    record.model_dump_json().encode(),
                    record.outcome,
                    record.decided_at,
                    route.round,
                    route.shipped,
                )
                for route in routes
                if (record := route.record) is not None
            ),
            6,
        ),
    )


async def save_amended(tx: Transaction, routes: Iterable[Route]) -> None:
    """Note how retailers changed their minds about orders whose routes are locked."""
    await tx.execute(
        "UPDATE routes SET record = amended.record, held = amended.held, amended = amended.version,"
        " delivery = amended.delivery, cancelled_at = amended.cancelled_at,"
        " cancelled_because = amended.cancelled_because"
        " FROM unnest($1::uuid[], $2::jsonb[], $3::bool[], $4::int[], $5::bytea[], $6::timestamptz[], $7::text[])"
        " AS amended (order_id, record, held, version, delivery, cancelled_at, cancelled_because)"
        " WHERE routes.order_id = amended.order_id",
        *postgres.columns(
            (
                (
                    route.order.order_id,
                    None if route.record is None else route.record.model_dump_json().encode(),
                    *_amended(route),
                )
                for route in routes
            ),
            7,
        ),
    )


async def record_of(tx: Transaction, external_id: str) -> DecisionRecord | None:
    """The record of the order its retailer, to whom the transaction is bound, calls so; None until it is decided.

    Of several with that number the newest counts: order ids begin with their moment.
    """
    found = await tx.fetch_value(
        "SELECT record FROM routes WHERE external_id = $1"
        " AND retailer_id = (SELECT current_setting('sluice.organisation', true)) ORDER BY order_id DESC LIMIT 1",
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
        held=row["held"],
        shipped=row["shipped"],
        amended=row["amended"],
        amended_delivery=None if row["delivery"] is None else Delivery.model_validate_json(row["delivery"]),
        cancelled=amendments.cancellation(row),
    )


def _amended(route: Route) -> tuple[object, ...]:
    """The columns `held`, `amended`, `delivery`, `cancelled_at` and `cancelled_because`."""
    return (
        route.held,
        route.amended,
        None if route.amended_delivery is None else amendments.document(route.amended_delivery),
        route.cancelled and route.cancelled.at,
        route.cancelled and route.cancelled.cause,
    )
