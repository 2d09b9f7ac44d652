-- migrate:up

-- Permissive policies are tried in no order that can be relied on, and a page of products was slow because of it: of
-- every own product it was first looked whether somebody shows it. One policy tries the cheap condition first.
CREATE POLICY insert_own ON products FOR INSERT
    WITH CHECK (supplier_id = (SELECT current_setting('sluice.organisation', true)));
CREATE POLICY update_own ON products FOR UPDATE
    USING (supplier_id = (SELECT current_setting('sluice.organisation', true)))
    WITH CHECK (supplier_id = (SELECT current_setting('sluice.organisation', true)));
CREATE POLICY read_own_or_shown ON products FOR SELECT
    USING (
        supplier_id = (SELECT current_setting('sluice.organisation', true))
        OR EXISTS (
            SELECT FROM balances
            WHERE balances.supplier_id = products.supplier_id AND balances.product_id = products.external_id
                AND balances.retailer_id = (SELECT current_setting('sluice.organisation', true)) AND balances.published
        )
        OR EXISTS (
            SELECT FROM public_listings
            WHERE public_listings.supplier_id = products.supplier_id
                AND public_listings.product_id = products.external_id
        )
    );
DROP POLICY own ON products;
DROP POLICY read_published ON products;
DROP POLICY show_public ON products;

-- A shop's products are listed by supplier and id. Of these columns only `published` ever changes, and that seldom.
CREATE INDEX balances_shown_to_retailer ON balances (retailer_id, supplier_id, product_id) WHERE published;

-- Lists leave out products some time after their sale has ended. They are few: no other is looked at for it.
CREATE INDEX products_ended ON products (supplier_id, external_id) WHERE status = 'EOS';

-- migrate:down
