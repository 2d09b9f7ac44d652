"""Balances. They are locked in the order of their ids, and before anything that hangs on them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from decimal import Decimal
from operator import itemgetter

from inventory.domain import Address, Key, Listing
from shared import postgres
from shared.postgres import Record, Transaction

MEANT = (
    "SELECT b.id FROM unnest($2::text[], $3::text[], $4::text[]) AS asked (retailer_id, catalogue_id, product_id)"
    " JOIN balances b USING (retailer_id, catalogue_id, product_id)"
    " UNION SELECT b.id FROM unnest($5::text[]) AS touched (product_id)"
    " JOIN balances b ON b.supplier_id = $1 AND b.product_id = touched.product_id"
)
"""The ids of named balances, and of all those of some products.

Joins, because `= ANY` of a parameter may be planned as a look at all of a supplier's balances, each of them compared
with one product after the other: with ten thousand products that takes longer than a statement may.
"""


async def lock_listings(
    tx: Transaction,
    supplier_id: str,
    keys: Iterable[Key],
    product_ids: Sequence[str],
    addresses: Iterable[Address],
) -> None:
    """Lock what `listings_for_update` does and, in the one order of their ids, all that is published in catalogues.

    For who goes on to `touch_listings`: locked by the one after the other, they would meet orders halfway.
    """
    await tx.execute(
        f"SELECT FROM balances WHERE supplier_id = $1 AND id = ANY(ARRAY({MEANT}"  # noqa: S608
        " UNION SELECT b.id FROM unnest($6::text[], $7::text[]) AS opened (retailer_id, catalogue_id)"
        " JOIN balances b USING (retailer_id, catalogue_id) WHERE b.published)) ORDER BY id FOR UPDATE",
        supplier_id,
        *postgres.columns(keys, 3),
        list(product_ids),
        *postgres.columns(addresses, 2),
    )


async def listings_for_update(
    tx: Transaction, supplier_id: str, keys: Iterable[Key], product_ids: Sequence[str]
) -> list[Listing]:
    """Lock a supplier's balances: the named ones, and all those of some products."""
    rows = await tx.fetch(
        "SELECT id, retailer_id, catalogue_id, product_id, trim_scale(quantity) AS quantity,"  # noqa: S608
        " trim_scale(safety_stock) AS safety_stock, sellable, trim_scale(wholesale_price) AS wholesale_price, currency,"
        " published, version, trim_scale(incoming) AS incoming, trim_scale(allocated) AS allocated, unlimited,"
        " back_order_allowed, trim_scale(back_order_limit) AS back_order_limit"
        f" FROM balances WHERE supplier_id = $1 AND id = ANY(ARRAY({MEANT})) ORDER BY id FOR UPDATE",
        supplier_id,
        *postgres.columns(keys, 3),
        list(product_ids),
    )
    return [Listing(*_LISTING(row)) for row in rows]


async def insert_listings(tx: Transaction, supplier_id: str, listings: Iterable[Listing]) -> None:
    """Publish a supplier's products where they have not been before; what is there is supplied."""
    await tx.execute(
        "INSERT INTO balances (supplier_id, retailer_id, catalogue_id, product_id, quantity, supplied, safety_stock,"
        " sellable, wholesale_price, currency, published, version, incoming, unlimited, back_order_allowed,"
        " back_order_limit, updated_at)"
        " SELECT $1, retailer_id, catalogue_id, product_id, quantity, quantity, safety_stock, sellable,"
        " wholesale_price, currency, published, version, incoming, unlimited, back_order_allowed, back_order_limit,"
        " clock_timestamp()"
        " FROM unnest($2::text[], $3::text[], $4::text[], $5::numeric[], $6::numeric[], $7::bool[], $8::numeric[],"
        " $9::text[], $10::bool[], $11::int[], $12::numeric[], $13::bool[], $14::bool[], $15::numeric[])"
        " AS listing (retailer_id, catalogue_id, product_id, quantity, safety_stock, sellable, wholesale_price,"
        " currency, published, version, incoming, unlimited, back_order_allowed, back_order_limit)",
        supplier_id,
        *postgres.columns((_STORED(listing) for listing in listings), 14),
    )


async def update_listings(tx: Transaction, listings: Iterable[Listing], gone: Mapping[int, Decimal]) -> None:
    """Store what a supplier changed of balances that are locked.

    Setting the quantity supplies the difference. Of a balance in `gone`, so much of what was promised is there no
    longer or counts no longer, and so much less was supplied.
    """
    await tx.execute(
        "UPDATE balances SET quantity = listing.quantity,"
        " supplied = balances.supplied + listing.quantity - balances.quantity - coalesce(listing.gone, 0),"
        " allocated = listing.allocated,"
        " safety_stock = listing.safety_stock, sellable = listing.sellable, wholesale_price = listing.wholesale_price,"
        " currency = listing.currency, published = listing.published, version = listing.version,"
        " incoming = listing.incoming, unlimited = listing.unlimited, back_order_allowed = listing.back_order_allowed,"
        " back_order_limit = listing.back_order_limit, updated_at = clock_timestamp()"
        " FROM (SELECT id, quantity::numeric, safety_stock::numeric, sellable, wholesale_price::numeric, currency,"
        " published, version, incoming::numeric, gone::numeric, allocated::numeric, unlimited, back_order_allowed,"
        " back_order_limit::numeric"
        " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bool[], $5::text[], $6::text[], $7::bool[], $8::int[],"
        " $9::text[], $10::text[], $11::text[], $12::bool[], $13::bool[], $14::text[]) AS given (id, quantity,"
        " safety_stock, sellable, wholesale_price, currency, published, version, incoming, gone, allocated, unlimited,"
        " back_order_allowed, back_order_limit)) AS listing WHERE balances.id = listing.id",
        *postgres.columns(
            (
                (
                    listing.id,
                    _text(listing.quantity),
                    _text(listing.safety_stock),
                    listing.sellable,
                    _text(listing.wholesale_price),
                    listing.currency,
                    listing.published,
                    listing.version,
                    _text(listing.incoming),
                    None if listing.id is None else _text(gone.get(listing.id)),
                    _text(listing.allocated),
                    listing.unlimited,
                    listing.back_order_allowed,
                    _text(listing.back_order_limit),
                )
                for listing in listings
            ),
            14,
        ),
    )


_LISTING = itemgetter(*Listing._fields)
_STORED = itemgetter(*(n for n, name in enumerate(Listing._fields) if name not in ("id", "allocated")))


def _text(number: Decimal | None) -> str | None:
    """A number on its way to PostgreSQL: as a text it takes a third of the time."""
    return None if number is None else str(number)


@dataclass(frozen=True)
class Shown:
    """Which published balances a list shows; None means any.

    A supplier does not see its products at end of sale, a retailer sees them for 14 days.

    A change is visible when its transaction ends, a little after the moment that is noted with it. Whoever asks in
    between, and next time from then on, would never hear of it: so `modified_from` reaches two seconds back. Balances
    are written last in their transactions, each with the time of its writing, which leaves a fraction of that.
    """

    supplier_id: str | None = None
    retailer_id: str | None = None
    catalogue_id: str | None = None
    product_ids: Sequence[str] | None = None
    eans: Sequence[str] | None = None
    modified_from: datetime | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        """The parameters of `SHOWN`."""
        return astuple(self)


ANSWERED = (
    "b.supplier_id, b.product_id, b.retailer_id, b.catalogue_id, b.quantity::float8 AS quantity,"
    " CASE WHEN b.ever_allocated THEN b.allocated::float8 END AS allocated,"
    " (b.quantity + b.allocated)::float8 AS on_hand, b.incoming::float8 AS incoming,"
    " b.safety_stock::float8 AS safety_stock, b.sellable, b.wholesale_price::float8 AS wholesale_price, b.currency,"
    " b.unlimited, b.back_order_allowed, b.back_order_limit::float8 AS back_order_limit,"
    " CASE WHEN b.held > 0 THEN (SELECT coalesce(sum(l.quantity), 0)::float8 FROM hold_lines l"
    " WHERE l.balance_id = b.id AND l.expires_at > now()) ELSE 0 END AS held,"
    " (SELECT coalesce(sum(w.open), 0)::float8 FROM waiting w WHERE w.balance_id = b.id) AS backordered"
)
"""What lists answer of `balances b`. Numbers become what JSON will make of them here, where it costs least."""

SHOWN = (
    "balances b"
    " WHERE b.published AND ($1::text IS NULL OR b.supplier_id = $1) AND ($2::text IS NULL OR b.retailer_id = $2)"
    " AND ($3::text IS NULL OR b.catalogue_id = $3) AND ($4::text[] IS NULL OR b.product_id = ANY($4))"
    " AND ($5::text[] IS NULL OR EXISTS (SELECT FROM products p"
    " WHERE p.supplier_id = b.supplier_id AND p.external_id = b.product_id AND p.ean = ANY($5)))"
    " AND ($6::timestamptz IS NULL OR b.updated_at >= $6 - interval '2 seconds')"
    " AND NOT EXISTS (SELECT FROM products p"
    " WHERE p.supplier_id = b.supplier_id AND p.external_id = b.product_id AND p.status = 'EOS'"
    " AND ($1 IS NOT NULL OR p.eos_at <= now() - interval '14 days'))"
)
"""The balances that fit, from `balances b`, with the parameters of `Shown`. Of products only the few that are at their
end of sale are looked at, and all others for those of a page alone."""


async def count_balances(tx: Transaction, shown: Shown) -> int:
    """How many balances a list has in all."""
    count: int = await tx.fetch_value(f"SELECT count(*) FROM {SHOWN}", *shown.arguments)  # noqa: S608
    return count


async def balances_page(tx: Transaction, shown: Shown, *, limit: int, offset: int) -> Sequence[Record]:
    """One page of balances, in the order in which they were published."""
    return await tx.fetch(
        f"SELECT {ANSWERED}, p.ean FROM (SELECT b.* FROM {SHOWN} ORDER BY b.id LIMIT $7 OFFSET $8) AS b"  # noqa: S608
        " JOIN products p ON p.supplier_id = b.supplier_id AND p.external_id = b.product_id ORDER BY b.id",
        *shown.arguments,
        limit,
        offset,
    )


async def balances_of_products(
    tx: Transaction,
    organisation: str,
    products: Iterable[tuple[str, str]],
    *,
    retailer_id: str | None = None,
    catalogue_id: str | None = None,
) -> Sequence[Record]:
    """The published balances of products (supplier, product) that an organisation keeps or sells. None means any."""
    return await tx.fetch(
        f"SELECT {ANSWERED} FROM unnest($2::text[], $3::text[]) AS asked (supplier_id, product_id)"  # noqa: S608
        " JOIN balances b USING (supplier_id, product_id)"
        " WHERE b.published AND $1 IN (b.supplier_id, b.retailer_id) AND ($4::text IS NULL OR b.retailer_id = $4)"
        " AND ($5::text IS NULL OR b.catalogue_id = $5) ORDER BY b.id",
        organisation,
        *postgres.columns(products, 2),
        retailer_id,
        catalogue_id,
    )
