-- migrate:up

-- A label that did not come along with its booking is fetched by itself: `label_wanted` as long as that is tried.
-- `booked_with` tells the account that booked (router.carriers.accounts): to another one, a parcel that is not there may
-- still be booked. NULL is an account we do not know.
ALTER TABLE bookings
    ADD COLUMN booked_with text,
    ADD COLUMN label_wanted boolean NOT NULL DEFAULT false,
    ADD CHECK (NOT label_wanted OR carrier_id IS NOT NULL);

UPDATE bookings SET label_wanted = true WHERE state = 'booked' AND label IS NULL;

DROP INDEX bookings_due;
CREATE INDEX bookings_due ON bookings (next_at) WHERE state IN ('pending', 'cancelling') OR label_wanted;

DO $$ BEGIN
    EXECUTE format('GRANT UPDATE (label_wanted) ON bookings TO %I', current_user || '_api');
END $$;

-- migrate:down
