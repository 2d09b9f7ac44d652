"""Products as inventory has published them to retailers."""

from collections.abc import Sequence

from order_intake.domain import Known
from shared import postgres
from shared.contracts import BalanceChanged
from shared.postgres import Transaction


async def save_products(tx: Transaction, events: Sequence[BalanceChanged]) -> None:
    """Keep what is said of products, one event for each product of a catalogue; what is older than known is dropped."""
    in_order = sorted(events, key=lambda event: (event.retailer_id, event.product_id, event.catalogue_id))
    await tx.execute(
        "INSERT INTO products (retailer_id, product_id, catalogue_id, ean, published, version)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::int[])"
        " ON CONFLICT (retailer_id, product_id, catalogue_id) DO UPDATE SET ean = excluded.ean,"
        " published = excluded.published, version = excluded.version WHERE products.version < excluded.version",
        *postgres.columns(
            (
                (
                    *(event.retailer_id, event.product_id, event.catalogue_id, event.ean, event.published),
                    event.version,
                )
                for event in in_order
            ),
            6,
        ),
    )


async def known_products(tx: Transaction, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[Known]]:
    """The published products, by (retailer, product id)."""
    rows = await tx.fetch(
        "SELECT retailer_id, product_id, catalogue_id, ean FROM products JOIN unnest($1::text[], $2::text[])"
        " AS wanted (retailer_id, product_id) USING (retailer_id, product_id) WHERE published",
        *postgres.columns(wanted, 2),
    )
    known: dict[tuple[str, str], list[Known]] = {}
    for row in rows:
        known.setdefault((row["retailer_id"], row["product_id"]), []).append(Known(row["catalogue_id"], row["ean"]))
    return known
