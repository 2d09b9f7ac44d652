-- migrate:up

-- Where carriers' parcels are followed, as far as an operator has said; it goes before what the router brings along.
-- `tracking_url` is NULL for a carrier whose parcels have no such address.
CREATE TABLE carrier_links (
    carrier_key text PRIMARY KEY,
    carrier text NOT NULL,
    tracking_url text,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- No row-level security: they are the same for everybody.
DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON carrier_links FROM %I', current_user || '_api');
END $$;

-- migrate:down
