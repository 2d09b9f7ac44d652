-- migrate:up

-- By the supplier's own reference, which new shipments do not have: making one costs nothing more.
CREATE INDEX shipments_by_reference ON shipments (supplier_id, external_reference)
    WHERE external_reference IS NOT NULL;

-- migrate:down
