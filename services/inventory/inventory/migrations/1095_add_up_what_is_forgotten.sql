-- migrate:up

-- What orders that are forgotten had taken from balances. The books then are, with `gone` of a balance's line here:
--     quantity = supplied - gone - sum(quantity - returned)
-- They are beside `balances`, so that whoever forgets old orders locks no stock.
CREATE TABLE forgotten_takings (
    balance_id bigint PRIMARY KEY,
    gone numeric(24, 6) NOT NULL CHECK (gone >= 0)
);

DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON forgotten_takings FROM %I', current_user || '_api');
END $$;

-- migrate:down
