-- migrate:up

-- `reached` is how far a shipment in Error had come, from where it goes on; `events` is what its supplier noted of it.
ALTER TABLE shipments DROP CONSTRAINT shipments_status_check;
ALTER TABLE shipments
    ADD CONSTRAINT shipments_status_check CHECK (
        status IN (
            'Created', 'Submitted', 'Viewed', 'Picking', 'Packing', 'Shipping', 'Delivered', 'Cancelled', 'Error'
        )
    ),
    ADD COLUMN status_reason text,
    ADD COLUMN reached text,
    ADD COLUMN events jsonb,
    ADD CHECK ((status = 'Error') = (reached IS NOT NULL));

-- For those who ask what has changed since they asked last.
CREATE INDEX shipments_of_supplier_by_change ON shipments (supplier_id, updated_at, id) INCLUDE (retailer_id);
CREATE INDEX shipments_of_retailer_by_change ON shipments (retailer_id, updated_at, id) INCLUDE (supplier_id);

-- migrate:down
