-- migrate:up

-- A retailer's virtual warehouses, each kept by one supplier. Closing one leaves the row, so that versions go on.
CREATE TABLE catalogues (
    retailer_id text NOT NULL,
    external_id text NOT NULL,
    supplier_id text NOT NULL,
    catalogue_type text NOT NULL CHECK (catalogue_type IN ('Catalog', 'Posti', 'Store')),
    name text,
    priority integer,
    route_weight integer CHECK (route_weight >= 0),
    back_order_allowed boolean NOT NULL DEFAULT false,
    public boolean NOT NULL DEFAULT false,
    active boolean NOT NULL DEFAULT true,
    contract_number text,
    info_code text,
    version integer NOT NULL DEFAULT 1,
    inserted_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (retailer_id, external_id)
);
CREATE INDEX catalogues_by_supplier ON catalogues (supplier_id, external_id);

-- `document` is the product as it is answered; the columns beside it are those that decisions and messages read.
CREATE TABLE products (
    supplier_id text NOT NULL,
    external_id text NOT NULL,
    ean text,
    name text,
    status text NOT NULL CHECK (status IN ('ACTIVE', 'EOS')),
    eos_at timestamptz,
    document jsonb NOT NULL,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (supplier_id, external_id),
    CHECK ((status = 'EOS') = (eos_at IS NOT NULL))
);

-- A product's stock in a catalogue. A withdrawn product leaves the row, with `published` off.
--
-- The books, over the takings of a balance that count (see allocations):
--     allocated = sum(quantity - delivered - returned)
--     quantity  = supplied - sum(quantity - returned)
-- `supplied` is all that the outside has put in less what it took out: setting `quantity` to q adds q - quantity.
CREATE TABLE balances (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    retailer_id text NOT NULL,
    catalogue_id text NOT NULL,
    supplier_id text NOT NULL,
    product_id text NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity >= 0),
    allocated numeric(18, 6) NOT NULL DEFAULT 0 CHECK (allocated >= 0),
    ever_allocated boolean NOT NULL DEFAULT false,
    supplied numeric(24, 6) NOT NULL CHECK (supplied >= 0),
    safety_stock numeric(18, 6) NOT NULL DEFAULT 0 CHECK (safety_stock >= 0),
    sellable boolean NOT NULL DEFAULT true,
    wholesale_price numeric(18, 4) CHECK (wholesale_price >= 0),
    currency text,
    published boolean NOT NULL DEFAULT true,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (retailer_id, catalogue_id, product_id),
    FOREIGN KEY (retailer_id, catalogue_id) REFERENCES catalogues (retailer_id, external_id),
    FOREIGN KEY (supplier_id, product_id) REFERENCES products (supplier_id, external_id)
) WITH (fillfactor = 70);
CREATE INDEX balances_by_product ON balances (supplier_id, product_id);
-- A block range keeps its latest change, which is all that "changed since" asks, and lets updates stay on their page.
CREATE INDEX balances_by_time ON balances USING brin (updated_at) WITH (pages_per_range = 8, autosummarize = on);

-- What each row of an order took from a balance. A taking that does not count (`"allocated": 0` said that the supplier's
-- figure accounts for it already) stays with its order, but neither its delivery nor its return moves stock: when it stops
-- counting, `supplied` falls by its quantity - returned, so that the books hold. No foreign key: no balance is ever deleted.
CREATE TABLE allocations (
    order_id uuid NOT NULL,
    row_id text NOT NULL,
    balance_id bigint NOT NULL,
    shipment_version integer NOT NULL DEFAULT 0,
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    delivered numeric(18, 6) NOT NULL DEFAULT 0 CHECK (delivered >= 0),
    returned numeric(18, 6) NOT NULL DEFAULT 0 CHECK (returned >= 0),
    counted boolean NOT NULL DEFAULT true,
    allocated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, row_id, balance_id),
    CHECK (delivered + returned <= quantity)
);
CREATE INDEX allocations_open ON allocations (balance_id) WHERE counted AND delivered + returned < quantity;

-- What was answered to each request for stock: asked again, it is answered the same. `answer` is OrderAllocated as JSON.
CREATE TABLE settlements (
    order_id uuid NOT NULL,
    round integer NOT NULL,
    retailer_id text NOT NULL,
    answer bytea NOT NULL,
    settled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, round)
);

ALTER TABLE catalogues ENABLE ROW LEVEL SECURITY;
ALTER TABLE products ENABLE ROW LEVEL SECURITY;
ALTER TABLE balances ENABLE ROW LEVEL SECURITY;
ALTER TABLE allocations ENABLE ROW LEVEL SECURITY;

CREATE POLICY read_as_party ON catalogues FOR SELECT
    USING ((SELECT current_setting('sluice.organisation', true)) IN (retailer_id, supplier_id));
CREATE POLICY write_as_retailer ON catalogues
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (retailer_id = (SELECT current_setting('sluice.organisation', true)));

CREATE POLICY read_as_party ON balances FOR SELECT
    USING ((SELECT current_setting('sluice.organisation', true)) IN (retailer_id, supplier_id));
CREATE POLICY write_as_supplier ON balances
    USING (supplier_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (supplier_id = (SELECT current_setting('sluice.organisation', true)));

CREATE POLICY own ON products
    USING (supplier_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (supplier_id = (SELECT current_setting('sluice.organisation', true)));
CREATE POLICY read_published ON products FOR SELECT
    USING (EXISTS (
        SELECT FROM balances
        WHERE balances.supplier_id = products.supplier_id AND balances.product_id = products.external_id
            AND balances.retailer_id = (SELECT current_setting('sluice.organisation', true)) AND balances.published
    ));

CREATE POLICY release_as_supplier ON allocations
    USING (EXISTS (
        SELECT FROM balances
        WHERE balances.id = allocations.balance_id
            AND balances.supplier_id = (SELECT current_setting('sluice.organisation', true))
    ));

-- The API deletes nothing, promises nothing and settles nothing.
DO $$ BEGIN
    EXECUTE format('REVOKE DELETE ON catalogues, products, balances FROM %I', current_user || '_api');
    EXECUTE format('REVOKE INSERT, DELETE ON allocations FROM %I', current_user || '_api');
    EXECUTE format('REVOKE ALL ON settlements FROM %I', current_user || '_api');
END $$;

-- migrate:down
