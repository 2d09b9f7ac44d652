-- migrate:up

-- Where consumers fetch their parcels, as an operator loaded it. The keys are what is searched: without accents and
-- capitals, the postal code without blanks. x, y and z are the place on a globe of radius 1: the straight line through
-- the globe puts points in the same order as the way over it, and needs no trigonometry for each of them.
CREATE TABLE pickup_points (
    service_provider text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL CHECK (external_id ~ '^[A-Za-z0-9-]+$'),
    type text NOT NULL,
    name text NOT NULL,
    street_address text NOT NULL,
    postal_code text NOT NULL,
    post_office text NOT NULL,
    country text NOT NULL,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    -- Empty: every service of its provider that delivers to such a point.
    service_codes text[] NOT NULL,
    capabilities text[] NOT NULL,
    postal_key text COLLATE "C" NOT NULL,
    city_key text COLLATE "C" NOT NULL,
    text_key text COLLATE "C" NOT NULL,
    x double precision NOT NULL GENERATED ALWAYS AS (cos(radians(latitude)) * cos(radians(longitude))) STORED,
    y double precision NOT NULL GENERATED ALWAYS AS (cos(radians(latitude)) * sin(radians(longitude))) STORED,
    z double precision NOT NULL GENERATED ALWAYS AS (sin(radians(latitude))) STORED,
    PRIMARY KEY (service_provider, external_id),
    CHECK (service_provider <> '' OR type = 'STORE')
);
CREATE INDEX pickup_points_by_postal_code ON pickup_points (country, postal_key);
CREATE INDEX pickup_points_by_city ON pickup_points (country, city_key);

-- No row-level security: they are the same for everybody.
DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON pickup_points FROM %I', current_user || '_api');
END $$;

-- migrate:down
