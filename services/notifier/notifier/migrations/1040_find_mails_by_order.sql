-- migrate:up

-- Of which order a mail tells: mails go with their order, and the auditor looks at orders. A mail about nothing has none.
CREATE INDEX mails_of_order ON mails (((content ->> 'order_id')::uuid));

-- migrate:down
