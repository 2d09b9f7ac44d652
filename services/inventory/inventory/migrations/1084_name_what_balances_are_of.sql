-- migrate:up

-- What a balance is of. A retailer whose orders wait in a catalogue is told so also when its supplier has withdrawn from
-- that, although it sees no stock and no price there any more.
CREATE VIEW balance_names WITH (security_barrier) AS
    SELECT id, catalogue_id, product_id FROM balances
    WHERE (SELECT current_setting('sluice.organisation', true)) IN (retailer_id, supplier_id);

-- A view is read with the rights of whoever made it, and would be written with them too.
DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON balance_names FROM %I', current_user || '_api');
END $$;

-- migrate:down
