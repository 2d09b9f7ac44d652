-- migrate:up

-- The position in its feed of the last event that was counted in a weekly summary of an organisation; none before the first.
ALTER TABLE contacts ADD COLUMN summed_up_to bigint;

-- migrate:down
