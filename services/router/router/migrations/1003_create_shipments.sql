-- migrate:up

-- One for each catalogue that serves an order. `document` holds the order's delivery; `parcels` is what the supplier
-- packed, NULL as long as it has said nothing.
CREATE TABLE shipments (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    order_external_id text NOT NULL,
    retailer_id text NOT NULL,
    supplier_id text NOT NULL,
    catalogue_id text NOT NULL,
    status text NOT NULL CHECK (
        status IN ('Created', 'Submitted', 'Viewed', 'Picking', 'Packing', 'Shipping', 'Delivered', 'Cancelled')
    ),
    status_at timestamptz NOT NULL,
    closed boolean NOT NULL GENERATED ALWAYS AS (status IN ('Delivered', 'Cancelled')) STORED,
    version integer NOT NULL CHECK (version >= 1),
    external_reference text,
    contract_number text,
    document jsonb NOT NULL,
    parcels jsonb,
    accept_by timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (order_id, catalogue_id)
);
CREATE INDEX shipments_of_supplier ON shipments (supplier_id, created_at, id);
CREATE INDEX shipments_of_retailer ON shipments (retailer_id, created_at, id);

-- `stocked` is false for a service or cost row, which took nothing from a balance.
CREATE TABLE shipment_rows (
    shipment_id uuid NOT NULL REFERENCES shipments (id),
    row_id text NOT NULL,
    product_id text NOT NULL,
    position integer NOT NULL,
    ean text,
    description text,
    unit text,
    stocked boolean NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    delivered numeric(18, 6) NOT NULL DEFAULT 0,
    PRIMARY KEY (shipment_id, row_id, product_id),
    CHECK (delivered BETWEEN 0 AND quantity)
);

-- The supplier and the retailer of a shipment see it; the supplier alone changes it.
ALTER TABLE shipments ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen_by_both ON shipments FOR SELECT
    USING ((SELECT current_setting('sluice.organisation', true)) IN (supplier_id, retailer_id));
CREATE POLICY changed_by_supplier ON shipments FOR UPDATE
    USING (supplier_id = (SELECT current_setting('sluice.organisation', true)));

ALTER TABLE shipment_rows ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen_by_both ON shipment_rows FOR SELECT
    USING (EXISTS (SELECT FROM shipments WHERE shipments.id = shipment_id));
CREATE POLICY changed_by_supplier ON shipment_rows FOR UPDATE
    USING (
        EXISTS (
            SELECT FROM shipments
            WHERE shipments.id = shipment_id
                AND shipments.supplier_id = (SELECT current_setting('sluice.organisation', true))
        )
    );

DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, DELETE ON shipments, shipment_rows FROM %I', current_user || '_api');
END $$;

-- migrate:down
