-- migrate:up

-- What a strategy plans with: the stock as it was last heard of, and what it costs. NULL is not known, as in rows of before.
ALTER TABLE balances
    ADD COLUMN quantity numeric,
    ADD COLUMN safety_stock numeric NOT NULL DEFAULT 0,
    ADD COLUMN sellable boolean NOT NULL DEFAULT true,
    ADD COLUMN unlimited boolean NOT NULL DEFAULT false,
    ADD COLUMN back_order_allowed boolean,
    ADD COLUMN wholesale_price numeric,
    ADD COLUMN currency text;

ALTER TABLE catalogues
    ADD COLUMN back_order_allowed boolean NOT NULL DEFAULT false,
    ADD COLUMN acceptance_hours double precision;

-- How a retailer wants its orders to be routed; one that said nothing has no row.
CREATE TABLE preferences (
    retailer_id text PRIMARY KEY,
    strategy text NOT NULL,
    all_or_nothing boolean NOT NULL,
    cost_per_shipment numeric NOT NULL CHECK (cost_per_shipment >= 0),
    changed_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE preferences ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_preferences ON preferences
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (retailer_id = (SELECT current_setting('sluice.organisation', true)));

DO $$ BEGIN
    EXECUTE format('REVOKE DELETE ON preferences FROM %I', current_user || '_api');
END $$;

-- migrate:down
