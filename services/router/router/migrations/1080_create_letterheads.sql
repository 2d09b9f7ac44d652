-- migrate:up

-- What a retailer wants on the papers of its parcels. `document` holds its words, `logo` a PNG that we drew from the
-- picture it gave, so nothing else is in there.
CREATE TABLE letterheads (
    retailer_id text PRIMARY KEY,
    document jsonb NOT NULL DEFAULT '{}',
    logo bytea CHECK (octet_length(logo) <= 2000000),
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- It is the retailer's own, and stands on the notes that its suppliers print.
ALTER TABLE letterheads ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_letterhead ON letterheads
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (retailer_id = (SELECT current_setting('sluice.organisation', true)));
CREATE POLICY printed_by_suppliers ON letterheads FOR SELECT
    USING (
        EXISTS (
            SELECT FROM shipments
            WHERE shipments.retailer_id = letterheads.retailer_id
                AND shipments.supplier_id = (SELECT current_setting('sluice.organisation', true))
        )
    );

DO $$ BEGIN
    EXECUTE format('REVOKE DELETE ON letterheads FROM %I', current_user || '_api');
END $$;

-- migrate:down
