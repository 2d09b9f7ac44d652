-- migrate:up

-- The orders as posted, byte for byte, and where they stand. `round` is the newest routing that was heard of, 0 for none.
CREATE TABLE orders (
    id uuid PRIMARY KEY,
    retailer_id text NOT NULL,
    external_id text NOT NULL CHECK (external_id <> ''),
    posted bytea NOT NULL,
    placed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    round integer NOT NULL DEFAULT 0 CHECK (round >= 0),
    status text NOT NULL DEFAULT 'Accepted',
    history jsonb NOT NULL DEFAULT '[]',
    UNIQUE (retailer_id, external_id)
) WITH (fillfactor = 80);
-- A change of status need not copy the document along.
ALTER TABLE orders ALTER posted SET STORAGE EXTERNAL;

-- Rows and parts come and go with their order only, in transactions that hold it locked: a foreign key, checked for
-- each of them, would say nothing new.
CREATE TABLE order_rows (
    order_id uuid NOT NULL,
    external_id text NOT NULL,
    retailer_id text NOT NULL,
    position integer NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    waiting numeric(18, 6) NOT NULL DEFAULT 0 CHECK (waiting BETWEEN 0 AND quantity),
    unserved numeric(18, 6) NOT NULL DEFAULT 0 CHECK (unserved BETWEEN 0 AND quantity),
    delivered numeric(18, 6) NOT NULL DEFAULT 0,
    cancelled numeric(18, 6) NOT NULL DEFAULT 0,
    reason text,
    status text NOT NULL DEFAULT 'Accepted',
    history jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (order_id, external_id),
    CHECK (delivered >= 0 AND cancelled >= 0 AND delivered + cancelled <= quantity),
    CHECK (waiting + unserved <= quantity)
) WITH (fillfactor = 80);

-- What of a row went into a shipment. The routing tells `routed_at`, the shipment tells the rest once `version` is not 0;
-- either may come first.
CREATE TABLE row_parts (
    order_id uuid NOT NULL,
    row_external_id text NOT NULL,
    shipment_id uuid NOT NULL,
    retailer_id text NOT NULL,
    catalogue_id text NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity >= 0),
    delivered numeric(18, 6) NOT NULL CHECK (delivered BETWEEN 0 AND quantity),
    status text NOT NULL,
    closed boolean NOT NULL,
    version integer NOT NULL CHECK (version >= 0),
    routed_at timestamptz,
    changed_at timestamptz,
    tracking_codes text[] NOT NULL,
    PRIMARY KEY (order_id, row_external_id, shipment_id)
) WITH (fillfactor = 80);

ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_rows ENABLE ROW LEVEL SECURITY;
ALTER TABLE row_parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_retailer ON orders
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)));
CREATE POLICY of_the_retailer ON order_rows
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)));
CREATE POLICY of_the_retailer ON row_parts
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)));

-- The API only reads them: orders are written by the service itself, many requests in one transaction.
DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON orders, order_rows, row_parts FROM %I', current_user || '_api');
END $$;

-- migrate:down
