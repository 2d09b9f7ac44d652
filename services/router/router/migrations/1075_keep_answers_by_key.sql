-- migrate:up

-- What was answered to a request that came with a key of its sender's, so that it counts once however often it is sent.
-- `asked` is a hash of the address and the body; `etag` the version that was answered with, if any.
CREATE TABLE kept_answers (
    organisation text NOT NULL,
    key text NOT NULL,
    asked bytea NOT NULL,
    answer bytea,
    etag text,
    given_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation, key)
);
CREATE INDEX kept_answers_by_age ON kept_answers (given_at);

ALTER TABLE kept_answers ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_answers ON kept_answers
    USING (organisation = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (organisation = (SELECT current_setting('sluice.organisation', true)));

DO $$ BEGIN
    EXECUTE format('REVOKE DELETE ON kept_answers FROM %I', current_user || '_api');
END $$;

-- migrate:down
