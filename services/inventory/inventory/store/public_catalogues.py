"""Public catalogues as everybody sees them: which there are and what is in them, without stock and prices."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from inventory.domain import Activation, Address, Key
from inventory.store.catalogues import StoredCatalogue, read_catalogue
from shared import postgres
from shared.postgres import Record, Transaction


@dataclass(frozen=True)
class Offer:
    """A public catalogue, and what became of it if the organisation that looks at it has asked for it."""

    catalogue: StoredCatalogue
    activation: Activation | None


async def public_catalogues_named(
    tx: Transaction, external_id: str, supplier_id: str | None = None
) -> list[StoredCatalogue]:
    """The open public catalogues with this id; None for `supplier_id` means any supplier's."""
    rows = await tx.fetch(
        "SELECT * FROM catalogues WHERE external_id = $1 AND ($2::text IS NULL OR supplier_id = $2)"
        " AND public AND active AND retailer_id = supplier_id ORDER BY supplier_id",
        external_id,
        supplier_id,
    )
    return [read_catalogue(row) for row in rows]


OFFERED = (
    "catalogues c LEFT JOIN catalogues own ON own.retailer_id = $1 AND own.external_id = c.external_id"
    " AND own.supplier_id = c.supplier_id"
    " WHERE c.public AND c.active AND c.retailer_id = c.supplier_id AND ($2::text IS NULL OR own.activation = $2)"
)
"""All open public catalogues `c` with the state of the agreement `own` about them; the second parameter narrows it."""


async def count_public_catalogues(tx: Transaction, organisation: str, activation: Activation | None) -> int:
    """How many public catalogues there are in all."""
    count: int = await tx.fetch_value(f"SELECT count(*) FROM {OFFERED}", organisation, activation)  # noqa: S608
    return count


async def public_catalogues_page(
    tx: Transaction, organisation: str, activation: Activation | None, *, limit: int, offset: int
) -> list[Offer]:
    """One page of public catalogues, by supplier."""
    rows = await tx.fetch(
        f"SELECT c.*, own.activation AS agreed FROM {OFFERED}"  # noqa: S608
        " ORDER BY c.supplier_id, c.external_id LIMIT $3 OFFSET $4",
        organisation,
        activation,
        limit,
        offset,
    )
    return [Offer(read_catalogue(row), row["agreed"]) for row in rows]


@dataclass(frozen=True)
class Offered:
    """Which products of a public catalogue a list shows; None means any."""

    supplier_id: str
    catalogue_id: str
    product_ids: Sequence[str] | None = None
    eans: Sequence[str] | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        """The parameters of `ON_VIEW`."""
        return astuple(self)


ON_VIEW = (
    "public_listings l JOIN products p ON p.supplier_id = l.supplier_id AND p.external_id = l.product_id"
    " WHERE l.supplier_id = $1 AND l.catalogue_id = $2 AND p.status = 'ACTIVE'"
    " AND ($3::text[] IS NULL OR l.product_id = ANY($3)) AND ($4::text[] IS NULL OR p.ean = ANY($4))"
)
"""The products that fit, from `public_listings l` and `products p`, with the parameters of `Offered`."""


async def count_public_products(tx: Transaction, offered: Offered) -> int:
    """How many products of a public catalogue a list has in all."""
    count: int = await tx.fetch_value(f"SELECT count(*) FROM {ON_VIEW}", *offered.arguments)  # noqa: S608
    return count


async def public_products_page(tx: Transaction, offered: Offered, *, limit: int, offset: int) -> Sequence[Record]:
    """One page of a public catalogue's products. What they should cost is part of the price, and left out."""
    return await tx.fetch(
        "SELECT p.supplier_id, p.external_id, (p.document - 'recommendedRetailPrice')::text AS document"  # noqa: S608
        f" FROM {ON_VIEW} ORDER BY l.product_id LIMIT $5 OFFSET $6",
        *offered.arguments,
        limit,
        offset,
    )


async def public_product_ids(tx: Transaction, supplier_id: str, catalogue_id: str) -> list[str]:
    """All products that are published in a public catalogue, at their end of sale or not."""
    rows = await tx.fetch(
        "SELECT product_id FROM public_listings WHERE supplier_id = $1 AND catalogue_id = $2", supplier_id, catalogue_id
    )
    return [row["product_id"] for row in rows]


async def show_listings(tx: Transaction, keys: Iterable[Key]) -> None:
    """Show products in public catalogues; the retailer of a key is the supplier itself."""
    await tx.execute(
        "INSERT INTO public_listings (supplier_id, catalogue_id, product_id)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING",
        *postgres.columns(keys, 3),
    )


async def hide_listings(tx: Transaction, keys: Iterable[Key]) -> None:
    """Show products in public catalogues no longer."""
    await tx.execute(
        "DELETE FROM public_listings USING unnest($1::text[], $2::text[], $3::text[])"
        " AS hidden (supplier_id, catalogue_id, product_id)"
        " WHERE public_listings.supplier_id = hidden.supplier_id"
        " AND public_listings.catalogue_id = hidden.catalogue_id AND public_listings.product_id = hidden.product_id",
        *postgres.columns(keys, 3),
    )


async def touch_listings(tx: Transaction, addresses: Iterable[Address]) -> None:
    """Count all balances in catalogues as changed now: their retailers have not seen them before, or not lately."""
    await tx.execute(
        "WITH locked AS MATERIALIZED ("
        "SELECT b.id FROM unnest($1::text[], $2::text[]) AS opened (retailer_id, catalogue_id)"
        " JOIN balances b USING (retailer_id, catalogue_id) WHERE b.published ORDER BY b.id FOR UPDATE OF b)"
        " UPDATE balances SET updated_at = clock_timestamp() FROM locked WHERE balances.id = locked.id",
        *postgres.columns(addresses, 2),
    )
