-- migrate:up

-- Stock that a retailer keeps for a while for an order to come. Who ends a hold lowers `balances.held` by its lines, and
-- has locked those balances before.
CREATE TABLE holds (
    id uuid PRIMARY KEY,
    retailer_id text NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX holds_of_retailer ON holds (retailer_id, created_at);
CREATE INDEX holds_by_expiry ON holds (expires_at);

-- What a row of a hold keeps of a balance. A line expires with its hold, and says when: whose stock it is must know, and
-- has no business with the hold.
CREATE TABLE hold_lines (
    hold_id uuid NOT NULL REFERENCES holds ON DELETE CASCADE,
    row_id text NOT NULL,
    balance_id bigint NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (hold_id, row_id, balance_id)
);
CREATE INDEX hold_lines_by_balance ON hold_lines (balance_id, expires_at);

ALTER TABLE holds ENABLE ROW LEVEL SECURITY;
ALTER TABLE hold_lines ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON holds
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (retailer_id = (SELECT current_setting('sluice.organisation', true)));
CREATE POLICY own ON hold_lines
    USING (EXISTS (
        SELECT FROM holds
        WHERE holds.id = hold_lines.hold_id
            AND holds.retailer_id = (SELECT current_setting('sluice.organisation', true))
    ));
CREATE POLICY read_as_supplier ON hold_lines FOR SELECT
    USING (EXISTS (
        SELECT FROM balances
        WHERE balances.id = hold_lines.balance_id
            AND balances.supplier_id = (SELECT current_setting('sluice.organisation', true))
    ));

-- migrate:down
