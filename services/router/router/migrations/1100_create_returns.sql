-- migrate:up

-- What comes back of a delivered shipment, a parcel each. Of a row of the shipment never more is on its way back or received
-- than was delivered: whoever registers a return holds the shipment's advisory lock. `tracking_from` is the number series the
-- code is of, NULL when somebody else gave it. Returns go with their shipment.
CREATE TABLE returns (
    id uuid PRIMARY KEY,
    shipment_id uuid NOT NULL REFERENCES shipments (id) ON DELETE CASCADE,
    order_id uuid NOT NULL,
    order_external_id text NOT NULL,
    retailer_id text NOT NULL,
    supplier_id text NOT NULL,
    catalogue_id text NOT NULL,
    registered_by text NOT NULL CHECK (registered_by IN (retailer_id, supplier_id)),
    status text NOT NULL DEFAULT 'Registered' CHECK (status IN ('Registered', 'Received', 'Cancelled')),
    status_at timestamptz NOT NULL,
    status_reason text,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    reference text,
    comment text,
    receipt_comment text,
    return_address jsonb,
    delivery_operator text,
    service_code text,
    tracking_codes text[] NOT NULL DEFAULT '{}',
    tracking_from text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX returns_of_supplier ON returns (supplier_id, created_at, id);
CREATE INDEX returns_of_retailer ON returns (retailer_id, created_at, id);
CREATE INDEX returns_of_shipment ON returns (shipment_id);
CREATE INDEX returns_of_order ON returns (order_id);
CREATE INDEX returns_by_number ON returns (order_external_id);
CREATE INDEX returns_by_code ON returns USING gin (tracking_codes);

-- `findings` is what the supplier found of it, in which condition: the units add up to `received`, and those that it put back
-- on its shelf to `restocked`.
CREATE TABLE return_rows (
    return_id uuid NOT NULL REFERENCES returns (id) ON DELETE CASCADE,
    row_id text NOT NULL,
    product_id text NOT NULL,
    position integer NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    reason text NOT NULL,
    comment text,
    received numeric(18, 6) NOT NULL DEFAULT 0,
    restocked numeric(18, 6) NOT NULL DEFAULT 0,
    findings jsonb,
    PRIMARY KEY (return_id, row_id, product_id),
    CHECK (0 <= restocked AND restocked <= received AND received <= quantity)
);

-- Both sides of a shipment see its returns, register and cancel them; what came, the supplier alone says.
ALTER TABLE returns ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen_by_both ON returns FOR SELECT
    USING ((SELECT current_setting('sluice.organisation', true)) IN (supplier_id, retailer_id));
CREATE POLICY registered_by_either ON returns FOR INSERT
    WITH CHECK (
        registered_by = (SELECT current_setting('sluice.organisation', true))
        AND EXISTS (
            SELECT FROM shipments
            WHERE shipments.id = shipment_id AND shipments.order_id = returns.order_id
                AND shipments.retailer_id = returns.retailer_id AND shipments.supplier_id = returns.supplier_id
        )
    );
CREATE POLICY changed_by_either ON returns FOR UPDATE
    USING ((SELECT current_setting('sluice.organisation', true)) IN (supplier_id, retailer_id))
    WITH CHECK (
        supplier_id = (SELECT current_setting('sluice.organisation', true))
        OR (retailer_id = (SELECT current_setting('sluice.organisation', true)) AND status = 'Cancelled')
    );

ALTER TABLE return_rows ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen_by_both ON return_rows FOR SELECT
    USING (EXISTS (SELECT FROM returns WHERE returns.id = return_id));
CREATE POLICY registered_by_either ON return_rows FOR INSERT
    WITH CHECK (
        EXISTS (
            SELECT FROM returns
            WHERE returns.id = return_id
                AND returns.registered_by = (SELECT current_setting('sluice.organisation', true))
        )
    );
CREATE POLICY received_by_supplier ON return_rows FOR UPDATE
    USING (
        EXISTS (
            SELECT FROM returns
            WHERE returns.id = return_id
                AND returns.supplier_id = (SELECT current_setting('sluice.organisation', true))
        )
    );

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON returns, return_rows FROM %I', current_user || '_api');
    EXECUTE format(
        'GRANT UPDATE (status, status_at, status_reason, version, receipt_comment, updated_at) ON returns TO %I',
        current_user || '_api'
    );
    EXECUTE format('GRANT UPDATE (received, restocked, findings) ON return_rows TO %I', current_user || '_api');
END $$;

-- migrate:down
