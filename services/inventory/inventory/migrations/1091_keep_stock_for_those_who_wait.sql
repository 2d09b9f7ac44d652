-- migrate:up

-- When more rows wait for stock that came than one transaction serves, the rest of it is kept for those who are left: by
-- a hold that is no retailer's and does not expire, until somebody goes on serving them.
ALTER TABLE holds ALTER COLUMN retailer_id DROP NOT NULL;
CREATE INDEX holds_for_waiting ON holds (created_at) WHERE retailer_id IS NULL;

-- migrate:down
