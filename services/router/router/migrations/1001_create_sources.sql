-- migrate:up

-- What the router must know of others' data: copies kept from their events, of which the highest version wins.
CREATE TABLE organisations (
    business_id text PRIMARY KEY,
    name text NOT NULL,
    version integer NOT NULL
);

CREATE TABLE catalogues (
    retailer_id text NOT NULL,
    catalogue_id text NOT NULL,
    supplier_id text NOT NULL,
    name text,
    priority integer,
    route_weight integer,
    contract_number text,
    active boolean NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (retailer_id, catalogue_id)
);

-- Which products a catalogue has. How much of them there is, inventory knows.
CREATE TABLE balances (
    retailer_id text NOT NULL,
    product_id text NOT NULL,
    catalogue_id text NOT NULL,
    ean text,
    description text,
    published boolean NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (retailer_id, product_id, catalogue_id)
);
CREATE INDEX balances_by_ean ON balances (retailer_id, ean) WHERE ean IS NOT NULL;

DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON organisations, catalogues, balances FROM %I', current_user || '_api');
END $$;

-- migrate:down
