-- migrate:up

-- How long a supplier may be silent about a shipment from here before it counts as declined. Null is as long as everywhere.
ALTER TABLE catalogues
    ADD COLUMN acceptance_hours double precision CHECK (acceptance_hours > 0 AND acceptance_hours <= 8760);

DO $$ BEGIN
    EXECUTE format('GRANT UPDATE (acceptance_hours) ON catalogues TO %I', current_user || '_api');
END $$;

-- migrate:down
