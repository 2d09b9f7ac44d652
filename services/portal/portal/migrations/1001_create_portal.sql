-- migrate:up

-- Who takes part. The version counts changes; OrganisationChanged carries it.
CREATE TABLE organisations (
    business_id text PRIMARY KEY CHECK (business_id ~ '^[0-9]{7}-[0-9]$'),
    name text NOT NULL CHECK (name <> ''),
    roles text[] NOT NULL CHECK (cardinality(roles) > 0 AND roles <@ ARRAY['retailer', 'supplier', 'operator']),
    email text,
    language text NOT NULL CHECK (language IN ('fi', 'sv', 'en')),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE organisations ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_record ON organisations
    USING (business_id = (SELECT current_setting('sluice.organisation', true)));

-- With what programs fetch tokens. Only the argon2id hash of the secret is kept.
CREATE TABLE api_keys (
    account text PRIMARY KEY,
    business_id text NOT NULL REFERENCES organisations,
    secret_hash text NOT NULL CHECK (secret_hash LIKE '$argon2id$%'),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    last_used_at timestamptz
);
CREATE INDEX api_keys_of_organisation ON api_keys (business_id);
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;

-- Bad tries to fetch a token: of an account from a source, of an account from anywhere (source ''), of any account from a
-- source (account ''). Accounts that do not exist are counted as well, so that nobody can tell them apart.
CREATE TABLE bad_tries (
    account text NOT NULL,
    source text NOT NULL,
    tries integer NOT NULL CHECK (tries >= 0),
    since timestamptz NOT NULL,
    locked_until timestamptz,
    PRIMARY KEY (account, source),
    CHECK (account <> '' OR source <> '')
) WITH (fillfactor = 70);

-- The keys that sign tokens. Exactly one has no end yet: the newest.
CREATE TABLE token_signing_keys (
    key_id text PRIMARY KEY,
    private_key text NOT NULL,
    public_key text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    signs_from timestamptz NOT NULL,
    expires_at timestamptz,
    CHECK (expires_at > signs_from)
);
CREATE UNIQUE INDEX one_newest_signing_key ON token_signing_keys ((true)) WHERE expires_at IS NULL;

-- Numbers the announcements of the set of keys; gaps do not matter.
CREATE SEQUENCE token_keys_version AS integer;

-- The role of the API reads its own organisation's record, and nothing that lets anyone in.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON api_keys, bad_tries, token_signing_keys FROM %I', current_user || '_api');
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON organisations FROM %I', current_user || '_api');
END $$;

-- migrate:down
