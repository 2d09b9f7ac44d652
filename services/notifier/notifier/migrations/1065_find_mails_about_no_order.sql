-- migrate:up

-- Mails that are about no order, so that none takes them along when it is forgotten: they go by their age.
CREATE INDEX mails_about_no_order ON mails (created_at) WHERE kind IN ('weekly-summary', 'webhook-paused');

-- migrate:down
