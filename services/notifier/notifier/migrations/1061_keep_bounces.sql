-- migrate:up

-- Mails that came back after a mail server had taken them: to whom they could not be delivered, and why.
CREATE TABLE bounces (
    mail_id bigint NOT NULL REFERENCES mails ON DELETE CASCADE,
    organisation text NOT NULL,
    email text NOT NULL,
    -- As RFC 3463 has it: 5.1.1.
    status text NOT NULL,
    answer text,
    noted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (mail_id, email)
);

ALTER TABLE bounces ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_bounces ON bounces
    USING (organisation = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (organisation = (SELECT current_setting('sluice.organisation', true)));

-- The API reads them. Nothing else.
DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON bounces FROM %I', current_user || '_api');
END $$;

-- migrate:down
