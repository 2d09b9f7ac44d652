-- migrate:up

-- An account is given to a catalogue that there is: the retailer's API may see the names of its own.
ALTER TABLE catalogues ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_catalogues ON catalogues FOR SELECT
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)));

DO $$ BEGIN
    EXECUTE format('GRANT SELECT (retailer_id, catalogue_id) ON catalogues TO %I', current_user || '_api');
END $$;

-- migrate:down
