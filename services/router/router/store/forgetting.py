"""Deleting what is kept of orders that the order book has forgotten."""

from collections.abc import Sequence
from uuid import UUID

from shared.postgres import Transaction


async def open_orders(tx: Transaction, order_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the orders of which something is still to come: a shipment that is open, or an answer."""
    rows = await tx.fetch(
        "SELECT asked FROM unnest($1::uuid[]) AS asked"
        " WHERE EXISTS (SELECT FROM shipments WHERE order_id = asked AND NOT closed)"
        " OR EXISTS (SELECT FROM asks WHERE order_id = asked)"
        " OR EXISTS (SELECT FROM routes WHERE order_id = asked AND state <> 'routed') ORDER BY asked",
        list(order_ids),
    )
    return [row["asked"] for row in rows]


async def forget_shipments(tx: Transaction, order_ids: Sequence[UUID]) -> None:
    """Delete the shipments of orders with their rows."""
    await tx.execute(
        "WITH ended AS (SELECT id FROM shipments WHERE order_id = ANY($1::uuid[])),"
        " emptied AS (DELETE FROM shipment_rows WHERE shipment_id IN (SELECT id FROM ended))"
        " DELETE FROM shipments WHERE id IN (SELECT id FROM ended)",
        list(order_ids),
    )


async def forget_routes(tx: Transaction, order_ids: Sequence[UUID]) -> None:
    """Delete orders with their decision records, and all that hangs on them but their shipments."""
    await tx.execute(
        "WITH unserved AS (DELETE FROM unserved_rows WHERE order_id = ANY($1::uuid[])),"
        " news AS (DELETE FROM early_news WHERE order_id = ANY($1::uuid[])),"
        " minds AS (DELETE FROM amendments WHERE order_id = ANY($1::uuid[]))"
        " DELETE FROM routes WHERE order_id = ANY($1::uuid[])",
        list(order_ids),
    )
