-- migrate:up

-- A list is read in the order of the ids, a page at a time. Neither column ever changes, so that updates stay cheap.
CREATE INDEX balances_of_supplier ON balances (supplier_id, id);
CREATE INDEX balances_of_retailer ON balances (retailer_id, id);

-- migrate:down
