"""Products. A supplier's products and listings are changed by one request at a time: no other order is needed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import orjson

from inventory.domain import Product
from shared import postgres
from shared.postgres import Record, Transaction


async def change_one_at_a_time(tx: Transaction, supplier_id: str) -> None:
    """Wait until no other process changes this supplier's products and listings, and keep others out to the end."""
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


@dataclass(frozen=True)
class Seen:
    """Which products a list shows to an organisation: its own, and those published to its catalogues.

    Its own are not seen at their end of sale, those of others for 14 days. With a retailer or a catalogue, only what is
    published there. None means any.
    """

    organisation: str
    retailer_id: str | None = None
    catalogue_id: str | None = None
    product_ids: Sequence[str] | None = None
    eans: Sequence[str] | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        """The parameters of `SEEN`."""
        return astuple(self)


SEEN = (
    "(SELECT p.supplier_id, p.external_id FROM products p"
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
    " AND (p.status = 'ACTIVE' OR p.eos_at > now() - interval '14 days')) AS seen"
)
"""The keys of the products that fit, with the parameters of `Seen`."""

IN_CATALOGUE = (
    "balances b JOIN products p ON p.supplier_id = b.supplier_id AND p.external_id = b.product_id"
    " WHERE b.retailer_id = $1 AND ($2::text IS NULL OR b.retailer_id = $2) AND b.catalogue_id = $3 AND b.published"
    " AND ($4::text[] IS NULL OR p.external_id = ANY($4)) AND ($5::text[] IS NULL OR p.ean = ANY($5))"
    " AND (p.status = 'ACTIVE' OR p.eos_at > now() - interval '14 days')"
)
"""The products of one of the asking retailer's catalogues, from `balances b` and `products p`, likewise."""


async def count_products(tx: Transaction, seen: Seen) -> int:
    """How many products a list has in all."""
    count: int = await tx.fetch_value(f"SELECT count(*) FROM {SEEN}", *seen.arguments)  # noqa: S608
    return count


async def products_page(tx: Transaction, seen: Seen, *, limit: int, offset: int) -> Sequence[Record]:
    """One page of products: an organisation's own come first."""
    return await tx.fetch(
        "SELECT supplier_id, external_id, document FROM"  # noqa: S608
        f" (SELECT * FROM {SEEN} ORDER BY supplier_id <> $1, supplier_id, external_id LIMIT $6 OFFSET $7) AS page"
        " JOIN products p USING (supplier_id, external_id) ORDER BY supplier_id <> $1, supplier_id, external_id",
        *seen.arguments,
        limit,
        offset,
    )


async def count_catalogue_products(tx: Transaction, seen: Seen) -> int:
    """How many products are published to a retailer's catalogue; at their end of sale for 14 days."""
    count: int = await tx.fetch_value(f"SELECT count(*) FROM {IN_CATALOGUE}", *seen.arguments)  # noqa: S608
    return count


async def catalogue_products_page(tx: Transaction, seen: Seen, *, limit: int, offset: int) -> Sequence[Record]:
    """One page of the products that are published to a retailer's catalogue."""
    return await tx.fetch(
        "SELECT supplier_id, external_id, document FROM"  # noqa: S608
        f" (SELECT p.supplier_id, p.external_id FROM {IN_CATALOGUE}"
        " ORDER BY p.supplier_id, p.external_id LIMIT $6 OFFSET $7) AS page"
        " JOIN products p USING (supplier_id, external_id) ORDER BY supplier_id, external_id",
        *seen.arguments,
        limit,
        offset,
    )
