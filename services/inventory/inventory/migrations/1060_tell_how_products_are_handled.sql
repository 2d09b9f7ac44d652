-- migrate:up

-- What messages say of a product's handling. Not filled from the documents that are there, because nobody would be told:
-- the next time a supplier sends one of them, it is new, and said.
ALTER TABLE products
    ADD COLUMN fragile boolean NOT NULL DEFAULT false,
    ADD COLUMN oversized boolean NOT NULL DEFAULT false;

-- migrate:down
