"""What corrections of stock must know of promises, and write into them. Their balances are locked before."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from inventory.domain import OpenPromise, Since
from shared import postgres
from shared.postgres import Transaction


async def news_since(
    tx: Transaction, asked: Collection[tuple[int, datetime]]
) -> dict[tuple[int | None, datetime], Since]:
    """What was promised from balances and delivered from them since moments. Where nothing was, nothing is said.

    Of a promise that was delivered in several parts, all counts as delivered with the last of them.
    """
    rows = await tx.fetch(
        "SELECT asked.balance_id, asked.as_of,"
        " trim_scale(coalesce(sum(a.quantity - a.returned) FILTER (WHERE a.counted AND a.allocated_at > asked.as_of),"
        " 0)) AS promised,"
        " trim_scale(coalesce(sum(a.delivered) FILTER (WHERE a.delivered_at > asked.as_of), 0)) AS delivered"
        " FROM unnest($1::bigint[], $2::timestamptz[]) AS asked (balance_id, as_of)"
        " JOIN allocations a ON a.balance_id = asked.balance_id"
        " WHERE a.allocated_at > $3 OR a.delivered_at > $3 GROUP BY asked.balance_id, asked.as_of",
        *postgres.columns(asked, 2),
        min(as_of for _, as_of in asked),
    )
    return {(row["balance_id"], row["as_of"]): Since(row["promised"], row["delivered"]) for row in rows}


async def open_promises(tx: Transaction, balance_ids: Iterable[int]) -> list[OpenPromise]:
    """Lock the promises from balances that count and are open."""
    rows = await tx.fetch(
        "SELECT order_id, row_id, balance_id, lot, trim_scale(quantity - delivered - returned) AS open,"
        " coalesce(placed_at, allocated_at) AS placed_at FROM allocations"
        " WHERE balance_id = ANY($1::bigint[]) AND counted AND delivered + returned < quantity"
        " ORDER BY balance_id, order_id, row_id, lot FOR UPDATE",
        list(balance_ids),
    )
    return [
        OpenPromise(row["order_id"], row["row_id"], row["balance_id"], row["lot"], row["open"], row["placed_at"])
        for row in rows
    ]


async def withdraw_promises(tx: Transaction, taken: Iterable[tuple[OpenPromise, Decimal]]) -> None:
    """Lower promises that are locked by what there is not."""
    await tx.execute(
        "UPDATE allocations SET quantity = allocations.quantity - gone.quantity,"
        " withdrawn = allocations.withdrawn + gone.quantity"
        " FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::numeric[])"
        " AS gone (order_id, row_id, balance_id, lot, quantity)"
        " WHERE allocations.order_id = gone.order_id AND allocations.row_id = gone.row_id"
        " AND allocations.balance_id = gone.balance_id AND allocations.lot = gone.lot",
        *postgres.columns(((*promise[:4], quantity) for promise, quantity in taken), 5),
    )
