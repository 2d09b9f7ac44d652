-- migrate:up

-- Messages to be sent. The relay empties it all the time, so the dead rows must go soon.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    value bytea NOT NULL,
    traceparent text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- What the broker has acknowledged, a partition a day; `sluice redrive` sends from here again what a receiver lacks.
CREATE TABLE sent (
    id bigint NOT NULL,
    message_id uuid NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    value bytea NOT NULL,
    traceparent text,
    created_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT clock_timestamp()
) PARTITION BY RANGE (sent_at);
CREATE INDEX sent_by_time ON sent (sent_at);

-- The ids of the messages that were taken.
CREATE TABLE inbox (
    message_id uuid PRIMARY KEY,
    taken_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inbox_by_time ON inbox USING brin (taken_at);

-- Messages that were given up, kept for a person.
CREATE TABLE parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    key bytea,
    value bytea,
    headers jsonb NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX parked_by_message ON parked (message_id);

-- The public keys with which this service checks tokens.
CREATE TABLE token_keys (
    key_id text PRIMARY KEY,
    public_key text NOT NULL,
    expires_at timestamptz,
    version integer NOT NULL
);

-- The role of the API writes messages and reads none of these.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON outbox, sent, inbox, parked, token_keys, schema_migrations FROM %I', current_user || '_api');
    EXECUTE format('GRANT INSERT ON outbox TO %I', current_user || '_api');
END $$;

-- migrate:down
