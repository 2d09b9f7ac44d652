-- migrate:up

-- The shipments that their suppliers have not opened, by when something is to be done about them: at half of their time
-- they are reminded, and at its end somebody else is asked. Moments are kept in an index without their time zone.
CREATE INDEX shipments_unopened ON shipments ((
    CASE WHEN reminded_at IS NULL THEN (created_at AT TIME ZONE 'UTC') + (accept_by - created_at) / 2
    ELSE accept_by AT TIME ZONE 'UTC' END
)) WHERE status IN ('Created', 'Submitted');

-- migrate:down
