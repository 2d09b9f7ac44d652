-- migrate:up

-- The accounts with which parcels of a catalogue are booked at a carrier's own system. `sealed` is the user and the secret,
-- which only the services can open (shared.sealing).
CREATE TABLE carrier_accounts (
    retailer_id text NOT NULL,
    catalogue_id text NOT NULL,
    sealed bytea NOT NULL,
    sender_quick_id text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (retailer_id, catalogue_id)
);

ALTER TABLE carrier_accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_accounts ON carrier_accounts
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (retailer_id = (SELECT current_setting('sluice.organisation', true)));

-- Parcels that are to be booked at a carrier, and what became of it. `unsure` as long as a try may have succeeded without
-- our hearing of it; `answer` is what the carrier, or we, said last.
CREATE TABLE bookings (
    shipment_id uuid NOT NULL REFERENCES shipments (id) ON DELETE CASCADE,
    parcel_id text NOT NULL,
    retailer_id text NOT NULL,
    supplier_id text NOT NULL,
    catalogue_id text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (
        state IN ('pending', 'booked', 'refused', 'cancelling', 'cancelled', 'not wanted')
    ),
    unsure boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    first_tried_at timestamptz,
    -- When it may be tried; while it is being tried, when that try counts as dead.
    next_at timestamptz NOT NULL DEFAULT now(),
    carrier_id text,
    label bytea,
    answer text,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shipment_id, parcel_id),
    CHECK (state NOT IN ('booked', 'cancelling') OR carrier_id IS NOT NULL)
);
CREATE INDEX bookings_due ON bookings (next_at) WHERE state IN ('pending', 'cancelling');

-- The supplier and the retailer of a parcel see its booking; the supplier alone asks for it.
ALTER TABLE bookings ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen_by_both ON bookings FOR SELECT
    USING ((SELECT current_setting('sluice.organisation', true)) IN (supplier_id, retailer_id));
CREATE POLICY asked_by_supplier ON bookings FOR INSERT
    WITH CHECK (supplier_id = (SELECT current_setting('sluice.organisation', true)));
CREATE POLICY changed_by_supplier ON bookings FOR UPDATE
    USING (supplier_id = (SELECT current_setting('sluice.organisation', true)));

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON bookings FROM %I', current_user || '_api');
    EXECUTE format(
        'GRANT UPDATE (state, next_at, attempts, first_tried_at, answer, unsure, changed_at) ON bookings TO %I',
        current_user || '_api'
    );
END $$;

-- migrate:down
