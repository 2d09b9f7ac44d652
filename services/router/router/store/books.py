"""What the auditor reads of orders; nothing is changed."""

from collections.abc import Collection, Sequence
from uuid import UUID

from router import domain
from shared.postgres import Record, Transaction


async def ids_between(tx: Transaction, after: UUID, until: UUID) -> set[UUID]:
    """The ids of the orders after an id and up to another that are known, or have shipments."""
    rows = await tx.fetch(
        "SELECT order_id FROM routes WHERE order_id > $1 AND order_id <= $2"
        " UNION SELECT order_id FROM shipments WHERE order_id > $1 AND order_id <= $2",
        after,
        until,
    )
    return {row["order_id"] for row in rows}


async def books(tx: Transaction, order_ids: Collection[UUID] | None = None) -> Sequence[Record]:
    """Every row of the shipments of these orders, or of all, service and cost rows too (`stocked` false).

    Columns: order_id, row_id, catalogue_id, product_id, lot, shipment_id, quantity, delivered, closed, status, stocked.
    """
    return await tx.fetch(
        "SELECT s.order_id, r.row_id, s.catalogue_id, r.product_id, s.lot, s.id AS shipment_id, r.quantity,"
        " r.delivered, s.closed, s.status, r.stocked"
        " FROM shipments s JOIN shipment_rows r ON r.shipment_id = s.id"
        " WHERE ($1::uuid[] IS NULL OR s.order_id = ANY($1))"
        " ORDER BY s.order_id, r.row_id, s.catalogue_id, r.product_id, s.lot",
        None if order_ids is None else list(order_ids),
    )


async def routed_orders(tx: Transaction, order_ids: Collection[UUID] | None = None) -> Sequence[Record]:
    """Every row of these orders, or of all, as it was decided; an order still asked for has no row.

    Columns: order_id, state, round, outcome, held, shipped, cancelled, record_round, row_id, quantity, taken,
    waiting, unserved, stocked, parent, less_wanted (whether its retailer has cancelled some of it).
    """
    return await tx.fetch(
        "SELECT o.order_id, o.state, o.round, o.outcome, o.held, o.shipped, o.cancelled_at IS NOT NULL AS cancelled,"
        " (o.record ->> 'round')::int AS record_round, r.value ->> 'external_id' AS row_id,"
        " (r.value ->> 'quantity')::numeric AS quantity,"
        " (SELECT coalesce(sum((t.value ->> 'quantity')::numeric), 0)"
        " FROM jsonb_array_elements(r.value -> 'taken') AS t) AS taken,"
        " (SELECT coalesce(sum((w.value ->> 'quantity')::numeric), 0)"
        " FROM jsonb_array_elements(r.value -> 'waiting') AS w) AS waiting,"
        " (r.value ->> 'unserved')::numeric AS unserved, (r.value ->> 'stocked')::bool AS stocked,"
        " r.value ->> 'parent' AS parent, EXISTS (SELECT FROM jsonb_array_elements(o.record -> 'history') AS h"
        " WHERE position($2 IN h ->> 'cause') > 0) AS less_wanted"
        " FROM routes o LEFT JOIN LATERAL jsonb_array_elements(o.record -> 'rows')"
        " WITH ORDINALITY AS r (value, place) ON true"
        " WHERE ($1::uuid[] IS NULL OR o.order_id = ANY($1)) ORDER BY o.order_id, r.place",
        None if order_ids is None else list(order_ids),
        domain.BY_RETAILER,
    )


async def standings(tx: Transaction, order_ids: Collection[UUID] | None = None) -> Sequence[Record]:
    """Every row of these orders, or of all, as it stands now: promised + waiting + … + cancelled = quantity.

    Columns: order_id, round, cancelled_order, row_id, stocked, quantity, promised, waiting, rerouting, unserved,
    cancelled; `promised` is the sum of its pieces.
    """
    return await tx.fetch(
        "SELECT o.order_id, o.round, o.cancelled_at IS NOT NULL AS cancelled_order,"
        " r.value ->> 'external_id' AS row_id,"
        " coalesce((r.value ->> 'stocked')::bool, true) AS stocked, (r.value ->> 'quantity')::numeric AS quantity,"
        " (SELECT coalesce(sum((p.value ->> 'quantity')::numeric), 0)"
        " FROM jsonb_array_elements(r.value -> 'pieces') AS p) AS promised,"
        " coalesce((r.value ->> 'waiting')::numeric, 0) AS waiting,"
        " coalesce((r.value ->> 'rerouting')::numeric, 0) AS rerouting,"
        " coalesce((r.value ->> 'unserved')::numeric, 0) AS unserved,"
        " coalesce((r.value ->> 'cancelled')::numeric, 0) AS cancelled"
        " FROM routes o, jsonb_array_elements(o.standing -> 'rows') WITH ORDINALITY AS r (value, place)"
        " WHERE ($1::uuid[] IS NULL OR o.order_id = ANY($1)) ORDER BY o.order_id, r.place",
        None if order_ids is None else list(order_ids),
    )


async def pieces(tx: Transaction, order_ids: Collection[UUID] | None = None) -> Sequence[Record]:
    """Every piece of every row of these orders, or of all.

    Columns: order_id, row_id, stocked, catalogue_id, product_id, lot, shipment_id (NULL while it is held), quantity.
    """
    return await tx.fetch(
        "SELECT o.order_id, r.value ->> 'external_id' AS row_id,"
        " coalesce((r.value ->> 'stocked')::bool, true) AS stocked, p.value ->> 'catalogue_id' AS catalogue_id,"
        " p.value ->> 'product_id' AS product_id, coalesce((p.value ->> 'lot')::int, 1) AS lot,"
        " (p.value ->> 'shipment_id')::uuid AS shipment_id, (p.value ->> 'quantity')::numeric AS quantity"
        " FROM routes o, jsonb_array_elements(o.standing -> 'rows') AS r (value),"
        " jsonb_array_elements(r.value -> 'pieces') AS p (value)"
        " WHERE ($1::uuid[] IS NULL OR o.order_id = ANY($1))"
        " ORDER BY o.order_id, row_id, catalogue_id, product_id, lot",
        None if order_ids is None else list(order_ids),
    )


async def postponed_among(tx: Transaction, order_ids: Collection[UUID]) -> set[UUID]:
    """Those of the orders that wait for news of a product."""
    rows = await tx.fetch(
        "SELECT order_id FROM routes WHERE order_id = ANY($1::uuid[]) AND postponed_until IS NOT NULL", list(order_ids)
    )
    return {row["order_id"] for row in rows}
