"""Fills the tables of all services with many times what a few orders have left in them, in minutes.

What is stored of orders that went the real way is copied by SQL, in every table of every service, under other ids and
numbers; so are the products. Every uuid becomes another one, the same everywhere, so that what belonged together does
so in the copy. Messages are kept for a week or two only, so of those fewer are copied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from bench import loading, market

LARGEST_STEP = 50
MESSAGES_SHARE = 0.1
"""The share of the stored orders whose messages are still kept."""


@dataclass(frozen=True)
class Copied:
    """A table, which of its rows are copied (`where`), the columns of text that must differ in each copy, and what
    columns hold in it instead.
    """

    table: str
    where: str
    texts: Sequence[str] = ()
    instead: Mapping[str, str] = field(default_factory=dict)


OF_ORDERS = (
    Copied("order_intake.orders", "id = ANY($1)", ("external_id",)),
    Copied("order_intake.order_rows", "order_id = ANY($1)"),
    Copied("order_intake.row_parts", "order_id = ANY($1)"),
    Copied("router.routes", "order_id = ANY($1)", ("external_id",)),
    Copied("router.shipments", "order_id = ANY($1)", ("order_external_id",)),
    Copied("router.shipment_rows", "shipment_id IN (SELECT id FROM router.shipments WHERE order_id = ANY($1))"),
    Copied("inventory.settlements", "order_id = ANY($1)"),
    Copied("inventory.allocations", "order_id = ANY($1)"),
    Copied(
        "notifier.mails",
        "shipment_id IN (SELECT id FROM router.shipments WHERE order_id = ANY($1))",
        ("order_external_id", "message_id"),
    ),
)
OF_PRODUCTS = (
    Copied("inventory.products", "external_id = ANY($1)", ("external_id",), {"ean": "NULL"}),
    Copied("inventory.balances", "product_id = ANY($1)", ("product_id",), {"allocated": "0"}),
    Copied("router.balances", "product_id = ANY($1)", ("product_id",), {"ean": "NULL"}),
    Copied("order_intake.products", "product_id = ANY($1)", ("product_id",), {"ean": "NULL"}),
)
PRODUCTS = len(market.SUPPLIERS) * market.PRODUCTS_EACH
SERVICES = ("order_intake", "router", "inventory", "notifier")
# What was taken comes first: what is sent and not taken would be sent again meanwhile.
OF_MESSAGES = tuple(
    Copied(f"{service}.{table}", "message_id = ANY($1)") for table in ("inbox", "sent") for service in SERVICES
)


async def fill(connection: asyncpg.Connection, began: float, orders_each: int, products_each: int) -> None:
    """Copy the orders placed since `began` and all products so many times, and let PostgreSQL look at what it has."""
    # What is copied refers to what is copied with it: nothing is to be looked up for it.
    await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    seeds = await connection.fetchval(
        "SELECT array_agg(id) FROM order_intake.orders WHERE placed_at >= to_timestamp($1)", began
    )
    products = [
        market.product(supplier, number)
        for supplier in range(len(market.SUPPLIERS))
        for number in range(market.PRODUCTS_EACH)
    ]
    said = " UNION ALL ".join(
        f"SELECT message_id FROM {service}.sent WHERE sent_at >= to_timestamp($1)"  # noqa: S608 - names of ours
        for service in SERVICES
    )
    messages = await connection.fetchval(f"SELECT array_agg(message_id) FROM ({said}) AS said", began)  # noqa: S608
    messages_each = max(1, int(orders_each * MESSAGES_SHARE))
    for tables, keys, times in (
        (OF_PRODUCTS, products, products_each),
        (OF_ORDERS, seeds, orders_each),
        (OF_MESSAGES, messages, messages_each),
    ):
        for copied in tables:
            loading.told.print(f"  {copied.table} …")
            statement = await statement_of(connection, copied)
            for first in range(1, times + 1, LARGEST_STEP):
                await connection.execute(statement, keys, first, min(first + LARGEST_STEP - 1, times))
    await connection.execute(
        "UPDATE inventory.balances SET quantity = quantity + allocated - open, allocated = open"
        " FROM (SELECT balance_id, sum(quantity - delivered - returned) AS open FROM inventory.allocations"
        " GROUP BY 1) AS promised WHERE balance_id = id"
    )
    await connection.execute("RESET session_replication_role; RESET synchronous_commit")
    await connection.execute("VACUUM (ANALYZE)")
    await connection.execute("CHECKPOINT")


async def statement_of(connection: asyncpg.Connection, copied: Copied) -> str:
    """The INSERT that copies rows under the numbers $2 to $3: every uuid becomes another one, the same everywhere."""
    columns = await connection.fetch(
        "SELECT attname AS name, atttypid = 'uuid'::regtype AS is_id FROM pg_attribute"
        " WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = ''"
        " ORDER BY attnum",
        copied.table,
    )
    values = []
    for column in columns:
        name = column["name"]
        if name in copied.instead:
            values.append(copied.instead[name])
        elif name in copied.texts:
            values.append(f"{name} || '.' || n")
        elif column["is_id"]:
            values.append(f"md5({name}::text || n)::uuid")
        else:
            values.append(name)
    names = ", ".join(column["name"] for column in columns)
    chosen = f"FROM {copied.table}, generate_series($2::int, $3::int) AS n WHERE {copied.where}"
    return f"INSERT INTO {copied.table} ({names}) SELECT {', '.join(values)} {chosen}"
