-- migrate:up

-- Where all of a row of an order is, for its delivery notes: also what others send, which the supplier of one of its shipments
-- does not see otherwise. `sent_at` is when a shipment was delivered; without a shipment it waits, or is asked for again. What
-- nobody can serve and what is cancelled is not here.
CREATE VIEW parts_of_rows WITH (security_barrier) AS
SELECT o.order_id, r.value ->> 'external_id' AS row_id, (r.value ->> 'quantity')::numeric AS ordered, p.shipment_id,
    p.quantity, s.status_at AS sent_at
FROM routes o
CROSS JOIN LATERAL jsonb_array_elements(o.standing -> 'rows') AS r (value)
CROSS JOIN LATERAL (
    SELECT (k.value ->> 'shipment_id')::uuid AS shipment_id, (k.value ->> 'quantity')::numeric AS quantity
    FROM jsonb_array_elements(r.value -> 'pieces') AS k (value)
    UNION ALL
    SELECT NULL, coalesce((r.value ->> 'waiting')::numeric, 0) + coalesce((r.value ->> 'rerouting')::numeric, 0)
) AS p
LEFT JOIN shipments s ON s.order_id = o.order_id AND s.id = p.shipment_id AND s.status = 'Delivered'
WHERE EXISTS (
    SELECT FROM shipments own
    WHERE own.order_id = o.order_id
        AND (SELECT current_setting('sluice.organisation', true)) IN (own.supplier_id, own.retailer_id)
);

DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON parts_of_rows FROM %I', current_user || '_api');
END $$;

-- migrate:down
