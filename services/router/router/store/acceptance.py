"""Shipments that their suppliers have not opened yet."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from router.domain import Shipment
from router.store import shipments
from router.store.put_off import in_hand
from shared.postgres import Transaction

DUE = (
    "CASE WHEN reminded_at IS NULL THEN (created_at AT TIME ZONE 'UTC') + (accept_by - created_at) / 2"
    " ELSE accept_by AT TIME ZONE 'UTC' END"
)
"""When something is to be done about an unopened shipment, in the words of the index on it."""

UNOPENED = "status IN ('Created', 'Submitted')"


async def hurried_ids(tx: Transaction, limit: int) -> list[UUID]:
    """The unopened shipments of which something is to be done, longest due first."""
    rows = await tx.fetch(
        f"SELECT id FROM shipments WHERE {UNOPENED} AND {DUE} <= now() AT TIME ZONE 'UTC'"  # noqa: S608
        f" AND {in_hand('acceptance', 'shipments.id')} ORDER BY {DUE} LIMIT $1",
        limit,
    )
    return [row["id"] for row in rows]


async def overdue_shipments(tx: Transaction, limit: int, only: Collection[UUID] | None = None) -> list[Shipment]:
    """Unopened shipments whose suppliers were reminded and have had all their time, longest due first, locked.

    Those that somebody else has in hand are left to him. `only`: of these alone.
    """
    return await _due(tx, "reminded_at IS NOT NULL", limit, only)


async def unreminded_shipments(tx: Transaction, limit: int, only: Collection[UUID] | None = None) -> list[Shipment]:
    """Unopened shipments whose suppliers have had half of their time and no reminder, locked in the same way."""
    return await _due(tx, "reminded_at IS NULL", limit, only)


async def save_reminded(tx: Transaction, shipment_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Note that suppliers were reminded of locked shipments; until when each has time to accept.

    That is half of its time from now on, if the reminder comes later than it should.
    """
    rows = await tx.fetch(
        "UPDATE shipments SET reminded_at = now(),"
        " accept_by = greatest(accept_by, now() + (accept_by - created_at) / 2)"
        " WHERE id = ANY($1::uuid[]) RETURNING id, accept_by",
        list(shipment_ids),
    )
    return {row["id"]: row["accept_by"] for row in rows}


async def count_overdue(tx: Transaction) -> int:
    """How many unopened shipments have had all their time."""
    count: int = await tx.fetch_value(
        "SELECT count(*) FROM shipments WHERE status IN ('Created', 'Submitted') AND accept_by <= now()"
    )
    return count


async def _due(tx: Transaction, condition: str, limit: int, only: Collection[UUID] | None) -> list[Shipment]:
    rows = await tx.fetch(
        f"SELECT {shipments.COLUMNS} FROM shipments WHERE {UNOPENED} AND {condition}"  # noqa: S608
        f" AND {DUE} <= now() AT TIME ZONE 'UTC' AND {in_hand('acceptance', 'shipments.id')}"
        f" AND ($2::uuid[] IS NULL OR id = ANY($2)) ORDER BY {DUE} LIMIT $1 FOR UPDATE SKIP LOCKED",
        limit,
        None if only is None else list(only),
    )
    return list(await shipments.with_rows(tx, rows))
