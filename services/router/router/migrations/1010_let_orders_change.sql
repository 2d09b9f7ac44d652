-- migrate:up

-- A number names several orders in turn: one takes the place of another, or of one that was deleted. The newest counts.
ALTER TABLE routes DROP CONSTRAINT routes_retailer_id_external_id_key;
CREATE INDEX routes_by_number ON routes (retailer_id, external_id, order_id);

-- How the retailer has changed its mind. `shipped` is false of a decided order whose stock is in no shipments, because it is
-- held or was cancelled before; `delivery` is NULL as long as the one it was placed with counts.
ALTER TABLE routes
    ADD COLUMN held boolean NOT NULL DEFAULT false,
    ADD COLUMN shipped boolean NOT NULL DEFAULT true,
    ADD COLUMN amended integer NOT NULL DEFAULT 0,
    ADD COLUMN delivery bytea,
    ADD COLUMN cancelled_at timestamptz,
    ADD COLUMN cancelled_because text,
    ADD CHECK ((cancelled_at IS NULL) = (cancelled_because IS NULL));

-- Changes of mind that came before their order, kept until it comes.
CREATE TABLE amendments (
    order_id uuid PRIMARY KEY,
    version integer NOT NULL,
    held boolean NOT NULL,
    delivery bytea,
    cancelled_at timestamptz,
    cancelled_because text,
    CHECK ((cancelled_at IS NULL) = (cancelled_because IS NULL))
);

DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON amendments FROM %I', current_user || '_api');
END $$;

-- migrate:down
