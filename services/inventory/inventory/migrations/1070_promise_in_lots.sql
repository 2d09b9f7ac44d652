-- migrate:up

-- A lot is what an order is promised at one time: a round of asking, or what the waiting list filled. All that there is
-- was promised in the first round. `placed_at` is the order's time where it is known: the newest orders give way first.
-- `withdrawn` turned out not to be there: `quantity` has fallen by as much, and rises again when it is delivered after all.
-- `released` is what was let go of in parts; the shipment that comes of the rest never has it.
ALTER TABLE allocations
    ADD COLUMN lot integer NOT NULL DEFAULT 1,
    ADD COLUMN placed_at timestamptz,
    ADD COLUMN withdrawn numeric(18, 6) NOT NULL DEFAULT 0 CHECK (withdrawn >= 0),
    ADD COLUMN released numeric(18, 6) NOT NULL DEFAULT 0 CHECK (released >= 0),
    DROP CONSTRAINT allocations_quantity_check,
    ADD CONSTRAINT allocations_quantity_check CHECK (quantity >= 0),
    DROP CONSTRAINT allocations_pkey,
    ADD PRIMARY KEY (order_id, row_id, balance_id, lot);

-- Lots that no round of asking has: see FIRST_FILLED_LOT.
CREATE SEQUENCE filled_lots AS integer MINVALUE 1000000 START 1000000;

-- Whoever books stock promises it to those who wait, in the same transaction.
DO $$ BEGIN
    EXECUTE format('GRANT INSERT ON allocations TO %I', current_user || '_api');
    EXECUTE format('GRANT USAGE ON SEQUENCE filled_lots TO %I', current_user || '_api');
END $$;

-- migrate:down
