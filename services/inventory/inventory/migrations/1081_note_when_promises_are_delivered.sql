-- migrate:up

-- A figure that was true some time ago is brought up to date by what was promised and delivered since. `delivered_at` is
-- when the last of a promise was said to be delivered. Block ranges hold promises of about the same time, so that only
-- the latest of them are read.
ALTER TABLE allocations ADD COLUMN delivered_at timestamptz;
CREATE INDEX allocations_by_time ON allocations USING brin (allocated_at, delivered_at)
    WITH (pages_per_range = 32, autosummarize = on);

-- migrate:down
