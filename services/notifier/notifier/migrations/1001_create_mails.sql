-- migrate:up

-- Whom to write to at an organisation. A row of version 0 that is not `own` is only a name on a shipment so far; it is
-- there so that a shipment and the news of its supplier, arriving at the same time, lock the same row.
CREATE TABLE contacts (
    business_id text PRIMARY KEY,
    name text,
    emails text[] NOT NULL DEFAULT '{}',
    language text NOT NULL DEFAULT 'en' CHECK (language IN ('fi', 'sv', 'en')),
    new_shipment boolean NOT NULL DEFAULT true,
    -- The organisation gave these settings itself: they stay when its record changes.
    own boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 0
);

-- What is to be sent, and what was sent: the delivery log.
CREATE TABLE mails (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shipment_id uuid NOT NULL,
    kind text NOT NULL,
    recipient_id text NOT NULL REFERENCES contacts,
    retailer_id text NOT NULL,
    order_external_id text NOT NULL,
    message_id text NOT NULL,
    content jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'pending', 'sending', 'sent', 'refused', 'not wanted')),
    subject text,
    -- To whom the last try went, and who has the mail by now.
    recipients text[] NOT NULL DEFAULT '{}',
    reached text[] NOT NULL DEFAULT '{}',
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    first_tried_at timestamptz,
    -- When it may be tried; while it is being sent, when that try counts as dead.
    next_at timestamptz NOT NULL DEFAULT now(),
    -- What the mail server said last.
    answer text,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    UNIQUE (shipment_id, kind),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CHECK (state <> 'sent' OR reached <> '{}')
);
CREATE INDEX mails_due ON mails (next_at) WHERE state IN ('pending', 'sending');
CREATE INDEX mails_waiting ON mails (recipient_id) WHERE state = 'waiting';
CREATE INDEX mails_of_recipient ON mails (recipient_id, id);

ALTER TABLE contacts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_contact ON contacts
    USING (business_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (business_id = (SELECT current_setting('sluice.organisation', true)));

ALTER TABLE mails ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_mails ON mails
    USING (recipient_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (recipient_id = (SELECT current_setting('sluice.organisation', true)));

-- The API changes settings, and with them what waits for them. Nothing else.
DO $$ BEGIN
    EXECUTE format('REVOKE DELETE ON contacts, mails FROM %I', current_user || '_api');
    EXECUTE format('REVOKE INSERT, UPDATE ON mails FROM %I', current_user || '_api');
    EXECUTE format('GRANT UPDATE (state, next_at) ON mails TO %I', current_user || '_api');
END $$;

-- migrate:down
