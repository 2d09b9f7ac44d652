"""Where orders stand, and what of their rows went into which shipment."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson

from order_intake.domain import Order, Part, Row, Step
from shared import postgres
from shared.postgres import Record, Transaction


async def orders_for_update(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Order]:
    """Those of the orders that are in the book, locked, without their rows."""
    rows = await tx.fetch(
        "SELECT id, retailer_id, round, status, history, cancelled, held, version, catalogues FROM orders"
        " WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE",
        list(ids),
    )
    return {row["id"]: order_of(row, {}) for row in rows}


async def parts_of(tx: Transaction, ids: Iterable[UUID]) -> dict[tuple[UUID, str], dict[UUID, Part]]:
    """The parts of the orders' rows: by order id and row, by shipment, in the order of the shipments."""
    rows = await tx.fetch(
        "SELECT order_id, row_external_id, shipment_id, catalogue_id, quantity, told, delivered, status, closed,"
        " version, routed_at, changed_at, tracking_codes FROM row_parts WHERE order_id = ANY($1::uuid[])"
        " ORDER BY order_id, row_external_id, shipment_id",
        list(ids),
    )
    parts: dict[tuple[UUID, str], dict[UUID, Part]] = {}
    for row in rows:
        parts.setdefault((row["order_id"], row["row_external_id"]), {})[row["shipment_id"]] = Part(
            shipment_id=row["shipment_id"],
            catalogue_id=row["catalogue_id"],
            quantity=row["quantity"],
            told=row["told"],
            delivered=row["delivered"],
            status=row["status"],
            closed=row["closed"],
            version=row["version"],
            routed_at=row["routed_at"],
            changed_at=row["changed_at"],
            tracking_codes=tuple(row["tracking_codes"]),
        )
    return parts


async def sent_before(tx: Transaction, ids: Iterable[UUID]) -> dict[tuple[UUID, str], tuple[UUID, ...]]:
    """The shipments that delivered something of orders whose places these took, by order and row, the oldest first."""
    rows = await tx.fetch(
        "WITH RECURSIVE line AS (SELECT id AS shown, replaces AS id FROM orders WHERE id = ANY($1::uuid[])"
        " UNION ALL SELECT line.shown, o.replaces FROM line JOIN orders o ON o.id = line.id)"
        " SELECT line.shown, p.row_external_id, p.shipment_id FROM line JOIN row_parts p ON p.order_id = line.id"
        " WHERE p.delivered > 0 ORDER BY p.order_id, p.shipment_id",
        list(ids),
    )
    found: dict[tuple[UUID, str], tuple[UUID, ...]] = {}
    for row in rows:
        key = (row["shown"], row["row_external_id"])
        found[key] = (*found.get(key, ()), row["shipment_id"])
    return found


async def rows_of(
    tx: Transaction, ids: Iterable[UUID], parts: Mapping[tuple[UUID, str], Mapping[UUID, Part]]
) -> dict[UUID, dict[str, Row]]:
    """The orders' rows with their parts, by order id and row, as posted."""
    found = await tx.fetch(
        "SELECT order_id, external_id, quantity, reserved, waiting, rerouting, unserved, delivered, cancelled,"
        " delivered_before, cancelled_before, reason, status, history FROM order_rows"
        " WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, position",
        list(ids),
    )
    rows: dict[UUID, dict[str, Row]] = {}
    for row in found:
        rows.setdefault(row["order_id"], {})[row["external_id"]] = Row(
            external_id=row["external_id"],
            quantity=row["quantity"],
            reserved=row["reserved"],
            waiting=row["waiting"],
            rerouting=row["rerouting"],
            unserved=row["unserved"],
            delivered=row["delivered"],
            cancelled=row["cancelled"],
            delivered_before=row["delivered_before"],
            cancelled_before=row["cancelled_before"],
            reason=row["reason"],
            status=row["status"],
            history=_steps(row),
            parts=parts.get((row["order_id"], row["external_id"]), {}),
        )
    return rows


async def save_orders(tx: Transaction, orders: Sequence[Order]) -> None:
    """Save where orders stand, without their rows.

    The time of the change is that of the clock, not of the transaction's beginning: who asks for what has changed since
    he asked last must not miss it.
    """
    await tx.execute(
        "UPDATE orders SET round = new.round, status = new.status, history = new.history, cancelled = new.cancelled,"
        " held = new.held, version = new.version,"
        " catalogues = ARRAY(SELECT jsonb_array_elements_text(new.catalogues)), updated_at = clock_timestamp()"
        " FROM unnest($1::uuid[], $2::int[], $3::text[], $4::jsonb[], $5::bool[], $6::bool[], $7::int[], $8::jsonb[])"
        " AS new (id, round, status, history, cancelled, held, version, catalogues) WHERE orders.id = new.id",
        *postgres.columns(
            (
                (
                    *(order.id, order.round, order.status, kept_steps(order.history), order.cancelled, order.held),
                    *(order.version, orjson.dumps(order.catalogues)),
                )
                for order in orders
            ),
            8,
        ),
    )


async def save_rows(tx: Transaction, rows: Sequence[tuple[Order, Row]]) -> None:
    """Save where rows stand, without their parts."""
    await tx.execute(
        "UPDATE order_rows SET reserved = new.reserved, waiting = new.waiting, rerouting = new.rerouting,"
        " unserved = new.unserved, delivered = new.delivered, cancelled = new.cancelled, reason = new.reason,"
        " status = new.status, history = new.history"
        " FROM unnest($1::uuid[], $2::text[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[],"
        " $7::numeric[], $8::numeric[], $9::text[], $10::text[], $11::jsonb[])"
        " AS new (order_id, external_id, reserved, waiting, rerouting, unserved, delivered, cancelled, reason, status,"
        " history)"
        " WHERE order_rows.order_id = new.order_id AND order_rows.external_id = new.external_id",
        *postgres.columns(
            (
                (
                    *(order.id, row.external_id, row.reserved, row.waiting, row.rerouting, row.unserved),
                    *(row.delivered, row.cancelled, row.reason, row.status, kept_steps(row.history)),
                )
                for order, row in rows
            ),
            11,
        ),
    )


async def save_parts(tx: Transaction, parts: Sequence[tuple[Order, Row, Part]]) -> None:
    """Save parts of rows, new ones and changed ones."""
    await tx.execute(
        "INSERT INTO row_parts (order_id, row_external_id, retailer_id, shipment_id, catalogue_id, quantity, told,"
        " delivered, status, closed, version, routed_at, changed_at, tracking_codes)"
        " SELECT order_id, row_external_id, retailer_id, shipment_id, catalogue_id, quantity, told, delivered,"
        " status, closed, version, routed_at, changed_at, ARRAY(SELECT jsonb_array_elements_text(tracking_codes))"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::numeric[], $7::numeric[],"
        " $8::numeric[], $9::text[], $10::bool[], $11::int[], $12::timestamptz[], $13::timestamptz[], $14::jsonb[])"
        " AS new (order_id, row_external_id, retailer_id, shipment_id, catalogue_id, quantity, told, delivered,"
        " status, closed, version, routed_at, changed_at, tracking_codes)"
        " ON CONFLICT (order_id, row_external_id, shipment_id) DO UPDATE SET"
        " catalogue_id = excluded.catalogue_id, quantity = excluded.quantity, told = excluded.told,"
        " delivered = excluded.delivered, status = excluded.status, closed = excluded.closed,"
        " version = excluded.version, routed_at = excluded.routed_at, changed_at = excluded.changed_at,"
        " tracking_codes = excluded.tracking_codes",
        *postgres.columns(
            (
                (
                    *(order.id, row.external_id, order.retailer_id, part.shipment_id, part.catalogue_id),
                    *(part.quantity, part.told, part.delivered, part.status, part.closed, part.version),
                    *(part.routed_at, part.changed_at, orjson.dumps(part.tracking_codes)),
                )
                for order, row, part in parts
            ),
            14,
        ),
    )


def order_of(row: Record, rows: Mapping[str, Row]) -> Order:
    """An order from its columns and its rows."""
    return Order(
        id=row["id"],
        retailer_id=row["retailer_id"],
        rows=rows,
        round=row["round"],
        status=row["status"],
        history=_steps(row),
        cancelled=row["cancelled"],
        held=row["held"],
        version=row["version"],
        catalogues=tuple(row["catalogues"]),
    )


def kept_steps(history: Sequence[Step]) -> bytes:
    """A history as it is kept, a JSON text."""
    return orjson.dumps([(step.value, step.at.isoformat()) for step in history])


def _steps(row: Record) -> tuple[Step, ...]:
    return tuple(Step(value, datetime.fromisoformat(at)) for value, at in row["history"])
