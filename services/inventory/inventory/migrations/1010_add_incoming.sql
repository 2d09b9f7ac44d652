-- migrate:up

-- Units on their way to the shelf, as the supplier says. Shops read it; nothing is promised from it.
ALTER TABLE balances ADD COLUMN incoming numeric(18, 6) CHECK (incoming >= 0);

-- migrate:down
