-- migrate:up

-- An order on its way: `placed` is the order as it was placed, `plan` its candidates, `record` the decision and why.
CREATE TABLE routes (
    order_id uuid PRIMARY KEY,
    retailer_id text NOT NULL,
    external_id text NOT NULL,
    round integer NOT NULL CHECK (round >= 1),
    state text NOT NULL CHECK (state IN ('asked', 'routed')),
    placed bytea NOT NULL,
    plan bytea NOT NULL,
    record jsonb,
    outcome text CHECK (outcome IN ('full', 'backordered', 'partial', 'none', 'refused')),
    asked_at timestamptz NOT NULL,
    -- Until then news of a product nobody was heard to have is waited for, and inventory is not asked.
    postponed_until timestamptz,
    decided_at timestamptz,
    UNIQUE (retailer_id, external_id),
    CHECK ((state = 'routed') = (record IS NOT NULL AND outcome IS NOT NULL AND decided_at IS NOT NULL))
);
CREATE INDEX routes_postponed ON routes (postponed_until) WHERE postponed_until IS NOT NULL;

ALTER TABLE routes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_orders ON routes FOR SELECT
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)));

DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON routes FROM %I', current_user || '_api');
END $$;

-- migrate:down
