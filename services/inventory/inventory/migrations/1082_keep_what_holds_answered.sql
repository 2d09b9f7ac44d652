-- migrate:up

-- What a hold was answered, row by row: what was kept from where, and what there was not enough of.
ALTER TABLE holds ADD COLUMN answer jsonb NOT NULL DEFAULT '[]';

-- migrate:down
