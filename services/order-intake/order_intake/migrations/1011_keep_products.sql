-- migrate:up

-- What inventory has said of each product in a retailer's catalogues, for looking an order over when it is placed.
CREATE TABLE products (
    retailer_id text NOT NULL,
    product_id text NOT NULL,
    catalogue_id text NOT NULL,
    ean text,
    published boolean NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (retailer_id, product_id, catalogue_id)
);

ALTER TABLE products ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_retailer ON products
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)));

-- Nothing over HTTP reads them: they are looked at while an order is placed.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON products FROM %I', current_user || '_api');
END $$;

-- migrate:down
