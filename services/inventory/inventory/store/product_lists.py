"""Lists of products. A list is in the order of suppliers and ids, and a page of it starts where the index says."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from shared.postgres import Record, Transaction


@dataclass(frozen=True)
class Seen:
    """Which products lists show to an organisation: its own, and those published to its catalogues.

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
        """The parameters of the lists."""
        return astuple(self)


OWN = (
    "products p WHERE p.supplier_id = $1 AND p.status = 'ACTIVE'"
    " AND ($4::text[] IS NULL OR p.external_id = ANY($4)) AND ($5::text[] IS NULL OR p.ean = ANY($5))"
    " AND ($2::text IS NULL AND $3::text IS NULL OR EXISTS (SELECT FROM balances b"
    " WHERE b.supplier_id = p.supplier_id AND b.product_id = p.external_id AND b.published"
    " AND ($2 IS NULL OR b.retailer_id = $2) AND ($3 IS NULL OR b.catalogue_id = $3)))"
)
"""The organisation's own products that fit, from `products p`, with the parameters of `Seen`."""

SHOWN_TO_IT = (
    " WHERE b.retailer_id = $1 AND b.published"
    " AND ($2::text IS NULL OR b.retailer_id = $2) AND ($3::text IS NULL OR b.catalogue_id = $3)"
    " AND ($4::text[] IS NULL OR b.product_id = ANY($4))"
    " AND ($5::text[] IS NULL OR EXISTS (SELECT FROM products p"
    " WHERE p.supplier_id = b.supplier_id AND p.external_id = b.product_id AND p.ean = ANY($5)))"
    " AND NOT EXISTS (SELECT FROM products p"
    " WHERE p.supplier_id = b.supplier_id AND p.external_id = b.product_id AND p.status = 'EOS'"
    " AND p.eos_at <= now() - interval '14 days')"
)
"""What is published to an organisation and fits, from `balances b`, likewise."""

FROM_OTHERS = (
    "(SELECT DISTINCT b.supplier_id, b.product_id"  # noqa: S608
    f" FROM balances b {SHOWN_TO_IT} AND b.supplier_id <> $1) AS b"
)
"""Suppliers and ids of the products that others publish to it."""

IN_CATALOGUE = f"balances b {SHOWN_TO_IT}"
"""The products in one of its catalogues, each once."""


async def count_products(tx: Transaction, seen: Seen) -> tuple[int, int]:
    """How many products there are in all: an organisation's own, and those of others."""
    row = await tx.fetch_one(
        f"SELECT (SELECT count(*) FROM {OWN}) AS own, (SELECT count(*) FROM {FROM_OTHERS}) AS others",  # noqa: S608
        *seen.arguments,
    )
    assert row is not None
    return row["own"], row["others"]


async def own_products_page(tx: Transaction, seen: Seen, *, limit: int, offset: int) -> Sequence[Record]:
    """A part of an organisation's own products."""
    return await tx.fetch(
        "SELECT supplier_id, external_id, ean, document::text AS document FROM"  # noqa: S608
        f" (SELECT p.supplier_id, p.external_id FROM {OWN} ORDER BY p.external_id LIMIT $6 OFFSET $7) AS page"
        " JOIN products p USING (supplier_id, external_id) ORDER BY external_id",
        *seen.arguments,
        limit,
        offset,
    )


async def shown_products_page(tx: Transaction, seen: Seen, *, limit: int, offset: int) -> Sequence[Record]:
    """A part of the products that others publish to an organisation."""
    return await tx.fetch(
        "SELECT p.supplier_id, p.external_id, p.ean, p.document::text AS document"  # noqa: S608
        f" FROM (SELECT * FROM {FROM_OTHERS} ORDER BY b.supplier_id, b.product_id LIMIT $6 OFFSET $7) AS b"
        " JOIN products p ON p.supplier_id = b.supplier_id AND p.external_id = b.product_id"
        " ORDER BY p.supplier_id, p.external_id",
        *seen.arguments,
        limit,
        offset,
    )


async def count_catalogue_products(tx: Transaction, seen: Seen) -> int:
    """How many products are published to a retailer's catalogue; at their end of sale for 14 days."""
    count: int = await tx.fetch_value(f"SELECT count(*) FROM {IN_CATALOGUE}", *seen.arguments)  # noqa: S608
    return count


async def catalogue_products_page(tx: Transaction, seen: Seen, *, limit: int, offset: int) -> Sequence[Record]:
    """One page of the products that are published to a retailer's catalogue, which has one supplier."""
    return await tx.fetch(
        "SELECT p.supplier_id, p.external_id, p.ean, p.document::text AS document"  # noqa: S608
        f" FROM (SELECT b.supplier_id, b.product_id FROM {IN_CATALOGUE} ORDER BY b.product_id LIMIT $6 OFFSET $7) AS b"
        " JOIN products p ON p.supplier_id = b.supplier_id AND p.external_id = b.product_id ORDER BY p.external_id",
        *seen.arguments,
        limit,
        offset,
    )
