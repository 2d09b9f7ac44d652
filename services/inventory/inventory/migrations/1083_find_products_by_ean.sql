-- migrate:up

-- Whoever asks for goods by their barcode: a cart that is to be held, and the lists.
CREATE INDEX products_by_ean ON products (ean) WHERE ean IS NOT NULL;

-- migrate:down
