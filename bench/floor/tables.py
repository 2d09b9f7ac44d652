"""The floor's tables: a schema for each process, as the services have."""

from collections.abc import Iterable

import asyncpg

MESSAGING = """
CREATE TABLE {schema}.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key uuid NOT NULL,
    value bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE TABLE {schema}.inbox (topic text NOT NULL, message_id bigint NOT NULL, PRIMARY KEY (topic, message_id));
"""

TABLES = {
    "intake": """
CREATE TABLE intake.orders (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    posted bytea NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT now(),
    routed boolean NOT NULL DEFAULT false,
    parts bytea
) WITH (fillfactor = 80);
ALTER TABLE intake.orders ALTER posted SET STORAGE EXTERNAL;
""",
    "router": """
CREATE TABLE router.sources (
    product_id text NOT NULL,
    balance_id bigint NOT NULL,
    place integer NOT NULL,
    PRIMARY KEY (product_id, place)
);
CREATE TABLE router.routes (
    order_id uuid PRIMARY KEY,
    number text NOT NULL,
    placed bytea NOT NULL,
    decided bytea
) WITH (fillfactor = 80);
CREATE TABLE router.shipments (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    number text NOT NULL,
    catalogue_id text NOT NULL,
    document bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (order_id, catalogue_id)
);
""",
    "inventory": """
CREATE TABLE inventory.balances (
    id bigint PRIMARY KEY,
    product_id text NOT NULL,
    catalogue_id text NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity >= 0),
    allocated numeric(18, 6) NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE TABLE inventory.allocations (
    order_id uuid NOT NULL,
    row_id text NOT NULL,
    balance_id bigint NOT NULL,
    quantity numeric(18, 6) NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, row_id, balance_id)
);
""",
    "notifier": """
CREATE TABLE notifier.notices (
    shipment_id uuid PRIMARY KEY,
    catalogue_id text NOT NULL,
    content bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);
""",
}

Stock = tuple[str, int, str, int, float]
"""A product, the place of one of its balances in its order, the catalogue, the balance's id, and how much is there."""


async def create(connection: asyncpg.Connection, stock: Iterable[Stock]) -> None:
    """Create the tables and put the stock into them."""
    for schema, tables in TABLES.items():
        await connection.execute(f"CREATE SCHEMA {schema};" + MESSAGING.format(schema=schema) + tables)
    columns = list(map(list, zip(*stock, strict=True)))
    products, places, catalogues, ids, quantities = columns
    await connection.execute(
        "INSERT INTO router.sources (product_id, balance_id, place)"
        " SELECT * FROM unnest($1::text[], $2::bigint[], $3::int[])",
        *(products, ids, places),
    )
    await connection.execute(
        "INSERT INTO inventory.balances (id, product_id, catalogue_id, quantity)"
        " SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::float8[])",
        *(ids, products, catalogues, quantities),
    )
    await connection.execute("ANALYZE")
