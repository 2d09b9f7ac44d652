-- migrate:up

-- What the addresses in `emails` have chosen: by address the kinds of mails, their timing and that of single retailers. An
-- address that is not in it gets what every address got before there was a choice. `summary_at` is when the next weekly
-- summary is due, if any address wants it.
ALTER TABLE contacts
    ADD COLUMN choices jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN quiet_from time,
    ADD COLUMN quiet_until time,
    ADD COLUMN time_zone text NOT NULL DEFAULT 'Europe/Helsinki',
    ADD COLUMN summary_at timestamptz,
    ADD CHECK ((quiet_from IS NULL) = (quiet_until IS NULL));
CREATE INDEX contacts_summary_due ON contacts (summary_at) WHERE summary_at IS NOT NULL;

-- Of a shipment and kind there is one mail, and, where addresses have chosen several timings, one more for each further
-- timing, whose kind ends in it: `new-shipment/daily-8`. `audience` are the addresses a mail is for, when that is not all
-- that want it, and behind a `>` those that get another one about the same. What is to go in a digest waits with its `timing`
-- until it is due; then it gets a `digest_id`, that of the mail that carries it, and is due itself no more.
ALTER TABLE mails
    ADD COLUMN timing text NOT NULL DEFAULT 'instant',
    ADD COLUMN audience text[] NOT NULL DEFAULT '{}',
    ADD COLUMN digest_id bigint REFERENCES mails ON DELETE SET NULL,
    ADD CHECK (digest_id IS NULL OR timing <> 'instant');
CREATE INDEX mails_of_digest ON mails (digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX mails_to_gather ON mails (next_at) WHERE timing <> 'instant' AND digest_id IS NULL AND state = 'pending';

-- migrate:down
