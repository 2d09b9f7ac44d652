-- migrate:up

-- An order that is opened again, or whose rows are changed, is a new row with the same number that `replaces` the old one;
-- at most one row of a number is `current`. `document` is the document that took the place of the posted one. `version`
-- counts what was said of the order since it was placed. `reference_keys` are the names and values of its references,
-- with a tab between.
ALTER TABLE orders
    ADD current boolean NOT NULL DEFAULT true,
    ADD replaces uuid,
    ADD reopened boolean NOT NULL DEFAULT false,
    ADD document bytea,
    ADD cancelled boolean NOT NULL DEFAULT false,
    ADD held boolean NOT NULL DEFAULT false,
    ADD version integer NOT NULL DEFAULT 0,
    ADD order_date timestamptz,
    ADD document_type text,
    ADD reference_keys text[] NOT NULL DEFAULT '{}',
    ADD catalogues text[] NOT NULL DEFAULT '{}';
ALTER TABLE orders ALTER document SET STORAGE EXTERNAL;

-- A moment without an offset is one of UTC, wherever the server stands.
SET LOCAL timezone = 'UTC';
UPDATE orders SET
    order_date = CASE
        WHEN old.document ->> 'orderDate' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-](0\d|1[0-5]):?\d\d)?$'
        THEN (old.document ->> 'orderDate')::timestamptz
        ELSE orders.placed_at
    END,
    document_type = coalesce(
        old.document #>> '{metadata,documentType}', old.document #>> '{metadata,documentTyepe}'
    ),
    reference_keys = CASE
        WHEN jsonb_typeof(old.document -> 'references') = 'array' AND old.document -> 'references' <> '[]'
        THEN ARRAY(
            SELECT DISTINCT (reference ->> 'name') || E'\t' || (reference ->> 'value')
            FROM jsonb_array_elements(old.document -> 'references') AS reference
        )
        ELSE ARRAY[E'PO\t' || orders.external_id, E'SO\t' || orders.external_id]
    END,
    catalogues = ARRAY(
        SELECT wish ->> 'externalWarehouseId' FROM jsonb_array_elements(old.document -> 'rows') AS wish
        WHERE wish ->> 'externalWarehouseId' <> ''
        UNION
        SELECT catalogue_id FROM row_parts WHERE row_parts.order_id = orders.id
        ORDER BY 1
    )
FROM (SELECT id, convert_from(posted, 'UTF8')::jsonb AS document FROM orders) AS old
WHERE old.id = orders.id;

-- `delivered_before` is what an earlier order with the same number delivered of the row; `quantity` is what is left to
-- send, none if that was all. `reserved` is promised to an order that is held.
ALTER TABLE order_rows
    ADD reserved numeric(18, 6) NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    ADD delivered_before numeric(18, 6) NOT NULL DEFAULT 0 CHECK (delivered_before >= 0),
    DROP CONSTRAINT order_rows_quantity_check,
    ADD CONSTRAINT order_rows_quantity_check CHECK (quantity > 0 OR quantity = 0 AND delivered_before > 0),
    ADD CONSTRAINT order_rows_promise_check CHECK (reserved + waiting + unserved <= quantity);

ALTER TABLE orders DROP CONSTRAINT orders_retailer_id_external_id_key;
CREATE UNIQUE INDEX orders_current ON orders (retailer_id, external_id) WHERE current;

-- For the lists: each retailer's orders by the time they were placed, changed or dated, by status, reference, catalogue.
CREATE INDEX orders_by_placing ON orders (retailer_id, placed_at, id) WHERE current;
CREATE INDEX orders_by_change ON orders (retailer_id, updated_at, id) WHERE current;
CREATE INDEX orders_by_date ON orders (retailer_id, order_date) WHERE current;
CREATE INDEX orders_by_status ON orders (retailer_id, status) WHERE current;
CREATE INDEX orders_by_reference ON orders USING gin (reference_keys) WHERE current;
CREATE INDEX orders_by_catalogue ON orders USING gin (catalogues) WHERE current;

-- migrate:down
