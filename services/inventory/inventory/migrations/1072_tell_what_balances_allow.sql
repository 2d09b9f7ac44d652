-- migrate:up

-- `unlimited`: it never runs out. What is taken is supplied as well, so that `quantity` stays and the books hold.
-- `back_order_allowed`: the catalogue's word counts where it is NULL. `back_order_limit`: how much may wait here at most,
-- any amount where it is NULL. `held` is the sum of the lines of holds, live or not.
ALTER TABLE balances
    ADD COLUMN unlimited boolean NOT NULL DEFAULT false,
    ADD COLUMN back_order_allowed boolean,
    ADD COLUMN back_order_limit numeric(18, 6) CHECK (back_order_limit >= 0),
    ADD COLUMN held numeric(18, 6) NOT NULL DEFAULT 0 CHECK (held >= 0);

-- migrate:down
