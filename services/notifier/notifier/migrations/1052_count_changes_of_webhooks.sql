-- migrate:up

-- How often its owner has changed a webhook, and the change that last said from where on it is to be sent: whoever is
-- sending to it as it was before notes its place only if nobody has given it another since.
ALTER TABLE webhooks
    ADD COLUMN change bigint NOT NULL DEFAULT 0,
    ADD COLUMN placed bigint NOT NULL DEFAULT 0;

-- migrate:down
