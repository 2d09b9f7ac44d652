-- migrate:up

-- Where an organisation wants its events sent. `position` is the last one in its feed that was taken, or not wanted.
CREATE TABLE webhooks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation text NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    -- None: all of them.
    types text[] NOT NULL DEFAULT '{}',
    -- Sealed. The old one signs as well until its time is over.
    secret bytea NOT NULL,
    old_secret bytea,
    old_until timestamptz,
    position bigint NOT NULL CHECK (position >= 0),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
    why text,
    -- How often the event that is due was refused, and since when.
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    failing_since timestamptz,
    next_at timestamptz NOT NULL DEFAULT now(),
    -- A process has it until then.
    leased_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation, name),
    CHECK ((state = 'paused') = (why IS NOT NULL)),
    CHECK ((attempts = 0) = (failing_since IS NULL)),
    CHECK ((old_secret IS NULL) = (old_until IS NULL))
);
CREATE INDEX webhooks_due ON webhooks (next_at) WHERE state = 'active';

-- What was sent to whom, and what was answered. `position` is the event's; a test has none.
CREATE TABLE webhook_deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id bigint NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    organisation text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('event', 'test', 'redelivery')),
    position bigint,
    event_id text NOT NULL,
    event_type text NOT NULL,
    attempt integer NOT NULL,
    url text NOT NULL,
    sent_at timestamptz NOT NULL,
    milliseconds integer NOT NULL,
    -- None: there was no answer, and the text says why.
    status integer,
    answer text NOT NULL
);
CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (webhook_id, id);

ALTER TABLE webhooks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_webhooks ON webhooks
    USING (organisation = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (organisation = (SELECT current_setting('sluice.organisation', true)));

ALTER TABLE webhook_deliveries ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_deliveries ON webhook_deliveries
    USING (organisation = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (organisation = (SELECT current_setting('sluice.organisation', true)));

-- The log is written and never changed.
DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON webhook_deliveries FROM %I', current_user || '_api');
END $$;

-- migrate:down
