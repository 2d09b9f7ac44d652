"""Products. A supplier's products and listings are changed by one request at a time: no other order is needed."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from inventory.domain import Product
from shared import postgres
from shared.postgres import Record, Transaction

COLUMNS = "external_id, ean, name, status, fragile, oversized"


async def change_one_at_a_time(tx: Transaction, supplier_id: str) -> None:
    """Wait until no other process changes this supplier's products and listings, and keep others out to the end."""
    await tx.execute(
        "SELECT set_config('lock_timeout', '12s', true),"
        " pg_advisory_xact_lock(hashtext('sluice.inventory.supplier'), hashtext($1))",
        supplier_id,
    )


async def products_named(tx: Transaction, supplier_id: str, external_ids: Iterable[str]) -> dict[str, Product]:
    """A supplier's products with these ids, at their end of sale or not."""
    # A join, because `= ANY` of a parameter may be planned as a look at all of a supplier's products (see `MEANT`).
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM unnest($2::text[]) AS named (external_id)"  # noqa: S608
        " JOIN products USING (external_id) WHERE supplier_id = $1",
        supplier_id,
        list(external_ids),
    )
    return {row["external_id"]: _product(row) for row in rows}


async def products_prefixed(tx: Transaction, supplier_id: str, prefix: str) -> dict[str, Product]:
    """A supplier's products on sale whose id is longer than a prefix and begins with it."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM products WHERE supplier_id = $1 AND status = 'ACTIVE'"  # noqa: S608
        " AND starts_with(external_id, $2) AND external_id <> $2 ORDER BY external_id",
        supplier_id,
        prefix,
    )
    return {row["external_id"]: _product(row) for row in rows}


async def copy_products(tx: Transaction, supplier_id: str, copies: Mapping[str, str]) -> None:
    """Store each of these products once more, under the id that stands beside it."""
    await tx.execute(
        "INSERT INTO products (supplier_id, external_id, ean, name, status, fragile, oversized, document)"
        " SELECT p.supplier_id, copy.new, p.ean, p.name, p.status, p.fragile, p.oversized,"
        " p.document || jsonb_build_object('externalId', copy.new)"
        " FROM unnest($2::text[], $3::text[]) AS copy (old, new)"
        " JOIN products p ON p.supplier_id = $1 AND p.external_id = copy.old",
        supplier_id,
        list(copies.keys()),
        list(copies.values()),
    )


async def save_products(
    tx: Transaction, supplier_id: str, products: Mapping[str, Product], documents: Mapping[str, Mapping[str, Any]]
) -> None:
    """Store the products that have a document: its fields replace those of the stored one, the others stay."""
    await tx.execute(
        "INSERT INTO products AS stored (supplier_id, external_id, ean, name, status, eos_at, document, fragile,"
        " oversized)"
        " SELECT $1, external_id, ean, name, status, CASE WHEN status = 'EOS' THEN now() END, document::jsonb, fragile,"
        " oversized FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::bool[])"
        " AS given (external_id, ean, name, status, document, fragile, oversized)"
        " ON CONFLICT (supplier_id, external_id) DO UPDATE SET ean = excluded.ean, name = excluded.name,"
        " status = excluded.status, document = stored.document || excluded.document, version = stored.version + 1,"
        " fragile = excluded.fragile, oversized = excluded.oversized,"
        " eos_at = CASE WHEN excluded.status = 'EOS' THEN coalesce(stored.eos_at, now()) END, updated_at = now()"
        " WHERE stored.document || excluded.document IS DISTINCT FROM stored.document"
        " OR (stored.fragile, stored.oversized) <> (excluded.fragile, excluded.oversized)",
        supplier_id,
        *postgres.columns(
            (
                (
                    external_id,
                    products[external_id].ean,
                    products[external_id].name,
                    products[external_id].status,
                    orjson.dumps(
                        {**document, "supplierId": supplier_id, "status": products[external_id].status}
                    ).decode(),
                    products[external_id].fragile,
                    products[external_id].oversized,
                )
                for external_id, document in documents.items()
            ),
            7,
        ),
    )


def _product(row: Record) -> Product:
    return Product(
        row["external_id"],
        row["ean"],
        row["name"],
        row["status"],
        fragile=row["fragile"],
        oversized=row["oversized"],
    )
