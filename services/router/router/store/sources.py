"""The copies of catalogues, balances and organisations, and what of them may serve a batch of orders."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from router.domain import Balance, Catalogue, Preferences
from shared import postgres
from shared.contracts import BalanceChanged, CatalogueChanged, OrganisationChanged
from shared.postgres import Record, Transaction

BALANCE = (
    "retailer_id, catalogue_id, product_id, ean, description, published, fragile, oversized, quantity, safety_stock,"
    " sellable, unlimited, back_order_allowed, wholesale_price, currency"
)


@dataclass(frozen=True)
class Sourcing:
    """A retailer's catalogues, and how it wants its orders to be routed."""

    preferences: Preferences = field(default_factory=Preferences)
    catalogues: list[Catalogue] = field(default_factory=list)


async def save_organisations(tx: Transaction, events: Iterable[OrganisationChanged]) -> None:
    """Keep organisations, one event each, unless a newer one is kept already."""
    newest = sorted(events, key=lambda event: event.key)
    await tx.execute(
        "INSERT INTO organisations (business_id, name, version)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::int[])"
        " ON CONFLICT (business_id) DO UPDATE SET name = excluded.name, version = excluded.version"
        " WHERE organisations.version < excluded.version",
        *postgres.columns(((e.business_id, e.name, e.version) for e in newest), 3),
    )


async def save_catalogues(tx: Transaction, events: Iterable[CatalogueChanged]) -> None:
    """Keep catalogues, one event each, unless a newer one is kept already."""
    newest = sorted(events, key=lambda event: (event.retailer_id, event.catalogue_id))
    await tx.execute(
        "INSERT INTO catalogues (retailer_id, catalogue_id, supplier_id, name, priority, route_weight,"
        " back_order_allowed, contract_number, acceptance_hours, active, version)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::bool[],"
        " $8::text[], $9::float8[], $10::bool[], $11::int[])"
        " ON CONFLICT (retailer_id, catalogue_id) DO UPDATE SET supplier_id = excluded.supplier_id,"
        " name = excluded.name, priority = excluded.priority, route_weight = excluded.route_weight,"
        " back_order_allowed = excluded.back_order_allowed, contract_number = excluded.contract_number,"
        " acceptance_hours = excluded.acceptance_hours, active = excluded.active, version = excluded.version,"
        " heard_at = now()"
        " WHERE catalogues.version < excluded.version",
        *postgres.columns(
            (
                (
                    e.retailer_id,
                    e.catalogue_id,
                    e.supplier_id,
                    e.name,
                    e.priority,
                    e.route_weight,
                    e.back_order_allowed,
                    e.contract_number,
                    e.acceptance_hours,
                    e.active,
                    e.version,
                )
                for e in newest
            ),
            11,
        ),
    )


async def save_balances(tx: Transaction, events: Iterable[BalanceChanged]) -> None:
    """Keep balances, one event each, unless a newer one is kept already."""
    newest = sorted(events, key=lambda event: (event.retailer_id, event.product_id, event.catalogue_id))
    await tx.execute(
        "INSERT INTO balances (retailer_id, product_id, catalogue_id, ean, description, published, fragile,"
        " oversized, quantity, safety_stock, sellable, unlimited, back_order_allowed, wholesale_price, currency,"
        " version)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::bool[],"
        " $8::bool[], $9::numeric[], $10::numeric[], $11::bool[], $12::bool[], $13::bool[], $14::numeric[],"
        " $15::text[], $16::int[])"
        " ON CONFLICT (retailer_id, product_id, catalogue_id) DO UPDATE SET ean = excluded.ean,"
        " description = excluded.description, published = excluded.published, fragile = excluded.fragile,"
        " oversized = excluded.oversized, quantity = excluded.quantity, safety_stock = excluded.safety_stock,"
        " sellable = excluded.sellable, unlimited = excluded.unlimited,"
        " back_order_allowed = excluded.back_order_allowed, wholesale_price = excluded.wholesale_price,"
        " currency = excluded.currency, version = excluded.version, heard_at = now()"
        " WHERE balances.version < excluded.version",
        *postgres.columns(
            (
                (
                    e.retailer_id,
                    e.product_id,
                    e.catalogue_id,
                    e.ean,
                    e.description,
                    e.published,
                    e.fragile,
                    e.oversized,
                    e.quantity,
                    e.safety_stock,
                    e.sellable,
                    e.unlimited,
                    e.back_order_allowed,
                    e.wholesale_price,
                    e.currency,
                    e.version,
                )
                for e in newest
            ),
            16,
        ),
    )


async def balances_with(
    tx: Transaction, products: Collection[tuple[str, str]], eans: Collection[tuple[str, str]]
) -> Mapping[str, list[Balance]]:
    """By retailer, the balances of these products and EANs, both given as (retailer, product id or EAN)."""
    rows = await tx.fetch(
        f"SELECT {BALANCE}"  # noqa: S608
        " FROM balances JOIN unnest($1::text[], $2::text[]) AS wanted (retailer_id, product_id)"
        " USING (retailer_id, product_id)"
        " UNION"
        f" SELECT {BALANCE}"
        " FROM balances JOIN unnest($3::text[], $4::text[]) AS wanted (retailer_id, ean) USING (retailer_id, ean)",
        *postgres.columns(products, 2),
        *postgres.columns(eans, 2),
    )
    found: dict[str, list[Balance]] = {}
    for row in rows:
        found.setdefault(row["retailer_id"], []).append(
            Balance(
                row["catalogue_id"],
                row["product_id"],
                row["ean"],
                row["description"],
                row["published"],
                fragile=row["fragile"],
                oversized=row["oversized"],
                quantity=row["quantity"],
                safety_stock=row["safety_stock"],
                sellable=row["sellable"],
                unlimited=row["unlimited"],
                back_order_allowed=row["back_order_allowed"],
                wholesale_price=row["wholesale_price"],
                currency=row["currency"],
            )
        )
    return found


async def freshen_stock(tx: Transaction, quantities: Mapping[tuple[str, str, str], Decimal]) -> None:
    """Note how much there is of products, by (retailer, product, catalogue), as inventory saw it in passing.

    These numbers carry no version, and the next that do count. What somebody else is writing is left to him, so that
    nobody waits for a copy.
    """
    await tx.execute(
        "UPDATE balances SET quantity = seen.quantity"
        " FROM (SELECT b.retailer_id, b.product_id, b.catalogue_id, s.quantity"
        " FROM balances b JOIN unnest($1::text[], $2::text[], $3::text[], $4::numeric[])"
        " AS s (retailer_id, product_id, catalogue_id, quantity) USING (retailer_id, product_id, catalogue_id)"
        " WHERE b.quantity IS DISTINCT FROM s.quantity"
        " FOR UPDATE OF b SKIP LOCKED) AS seen"
        " WHERE (balances.retailer_id, balances.product_id, balances.catalogue_id)"
        " = (seen.retailer_id, seen.product_id, seen.catalogue_id)",
        *postgres.columns(((*key, quantity) for key, quantity in sorted(quantities.items())), 4),
    )


async def sourcing_of(tx: Transaction, retailers: Collection[str]) -> Mapping[str, Sourcing]:
    """By retailer, all its catalogues with the names of their suppliers, and its settings."""
    rows = await tx.fetch(
        "SELECT r.retailer_id, p.strategy, p.all_or_nothing, p.cost_per_shipment, c.catalogue_id, c.supplier_id,"
        " o.name AS supplier_name, c.name, c.priority, c.route_weight, c.contract_number, c.active,"
        " c.back_order_allowed, c.acceptance_hours"
        " FROM unnest($1::text[]) AS r (retailer_id) LEFT JOIN preferences p USING (retailer_id)"
        " LEFT JOIN catalogues c USING (retailer_id) LEFT JOIN organisations o ON o.business_id = c.supplier_id",
        list(retailers),
    )
    found: dict[str, Sourcing] = {}
    for row in rows:
        retailer = found.setdefault(row["retailer_id"], Sourcing(_preferences(row)))
        if row["catalogue_id"] is not None:
            retailer.catalogues.append(
                Catalogue(
                    row["catalogue_id"],
                    row["supplier_id"],
                    row["supplier_name"],
                    row["name"],
                    row["priority"],
                    row["route_weight"],
                    row["contract_number"],
                    row["active"],
                    row["back_order_allowed"],
                    row["acceptance_hours"],
                )
            )
    return found


def _preferences(row: Record) -> Preferences:
    if row["strategy"] is None:
        return Preferences()
    return Preferences(row["strategy"], row["all_or_nothing"], row["cost_per_shipment"])
