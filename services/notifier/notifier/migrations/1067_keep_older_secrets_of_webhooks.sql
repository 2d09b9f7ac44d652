-- migrate:up

-- Secrets from before the old one that are good as well, each until its own time is over: whoever changes a secret again
-- while the one before is good, perhaps because it never heard the new one, has receivers that know only an older one.
ALTER TABLE webhooks
    ADD COLUMN older_secrets bytea[] NOT NULL DEFAULT '{}',
    ADD COLUMN older_untils timestamptz[] NOT NULL DEFAULT '{}',
    ADD CHECK (cardinality(older_secrets) = cardinality(older_untils));

-- migrate:down
