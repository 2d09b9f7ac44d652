-- migrate:up

-- What an operator has said of carriers' services; it goes before what the router brings along. `document` is NULL for
-- a service that is brought along and not offered here.
CREATE TABLE delivery_services (
    id text PRIMARY KEY,
    document jsonb,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- No row-level security: they are the same for everybody.
DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON delivery_services FROM %I', current_user || '_api');
END $$;

-- migrate:down
