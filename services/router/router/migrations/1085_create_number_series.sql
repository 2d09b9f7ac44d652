-- migrate:up

-- Numbers that tracking codes are made of, as a carrier has given them to an operator: for a contract, or, without one, for
-- all shipments of the carrier that have no series of their contract. `next` is the first that is not taken; it never goes
-- back. Of a series that was given up the numbers it had used stay, so that nobody is given them again.
CREATE TABLE number_series (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    carrier text NOT NULL,
    -- The carrier however it is written, as `domain.number_series.key_of` has it.
    carrier_key text NOT NULL,
    contract_number text,
    retailer_id text,
    form text NOT NULL CHECK (form IN ('JJFI', 'SSCC')),
    prefix text NOT NULL CHECK (prefix ~ '^[0-9]+$'),
    check_digit text NOT NULL CHECK (check_digit IN ('LUHN', 'GS1')),
    first bigint NOT NULL CHECK (first >= 0),
    last bigint NOT NULL CHECK (last >= first),
    next bigint NOT NULL,
    low_at bigint NOT NULL CHECK (low_at >= 0),
    retired_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now(),
    -- All its codes without their check digits, those of SSCC form above all others: no two series have one in common.
    codes int8range NOT NULL GENERATED ALWAYS AS (
        int8range(
            (prefix || lpad(first::text, CASE form WHEN 'JJFI' THEN 16 ELSE 17 END - length(prefix), '0'))::bigint
                + CASE form WHEN 'JJFI' THEN 0 ELSE 100000000000000000 END,
            (prefix || lpad(last::text, CASE form WHEN 'JJFI' THEN 16 ELSE 17 END - length(prefix), '0'))::bigint
                + CASE form WHEN 'JJFI' THEN 0 ELSE 100000000000000000 END,
            '[]'
        )
    ) STORED,
    CHECK (next BETWEEN first AND last + 1),
    CHECK (form <> 'JJFI' OR length(prefix) = 6),
    CHECK (form <> 'SSCC' OR (length(prefix) BETWEEN 8 AND 11 AND check_digit = 'GS1')),
    CHECK (length(last::text) <= CASE form WHEN 'JJFI' THEN 16 ELSE 17 END - length(prefix)),
    CONSTRAINT no_code_twice EXCLUDE USING gist (codes WITH &&)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX number_series_by_name ON number_series (name) WHERE retired_at IS NULL;

-- No row-level security: whoever confirms a shipment takes numbers, and sees none but its own codes.
DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON number_series FROM %I', current_user || '_api');
    EXECUTE format('GRANT UPDATE (next) ON number_series TO %I', current_user || '_api');
END $$;

-- migrate:down
