-- migrate:up

-- How far each organisation's feed has come: `position` is that of its newest event, `pruned` of the last that is gone.
-- Whoever writes events holds this row until it commits, so that positions become visible in their order, without gaps.
CREATE TABLE feeds (
    organisation text PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0,
    pruned bigint NOT NULL DEFAULT 0,
    CHECK (0 <= pruned AND pruned <= position)
) WITH (fillfactor = 50);

-- What happened to an organisation's things. `content` is the event as it is answered, JSON in UTF-8.
CREATE TABLE events (
    organisation text NOT NULL,
    position bigint NOT NULL,
    id text NOT NULL,
    type text NOT NULL,
    told_at timestamptz NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (organisation, position),
    UNIQUE (organisation, id)
);

ALTER TABLE feeds ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_feed ON feeds
    USING (organisation = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (organisation = (SELECT current_setting('sluice.organisation', true)));

ALTER TABLE events ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_events ON events
    USING (organisation = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (organisation = (SELECT current_setting('sluice.organisation', true)));

-- The API reads them. Nothing else.
DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON feeds, events FROM %I', current_user || '_api');
END $$;

-- migrate:down
