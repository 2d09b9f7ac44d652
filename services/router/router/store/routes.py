"""Orders on their way, and the records of what was decided for them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from router import domain
from router.domain import DecisionRecord, Plan, Route, Standing
from router.store import amendments
from router.store.put_off import in_hand
from shared import postgres
from shared.contracts import Delivery, OrderPlaced
from shared.postgres import Record, Transaction
from shared.written import Written

COLUMNS = (
    "order_id, round, placed, plan, record, postponed_until, held, shipped, amended, delivery, cancelled_at,"
    " cancelled_because, standing, later, no_waiting, early"
)


ORDERS, PLANS = Written(OrderPlaced), Written(Plan)


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
        " amended, delivery, cancelled_at, cancelled_because, no_waiting, asked_at)"
        " SELECT order_id, retailer_id, external_id, round, 'asked', placed, plan, postponed_until, held, amended,"
        " delivery, cancelled_at, cancelled_because, string_to_array(no_waiting, chr(31)), $14::timestamptz"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::bytea[], $6::bytea[], $7::timestamptz[],"
        " $8::bool[], $9::int[], $10::bytea[], $11::timestamptz[], $12::text[], $13::text[])"
        " AS asked (order_id, retailer_id, external_id, round, placed, plan, postponed_until, held, amended, delivery,"
        " cancelled_at, cancelled_because, no_waiting)"
        " ORDER BY order_id ON CONFLICT (order_id) DO NOTHING RETURNING order_id",
        *postgres.columns(
            (
                (
                    route.order.order_id,
                    route.order.retailer_id,
                    route.order.external_id,
                    route.round,
                    ORDERS.write(route.order),
                    PLANS.write(route.plan),
                    route.postponed_until,
                    *_amended(route),
                )
                for route in routes
            ),
            13,
        ),
        asked_at,
    )
    return {row["order_id"] for row in saved}


async def postponed_routes(tx: Transaction, retailer_ids: Collection[str]) -> list[Route]:
    """The postponed routes of retailers, locked; those that somebody else has in hand are left to him."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM routes"  # noqa: S608
        " WHERE postponed_until IS NOT NULL AND retailer_id = ANY($1::text[])"
        f" AND {in_hand('patience', 'routes.order_id')} ORDER BY order_id FOR UPDATE SKIP LOCKED",
        list(retailer_ids),
    )
    return [_route(row) for row in rows]


OVERDUE = f"postponed_until <= now() AND {in_hand('patience', 'routes.order_id')}"


async def overdue_ids(tx: Transaction, limit: int) -> list[UUID]:
    """The orders of postponed routes whose time has come, longest overdue first."""
    rows = await tx.fetch(
        f"SELECT order_id FROM routes WHERE {OVERDUE} ORDER BY postponed_until LIMIT $1",  # noqa: S608
        limit,
    )
    return [row["order_id"] for row in rows]


async def overdue_routes(tx: Transaction, limit: int, only: Collection[UUID] | None = None) -> list[Route]:
    """Postponed routes whose time has come, longest overdue first, locked as in `postponed_routes`.

    `only`: of these orders alone.
    """
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM routes WHERE {OVERDUE} AND ($2::uuid[] IS NULL OR order_id = ANY($2))"  # noqa: S608
        " ORDER BY postponed_until LIMIT $1 FOR UPDATE SKIP LOCKED",
        limit,
        None if only is None else list(only),
    )
    return [_route(row) for row in rows]


DUE = (
    "SELECT u.order_id FROM unserved_rows u WHERE u.due"  # noqa: S608
    " AND NOT EXISTS (SELECT FROM asks a WHERE a.order_id = u.order_id AND a.retry)"
    f" AND {in_hand('retrying', 'u.order_id')} AND ($2::uuid[] IS NULL OR u.order_id = ANY($2))"
    " GROUP BY u.order_id, u.placed_at ORDER BY u.placed_at, u.order_id LIMIT $1"
)
"""The orders with unserved rows of which there is news, of some alone if they are named."""


async def due_ids(tx: Transaction, limit: int) -> list[UUID]:
    """The orders with unserved rows of which there is news, oldest first; see `due_routes`."""
    return [row["order_id"] for row in await tx.fetch(DUE, limit, None)]


async def due_routes(tx: Transaction, limit: int, only: Collection[UUID] | None = None) -> list[Route]:
    """Routes with unserved rows of which there is news, oldest order first, locked as in `postponed_routes`.

    One that is asked for again already is left until the answer has come. `only`: of these orders alone.
    """
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM routes WHERE order_id = ANY(ARRAY({DUE})) FOR UPDATE SKIP LOCKED",  # noqa: S608
        limit,
        None if only is None else list(only),
    )
    return sorted(map(_route, rows), key=lambda route: (route.order.placed_at, route.order.order_id))


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
    """Note what was decided for orders whose routes are locked, how their rows stand, and whether it was shipped."""
    await tx.execute(
        "UPDATE routes SET state = 'routed', record = decided.record, outcome = decided.outcome,"
        " decided_at = decided.decided_at, round = decided.round, shipped = decided.shipped,"
        " standing = decided.standing, postponed_until = NULL"
        " FROM unnest($1::uuid[], $2::jsonb[], $3::text[], $4::timestamptz[], $5::int[], $6::bool[], $7::jsonb[])"
        " AS decided (order_id, record, outcome, decided_at, round, shipped, standing)"
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
                    route.standing and route.standing.model_dump_json(exclude_defaults=True).encode(),
                )
                for route in routes
                if (record := route.record) is not None
            ),
            7,
        ),
    )


async def save_candidates(tx: Transaction, routes: Iterable[Route]) -> None:
    """Note the candidates of decided orders, and of their later rounds, as they are known now."""
    await tx.execute(
        "UPDATE routes SET plan = known.plan, later = known.later"
        " FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS known (order_id, plan, later)"
        " WHERE routes.order_id = known.order_id",
        *postgres.columns(
            (
                (
                    route.order.order_id,
                    route.plan.model_dump_json(exclude_defaults=True).encode(),
                    None if route.later is None else route.later.model_dump_json(exclude_defaults=True).encode(),
                )
                for route in routes
            ),
            3,
        ),
    )


async def save_rounds(tx: Transaction, rounds: Collection[tuple[UUID, int]]) -> None:
    """Note the newest round of orders whose routes are locked, when nothing else changes."""
    await tx.execute(
        "UPDATE routes SET round = asked.round FROM unnest($1::uuid[], $2::int[]) AS asked (order_id, round)"
        " WHERE routes.order_id = asked.order_id",
        *postgres.columns(rounds, 2),
    )


async def save_amended(tx: Transaction, routes: Iterable[Route]) -> None:
    """Note how retailers changed their minds about orders whose routes are locked."""
    await tx.execute(
        "UPDATE routes SET record = amended.record, held = amended.held, amended = amended.version,"
        " delivery = amended.delivery, cancelled_at = amended.cancelled_at,"
        " cancelled_because = amended.cancelled_because, no_waiting = string_to_array(amended.no_waiting, chr(31))"
        " FROM unnest($1::uuid[], $2::jsonb[], $3::bool[], $4::int[], $5::bytea[], $6::timestamptz[], $7::text[],"
        " $8::text[])"
        " AS amended (order_id, record, held, version, delivery, cancelled_at, cancelled_because, no_waiting)"
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
            8,
        ),
    )


async def route_called(tx: Transaction, external_id: str) -> Route | None:
    """The order its retailer, to whom the transaction is bound, calls so; None when there is none.

    Of several with that number the newest counts: order ids begin with their moment.
    """
    found = await tx.fetch_one(
        f"SELECT {COLUMNS} FROM routes WHERE external_id = $1"  # noqa: S608
        " AND retailer_id = (SELECT current_setting('sluice.organisation', true)) ORDER BY order_id DESC LIMIT 1",
        external_id,
    )
    return None if found is None else _route(found)


def _route(row: Record) -> Route:
    route = Route(
        ORDERS.read(row["placed"]),
        PLANS.read(row["plan"]),
        row["round"],
        None if row["record"] is None else DecisionRecord.model_validate(row["record"]),
        row["postponed_until"],
        held=row["held"],
        shipped=row["shipped"],
        amended=row["amended"],
        amended_delivery=None if row["delivery"] is None else Delivery.model_validate_json(row["delivery"]),
        cancelled=amendments.cancellation(row),
        standing=None if row["standing"] is None else Standing.model_validate(row["standing"]),
        later=None if row["later"] is None else Plan.model_validate_json(row["later"]),
        no_waiting=tuple(row["no_waiting"]),
        early=row["early"],
    )
    if route.record is None or route.standing is not None:
        return route
    # A release from before there were standings has decided it.
    return replace(route, standing=domain.first_standing(route))


def _amended(route: Route) -> tuple[object, ...]:
    """The columns `held`, `amended`, `delivery`, `cancelled_at`, `cancelled_because` and `no_waiting` as one text."""
    return (
        route.held,
        route.amended,
        None if route.amended_delivery is None else amendments.document(route.amended_delivery),
        route.cancelled and route.cancelled.at,
        route.cancelled and route.cancelled.cause,
        amendments.SEPARATOR.join(route.no_waiting),
    )
