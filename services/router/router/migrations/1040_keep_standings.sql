-- migrate:up

-- What an order is promised at one time is a lot, and a shipment is of one lot.
ALTER TABLE shipments
    ADD COLUMN lot integer NOT NULL DEFAULT 1 CHECK (lot >= 1),
    -- When its supplier was reminded that half of the time it has is over.
    ADD COLUMN reminded_at timestamptz,
    DROP CONSTRAINT shipments_order_id_catalogue_id_key,
    ADD UNIQUE (order_id, catalogue_id, lot);

-- A row may shrink, to nothing: less of it is wanted, or there.
ALTER TABLE shipment_rows
    DROP CONSTRAINT shipment_rows_quantity_check,
    ADD CONSTRAINT shipment_rows_quantity_check CHECK (quantity >= 0);

-- `standing` is what has become of the rows by now, beside `record`, which is the decision; NULL as long as there is none.
-- `later` are the candidates of later rounds that got something. `no_waiting` names rows that are not to wait for stock any
-- more. `early` says that there is early news: it is here so that whoever locks the order sees it.
ALTER TABLE routes
    ADD COLUMN standing jsonb,
    ADD COLUMN later bytea,
    ADD COLUMN no_waiting text[] NOT NULL DEFAULT '{}',
    ADD COLUMN early boolean NOT NULL DEFAULT false;
ALTER TABLE amendments ADD COLUMN no_waiting text[] NOT NULL DEFAULT '{}';

-- Until now nothing was routed again: what a closed shipment did not deliver is not coming.
UPDATE routes AS o SET standing = jsonb_build_object('lots', '[1]'::jsonb, 'rows', (
    SELECT coalesce(
        jsonb_agg(
            jsonb_build_object(
                'external_id', r.value ->> 'external_id',
                'quantity', r.value ->> 'quantity',
                'stocked', r.value -> 'stocked',
                'pieces', p.pieces,
                'waiting', w.waiting::text,
                'lines', CASE
                    WHEN w.waiting > 0
                        THEN jsonb_build_array(jsonb_build_object('lot', 1, 'quantity', w.waiting::text))
                    ELSE '[]'::jsonb
                END,
                'unserved', w.unserved::text,
                'cancelled', ((r.value ->> 'quantity')::numeric - p.promised - w.waiting - w.unserved)::text,
                'reason', coalesce(o.cancelled_because, r.value ->> 'reason')
            )
            ORDER BY r.place
        ),
        '[]'::jsonb
    )
    FROM jsonb_array_elements(o.record -> 'rows') WITH ORDINALITY AS r (value, place)
    CROSS JOIN LATERAL (
        SELECT
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'catalogue_id', t.catalogue_id, 'product_id', t.product_id, 'lot', 1,
                        'quantity', trim_scale(t.quantity)::text, 'shipment_id', t.shipment_id
                    )
                ),
                '[]'::jsonb
            ) AS pieces,
            coalesce(sum(t.quantity), 0) AS promised
        FROM (
            SELECT s.catalogue_id, q.product_id, s.id AS shipment_id,
                CASE WHEN s.closed THEN q.delivered ELSE q.quantity END AS quantity
            FROM shipments s JOIN shipment_rows q ON q.shipment_id = s.id
            WHERE s.order_id = o.order_id AND q.row_id = r.value ->> 'external_id'
            UNION ALL
            SELECT k.value ->> 'catalogue_id', k.value ->> 'product_id', NULL, (k.value ->> 'quantity')::numeric
            FROM jsonb_array_elements(r.value -> 'taken') AS k (value)
            WHERE NOT o.shipped AND o.cancelled_at IS NULL
        ) AS t
        WHERE t.quantity > 0
    ) AS p
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN o.cancelled_at IS NULL THEN coalesce(sum((k.value ->> 'quantity')::numeric), 0) ELSE 0 END
                AS waiting,
            CASE WHEN o.cancelled_at IS NULL THEN (r.value ->> 'unserved')::numeric ELSE 0 END AS unserved
        FROM jsonb_array_elements(r.value -> 'waiting') AS k (value)
    ) AS w
))
WHERE o.record IS NOT NULL;

-- migrate:down
