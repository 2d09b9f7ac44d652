-- migrate:up

-- What inventory is asked for after the first decision and has not answered: an order may have several at once.
CREATE TABLE asks (
    order_id uuid NOT NULL REFERENCES routes (order_id),
    round integer NOT NULL CHECK (round > 1),
    retailer_id text NOT NULL,
    -- Whether it was tried again because of news; otherwise something was to be routed again.
    retry boolean NOT NULL,
    document bytea NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, round)
);

-- News of a lot that overtook the answer it belongs to, kept until that comes.
CREATE TABLE early_news (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    order_id uuid NOT NULL,
    topic text NOT NULL,
    document bytea NOT NULL
);
CREATE INDEX early_news_of_order ON early_news (order_id, id);

-- The goods rows of which a part is unserved, by what they ask for: news of it makes them due to be asked for again.
CREATE TABLE unserved_rows (
    order_id uuid NOT NULL REFERENCES routes (order_id),
    row_id text NOT NULL,
    retailer_id text NOT NULL,
    placed_at timestamptz NOT NULL,
    -- A row with a product id is served by that, and one without by its EAN.
    product_id text,
    ean text,
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    barred text[] NOT NULL,
    -- Whether it may wait for stock: then a catalogue that allows backorders is news as well.
    back_order boolean NOT NULL DEFAULT false,
    due boolean NOT NULL DEFAULT false,
    -- News that commits while this is written sees nothing of it, and this nothing of the news: it is looked for once more.
    asked_at timestamptz NOT NULL DEFAULT now(),
    recheck_at timestamptz DEFAULT now() + interval '20 seconds',
    PRIMARY KEY (order_id, row_id)
);
CREATE INDEX unserved_rows_by_product ON unserved_rows (retailer_id, product_id) WHERE product_id IS NOT NULL;
CREATE INDEX unserved_rows_by_ean ON unserved_rows (retailer_id, ean) WHERE ean IS NOT NULL;
CREATE INDEX unserved_rows_due ON unserved_rows (placed_at, order_id) WHERE due;
CREATE INDEX unserved_rows_to_recheck ON unserved_rows (recheck_at) WHERE recheck_at IS NOT NULL;

-- Orders that nobody could serve before wait for news like those that come from now on.
INSERT INTO unserved_rows (order_id, row_id, retailer_id, placed_at, product_id, ean, quantity, barred, back_order)
SELECT o.order_id, r.value ->> 'external_id', o.retailer_id, (p.placed ->> 'placed_at')::timestamptz,
    w.value ->> 'product_id', CASE WHEN w.value ->> 'product_id' IS NULL THEN w.value ->> 'ean' END,
    (r.value ->> 'unserved')::numeric, '{}', coalesce((w.value ->> 'back_order')::bool, false)
FROM routes o
CROSS JOIN LATERAL (SELECT convert_from(o.placed, 'UTF8')::jsonb AS placed) AS p
CROSS JOIN LATERAL jsonb_array_elements(o.standing -> 'rows') AS r (value)
CROSS JOIN LATERAL jsonb_array_elements(p.placed -> 'rows') AS w (value)
WHERE (r.value ->> 'unserved')::numeric > 0 AND (r.value ->> 'stocked')::bool
    AND w.value ->> 'external_id' = r.value ->> 'external_id';

-- When something was last heard of: an answer may be older than news that came before it.
ALTER TABLE balances ADD COLUMN heard_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE catalogues ADD COLUMN heard_at timestamptz NOT NULL DEFAULT now();

DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON asks, early_news, unserved_rows FROM %I', current_user || '_api');
END $$;

-- migrate:down
