-- migrate:up

-- What of a row comes back, or came, with which return of the router's. The highest version is kept.
CREATE TABLE row_returns (
    order_id uuid NOT NULL,
    row_external_id text NOT NULL,
    return_id uuid NOT NULL,
    retailer_id text NOT NULL,
    shipment_id uuid NOT NULL,
    status text NOT NULL,
    version integer NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    received numeric(18, 6) NOT NULL CHECK (received BETWEEN 0 AND quantity),
    PRIMARY KEY (order_id, row_external_id, return_id)
);

ALTER TABLE row_returns ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_retailer ON row_returns
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)));

DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON row_returns FROM %I', current_user || '_api');
END $$;

-- migrate:down
