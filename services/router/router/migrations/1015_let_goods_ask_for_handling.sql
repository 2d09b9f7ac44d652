-- migrate:up

-- Whether a product has to be handled with care, or is larger than a normal parcel.
ALTER TABLE balances
    ADD COLUMN fragile boolean NOT NULL DEFAULT false,
    ADD COLUMN oversized boolean NOT NULL DEFAULT false;

-- Codes of the additional services that the goods of a shipment need, as they were when the order was ranked.
ALTER TABLE shipments ADD COLUMN handling text[] NOT NULL DEFAULT '{}';

-- migrate:down
