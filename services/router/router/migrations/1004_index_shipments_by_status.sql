-- migrate:up

-- A supplier polls for what is open, which is little of all it ever had. The other party is there for row-level security:
-- with it, lists are counted and paged from the index alone.
CREATE INDEX shipments_of_supplier_by_status ON shipments (supplier_id, status, created_at, id) INCLUDE (retailer_id);
CREATE INDEX shipments_of_retailer_by_status ON shipments (retailer_id, status, created_at, id) INCLUDE (supplier_id);
DROP INDEX shipments_of_supplier, shipments_of_retailer;
CREATE INDEX shipments_of_supplier ON shipments (supplier_id, created_at, id) INCLUDE (retailer_id);
CREATE INDEX shipments_of_retailer ON shipments (retailer_id, created_at, id) INCLUDE (supplier_id);

-- migrate:down
