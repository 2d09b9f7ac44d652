"""Products. A supplier's products and listings are changed by one request at a time: no other order is needed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from inventory.domain import Product
from shared import postgres
from shared.postgres import Record, Transaction


async def change_one_at_a_time(tx: Transaction, supplier_id: str) -> None:
    """Wait until no other request changes this supplier's products and listings, and keep others out to the end."""
    await tx.execute(
        "SELECT set_config('lock_timeout', '12s', true),"
        " pg_advisory_xact_lock(hashtext('sluice.inventory.supplier'), hashtext($1))",
        supplier_id,
    )


async def products_named(tx: Transaction, supplier_id: str, external_ids: Iterable[str]) -> dict[str, Product]:
    """A supplier's products with these ids, at their end of sale or not."""
    rows = await tx.fetch(
        "SELECT external_id, ean, name, status FROM products WHERE supplier_id = $1 AND external_id = ANY($2::text[])",
        supplier_id,
        list(external_ids),
    )
    return {row["external_id"]: Product(row["external_id"], row["ean"], row["name"], row["status"]) for row in rows}


async def save_products(
    tx: Transaction, supplier_id: str, products: Mapping[str, Product], documents: Mapping[str, Mapping[str, Any]]
) -> None:
    """Store the products that have a document: its fields replace those of the stored one, the others stay."""
    await tx.execute(
        "INSERT INTO products AS stored (supplier_id, external_id, ean, name, status, eos_at, document)"
        " SELECT $1, external_id, ean, name, status, CASE WHEN status = 'EOS' THEN now() END, document::jsonb"
        " FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])"
        " AS given (external_id, ean, name, status, document)"
        " ON CONFLICT (supplier_id, external_id) DO UPDATE SET ean = excluded.ean, name = excluded.name,"
        " status = excluded.status, document = stored.document || excluded.document, version = stored.version + 1,"
        " eos_at = CASE WHEN excluded.status = 'EOS' THEN coalesce(stored.eos_at, now()) END, updated_at = now()"
        " WHERE stored.document || excluded.document IS DISTINCT FROM stored.document",
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
                )
                for external_id, document in documents.items()
            ),
            5,
        ),
    )


async def products_page(
    tx: Transaction,
    organisation: str,
    *,
    retailer_id: str | None = None,
    catalogue_id: str | None = None,
    product_ids: Sequence[str] | None = None,
    eans: Sequence[str] | None = None,
    limit: int,
    offset: int,
) -> tuple[int, Sequence[Record]]:
    """How many products an organisation sees, and one page of them: its own, then those published to its catalogues.

    Its own are not seen at their end of sale, those of others for 14 days. With a retailer or a catalogue, only what is
    published there. None means any.
    """
    rows = await tx.fetch(
        "WITH fitting AS MATERIALIZED ("
        "SELECT p.supplier_id, p.external_id FROM products p"
        " WHERE p.supplier_id = $1 AND p.status = 'ACTIVE'"
        " AND ($4::text[] IS NULL OR p.external_id = ANY($4)) AND ($5::text[] IS NULL OR p.ean = ANY($5))"
        " AND ($2::text IS NULL AND $3::text IS NULL OR EXISTS (SELECT FROM balances b"
        " WHERE b.supplier_id = p.supplier_id AND b.product_id = p.external_id AND b.published"
        " AND ($2 IS NULL OR b.retailer_id = $2) AND ($3 IS NULL OR b.catalogue_id = $3)))"
        " UNION ALL "
        "SELECT DISTINCT p.supplier_id, p.external_id FROM balances b"
        " JOIN products p ON p.supplier_id = b.supplier_id AND p.external_id = b.product_id"
        " WHERE b.retailer_id = $1 AND b.supplier_id <> $1 AND b.published"
        " AND ($2 IS NULL OR b.retailer_id = $2) AND ($3 IS NULL OR b.catalogue_id = $3)"
        " AND ($4 IS NULL OR p.external_id = ANY($4)) AND ($5 IS NULL OR p.ean = ANY($5))"
        " AND (p.status = 'ACTIVE' OR p.eos_at > now() - interval '14 days'))"
        " SELECT total, page.* FROM (SELECT count(*) AS total FROM fitting) AS counted"
        " LEFT JOIN (SELECT supplier_id, external_id, document FROM"
        " (SELECT * FROM fitting ORDER BY supplier_id <> $1, supplier_id, external_id LIMIT $6 OFFSET $7) AS listed"
        " JOIN products p USING (supplier_id, external_id)) AS page ON true"
        " ORDER BY page.supplier_id <> $1, page.supplier_id, page.external_id",
        organisation,
        retailer_id,
        catalogue_id,
        product_ids,
        eans,
        limit,
        offset,
    )
    return rows[0]["total"], [row for row in rows if row["external_id"] is not None]


async def catalogue_products_page(
    tx: Transaction,
    retailer_id: str,
    catalogue_id: str,
    *,
    product_ids: Sequence[str] | None = None,
    eans: Sequence[str] | None = None,
    limit: int,
    offset: int,
) -> tuple[int, Sequence[Record]]:
    """How many products are published to a catalogue, and one page of them; at their end of sale for 14 days."""
    rows = await tx.fetch(
        "WITH fitting AS MATERIALIZED (SELECT p.supplier_id, p.external_id FROM balances b"
        " JOIN products p ON p.supplier_id = b.supplier_id AND p.external_id = b.product_id"
        " WHERE b.retailer_id = $1 AND b.catalogue_id = $2 AND b.published"
        " AND ($3::text[] IS NULL OR p.external_id = ANY($3)) AND ($4::text[] IS NULL OR p.ean = ANY($4))"
        " AND (p.status = 'ACTIVE' OR p.eos_at > now() - interval '14 days'))"
        " SELECT total, page.* FROM (SELECT count(*) AS total FROM fitting) AS counted"
        " LEFT JOIN (SELECT supplier_id, external_id, document FROM"
        " (SELECT * FROM fitting ORDER BY supplier_id, external_id LIMIT $5 OFFSET $6) AS listed"
        " JOIN products p USING (supplier_id, external_id)) AS page ON true"
        " ORDER BY page.supplier_id, page.external_id",
        retailer_id,
        catalogue_id,
        product_ids,
        eans,
        limit,
        offset,
    )
    return rows[0]["total"], [row for row in rows if row["external_id"] is not None]
