"""The copies of catalogues, balances and organisations, and what of them may serve a batch of orders."""

from collections.abc import Collection, Iterable, Mapping

from router.domain import Balance, Catalogue
from shared import postgres
from shared.contracts import BalanceChanged, CatalogueChanged, OrganisationChanged
from shared.postgres import Transaction

BALANCE = "retailer_id, catalogue_id, product_id, ean, description, published, fragile, oversized"


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
        " contract_number, active, version)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::text[],"
        " $8::bool[], $9::int[])"
        " ON CONFLICT (retailer_id, catalogue_id) DO UPDATE SET supplier_id = excluded.supplier_id,"
        " name = excluded.name, priority = excluded.priority, route_weight = excluded.route_weight,"
        " contract_number = excluded.contract_number, active = excluded.active, version = excluded.version"
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
                    e.contract_number,
                    e.active,
                    e.version,
                )
                for e in newest
            ),
            9,
        ),
    )


async def save_balances(tx: Transaction, events: Iterable[BalanceChanged]) -> None:
    """Keep balances, one event each, unless a newer one is kept already."""
    newest = sorted(events, key=lambda event: (event.retailer_id, event.product_id, event.catalogue_id))
    await tx.execute(
        "INSERT INTO balances (retailer_id, product_id, catalogue_id, ean, description, published, fragile,"
        " oversized, version)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::bool[],"
        " $8::bool[], $9::int[])"
        " ON CONFLICT (retailer_id, product_id, catalogue_id) DO UPDATE SET ean = excluded.ean,"
        " description = excluded.description, published = excluded.published, fragile = excluded.fragile,"
        " oversized = excluded.oversized, version = excluded.version"
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
                    e.version,
                )
                for e in newest
            ),
            9,
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
            )
        )
    return found


async def catalogues_of(tx: Transaction, retailers: Collection[str]) -> Mapping[str, list[Catalogue]]:
    """By retailer, all its catalogues with the names of their suppliers."""
    rows = await tx.fetch(
        "SELECT c.retailer_id, c.catalogue_id, c.supplier_id, o.name AS supplier_name, c.name, c.priority,"
        " c.route_weight, c.contract_number, c.active"
        " FROM catalogues c LEFT JOIN organisations o ON o.business_id = c.supplier_id"
        " WHERE c.retailer_id = ANY($1::text[])",
        list(retailers),
    )
    found: dict[str, list[Catalogue]] = {}
    for row in rows:
        found.setdefault(row["retailer_id"], []).append(
            Catalogue(
                row["catalogue_id"],
                row["supplier_id"],
                row["supplier_name"],
                row["name"],
                row["priority"],
                row["route_weight"],
                row["contract_number"],
                row["active"],
            )
        )
    return found
