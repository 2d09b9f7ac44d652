-- migrate:up

-- What rows of orders still wait for, first come first served by (placed_at, order_id, place). A line goes once nothing
-- of it is open. `lot` is the round that asked, `place` the row's in that, `balance_id` where it waits. `whole`: it may not
-- come in parts. `supplier_ids` are those whose stock may serve it.
CREATE TABLE waiting (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL,
    row_id text NOT NULL,
    lot integer NOT NULL,
    retailer_id text NOT NULL,
    external_id text,
    placed_at timestamptz NOT NULL,
    place integer NOT NULL,
    balance_id bigint NOT NULL,
    open numeric(18, 6) NOT NULL CHECK (open > 0),
    whole boolean NOT NULL DEFAULT false,
    supplier_ids text[] NOT NULL,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (order_id, row_id, lot)
);
CREATE INDEX waiting_at_balance ON waiting (balance_id, placed_at, order_id, place);
CREATE INDEX waiting_of_retailer ON waiting (retailer_id, placed_at, order_id, place);

-- The balances that may serve a waiting line, the first to be asked with the smallest rank.
CREATE TABLE waiting_places (
    waiting_id bigint NOT NULL REFERENCES waiting ON DELETE CASCADE,
    balance_id bigint NOT NULL,
    supplier_id text NOT NULL,
    rank integer NOT NULL,
    PRIMARY KEY (waiting_id, balance_id)
);
CREATE INDEX waiting_places_by_balance ON waiting_places (balance_id);

ALTER TABLE waiting ENABLE ROW LEVEL SECURITY;
ALTER TABLE waiting_places ENABLE ROW LEVEL SECURITY;

CREATE POLICY serve_as_supplier ON waiting_places
    USING (supplier_id = (SELECT current_setting('sluice.organisation', true)));
CREATE POLICY serve_as_supplier ON waiting
    USING ((SELECT current_setting('sluice.organisation', true)) = ANY (supplier_ids));
CREATE POLICY read_as_retailer ON waiting FOR SELECT
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)));

-- The API serves who waits; it lets nobody wait.
DO $$ BEGIN
    EXECUTE format('REVOKE INSERT ON waiting FROM %I', current_user || '_api');
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON waiting_places FROM %I', current_user || '_api');
END $$;

-- migrate:down
