-- migrate:up

-- What suppliers put back on their shelves of what orders returned, each once. Of a balance that never runs out nothing was
-- booked, and it is here nevertheless. No foreign key: no balance is ever deleted.
CREATE TABLE restocked_goods (
    return_id uuid NOT NULL,
    row_id text NOT NULL,
    balance_id bigint NOT NULL,
    order_id uuid NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    booked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (return_id, row_id, balance_id)
);
CREATE INDEX restocked_goods_of_order ON restocked_goods (order_id);

DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON restocked_goods FROM %I', current_user || '_api');
END $$;

-- migrate:down
