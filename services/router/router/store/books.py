"""What the auditor reads: the whole of it, and nothing is changed."""

from collections.abc import Sequence

from shared.postgres import Record, Transaction


async def books(tx: Transaction) -> Sequence[Record]:
    """Every row of every shipment, service and cost rows included (`stocked` false: they took no stock).

    Columns: order_id, row_id, catalogue_id, product_id, shipment_id, quantity, delivered, closed, status, stocked.
    """
    return await tx.fetch(
        "SELECT s.order_id, r.row_id, s.catalogue_id, r.product_id, s.id AS shipment_id, r.quantity, r.delivered,"
        " s.closed, s.status, r.stocked"
        " FROM shipments s JOIN shipment_rows r ON r.shipment_id = s.id"
        " ORDER BY s.order_id, r.row_id, s.catalogue_id, r.product_id"
    )


async def routed_orders(tx: Transaction) -> Sequence[Record]:
    """Every row of every order that has been heard of; an order still asked for has one line without a row.

    Columns: order_id, state, round, outcome, held, shipped, cancelled, row_id, quantity, taken, waiting, unserved,
    stocked.
    """
    return await tx.fetch(
        "SELECT o.order_id, o.state, o.round, o.outcome, o.held, o.shipped, o.cancelled_at IS NOT NULL AS cancelled,"
        " r.value ->> 'external_id' AS row_id,"
        " (r.value ->> 'quantity')::numeric AS quantity,"
        " (SELECT coalesce(sum((t.value ->> 'quantity')::numeric), 0)"
        " FROM jsonb_array_elements(r.value -> 'taken') AS t) AS taken,"
        " (SELECT coalesce(sum((w.value ->> 'quantity')::numeric), 0)"
        " FROM jsonb_array_elements(r.value -> 'waiting') AS w) AS waiting,"
        " (r.value ->> 'unserved')::numeric AS unserved, (r.value ->> 'stocked')::bool AS stocked"
        " FROM routes o LEFT JOIN LATERAL jsonb_array_elements(o.record -> 'rows')"
        " WITH ORDINALITY AS r (value, place) ON true ORDER BY o.order_id, r.place"
    )


async def reserved(tx: Transaction) -> Sequence[Record]:
    """What decided orders were promised that is in no shipment: they are held, or were cancelled before.

    Columns: order_id, row_id, catalogue_id, quantity, cancelled. Service and cost rows took no stock and are left out.
    """
    return await tx.fetch(
        "SELECT o.order_id, r.value ->> 'external_id' AS row_id, t.value ->> 'catalogue_id' AS catalogue_id,"
        " sum((t.value ->> 'quantity')::numeric) AS quantity, o.cancelled_at IS NOT NULL AS cancelled"
        " FROM routes o, jsonb_array_elements(o.record -> 'rows') AS r (value),"
        " jsonb_array_elements(r.value -> 'taken') AS t (value)"
        " WHERE o.state = 'routed' AND NOT o.shipped AND (r.value ->> 'stocked')::bool"
        " GROUP BY o.order_id, r.value ->> 'external_id', t.value ->> 'catalogue_id' ORDER BY 1, 2, 3"
    )
