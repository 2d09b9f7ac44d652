-- migrate:up

-- Since when a mail waits for papers that are to be attached, as long as it does: the tries that it has at the mail server
-- are counted without that.
ALTER TABLE mails ADD COLUMN papers_since timestamptz;

-- migrate:down
