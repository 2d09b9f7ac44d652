"""Holds that orders name. They end as the order takes, in its transaction; where it takes nothing they stay."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from shared import postgres
from shared.postgres import Transaction


async def named_hold(tx: Transaction, hold_id: UUID, retailer_id: str) -> dict[int, Decimal]:
    """How much a live hold of a retailer keeps of which balances, which are locked; nothing if there is none."""
    rows = await tx.fetch(
        "SELECT l.balance_id, trim_scale(sum(l.quantity)) AS quantity"
        " FROM holds JOIN hold_lines l ON l.hold_id = holds.id"
        " WHERE holds.id = $1 AND holds.retailer_id = $2 AND holds.expires_at > now() GROUP BY l.balance_id",
        hold_id,
        retailer_id,
    )
    return {row["balance_id"]: row["quantity"] for row in rows}


async def end_named_holds(tx: Transaction, named: Iterable[tuple[UUID, str]]) -> dict[int, Decimal]:
    """End these holds of these retailers, if they are live; how much they kept of which balances, which are locked."""
    rows = await tx.fetch(
        "WITH ended AS (DELETE FROM holds USING unnest($1::uuid[], $2::text[]) AS named (id, retailer_id)"
        " WHERE holds.id = named.id AND holds.retailer_id = named.retailer_id AND holds.expires_at > now()"
        " RETURNING holds.id),"
        " kept AS (SELECT l.balance_id, sum(l.quantity) AS quantity"
        " FROM hold_lines l JOIN ended ON ended.id = l.hold_id GROUP BY l.balance_id)"
        " UPDATE balances SET held = balances.held - kept.quantity, updated_at = clock_timestamp()"
        " FROM kept WHERE balances.id = kept.balance_id RETURNING balances.id, kept.quantity",
        *postgres.columns(named, 2),
    )
    return {row["id"]: row["quantity"] for row in rows}
