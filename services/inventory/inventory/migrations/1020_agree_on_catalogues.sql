-- migrate:up

-- A catalogue is used once both sides want it: what its supplier said to the retailer who asked. The catalogues that
-- are there have been used all along. `active` stays the retailer's own word: open or closed.
ALTER TABLE catalogues
    ADD COLUMN activation text NOT NULL DEFAULT 'active'
        CHECK (activation IN ('requested', 'active', 'declined', 'withdrawn')),
    ADD COLUMN activation_changed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN invoicing_reference text,
    ADD CONSTRAINT catalogues_own_active CHECK (retailer_id <> supplier_id OR activation = 'active');

-- A public catalogue is its supplier's own, and the retailers it was opened to have rows of the same id beside it. So far
-- `public` meant nothing, and only retailers could say it: nothing of theirs is to be on view all at once because of it.
UPDATE catalogues SET public = false WHERE public;
CREATE INDEX catalogues_public ON catalogues (external_id) WHERE public AND retailer_id = supplier_id;

CREATE POLICY answer_as_supplier ON catalogues FOR UPDATE
    USING (supplier_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (supplier_id = (SELECT current_setting('sluice.organisation', true)));
CREATE POLICY read_public ON catalogues FOR SELECT
    USING (public AND active AND retailer_id = supplier_id
        AND (SELECT current_setting('sluice.organisation', true)) <> '');

-- Until its catalogue is activated, and again when that has been withdrawn, a retailer sees no stock and no price.
DROP POLICY read_as_party ON balances;
CREATE POLICY read_as_retailer ON balances FOR SELECT
    USING (retailer_id = (SELECT current_setting('sluice.organisation', true)) AND catalogue_id IN (
        SELECT external_id FROM catalogues
        WHERE retailer_id = (SELECT current_setting('sluice.organisation', true)) AND activation = 'active'
    ));

-- Which products are published in a public catalogue, for those who may not see the balances there.
CREATE TABLE public_listings (
    supplier_id text NOT NULL,
    catalogue_id text NOT NULL,
    product_id text NOT NULL,
    PRIMARY KEY (supplier_id, catalogue_id, product_id),
    FOREIGN KEY (supplier_id, product_id) REFERENCES products (supplier_id, external_id)
);
CREATE INDEX public_listings_by_product ON public_listings (supplier_id, product_id);
ALTER TABLE public_listings ENABLE ROW LEVEL SECURITY;
CREATE POLICY write_as_supplier ON public_listings
    USING (supplier_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (supplier_id = (SELECT current_setting('sluice.organisation', true)));
CREATE POLICY read_open ON public_listings FOR SELECT
    USING (EXISTS (
        SELECT FROM catalogues
        WHERE catalogues.retailer_id = public_listings.supplier_id
            AND catalogues.external_id = public_listings.catalogue_id
            AND catalogues.public AND catalogues.active
    ));

-- What is in a public catalogue, everybody may look at while it is open.
CREATE POLICY show_public ON products FOR SELECT
    USING (EXISTS (
        SELECT FROM public_listings
        WHERE public_listings.supplier_id = products.supplier_id
            AND public_listings.product_id = products.external_id
    ));

-- Either side writes its word into the row; whose catalogue it is, nobody can change.
DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE ON catalogues FROM %I', current_user || '_api');
    EXECUTE format(
        'GRANT UPDATE (catalogue_type, name, priority, route_weight, back_order_allowed, public, active,'
        ' contract_number, invoicing_reference, info_code, activation, activation_changed_at, version, updated_at)'
        ' ON catalogues TO %I',
        current_user || '_api'
    );
END $$;

-- migrate:down
