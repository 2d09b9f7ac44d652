-- migrate:up

-- What a watch could not do because it raised: it is left alone until then, and for longer each time, so that it does not
-- hold back the others. `id` is an order's or a shipment's.
CREATE TABLE put_off (
    work text NOT NULL,
    id uuid NOT NULL,
    times integer NOT NULL CHECK (times > 0),
    until timestamptz NOT NULL,
    error text NOT NULL,
    PRIMARY KEY (work, id)
);

DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON put_off FROM %I', current_user || '_api');
END $$;

-- migrate:down
