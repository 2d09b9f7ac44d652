"""Catalogues."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Literal

from inventory.domain import Catalogue
from shared.postgres import Record, Transaction


@dataclass(frozen=True)
class StoredCatalogue:
    """A catalogue as it is stored. Smaller `priority` is asked first; `route_weight` shares the load among equals."""

    retailer_id: str
    external_id: str
    supplier_id: str
    catalogue_type: str
    name: str | None
    priority: int | None
    route_weight: int | None
    back_order_allowed: bool
    public: bool
    active: bool
    contract_number: str | None
    info_code: str | None
    version: int


def _read(row: Record) -> StoredCatalogue:
    return StoredCatalogue(**{column.name: row[column.name] for column in fields(StoredCatalogue)})


async def catalogue(
    tx: Transaction, organisation: str, external_id: str, retailer_id: str | None = None
) -> StoredCatalogue | None:
    """The catalogue with this id that an organisation owns or else supplies; None for `retailer_id` means any."""
    row = await tx.fetch_one(
        "SELECT * FROM catalogues WHERE external_id = $2 AND $1 IN (retailer_id, supplier_id)"
        " AND ($3::text IS NULL OR retailer_id = $3) ORDER BY retailer_id <> $1, retailer_id LIMIT 1",
        organisation,
        external_id,
        retailer_id,
    )
    return None if row is None else _read(row)


async def catalogue_for_update(tx: Transaction, retailer_id: str, external_id: str) -> StoredCatalogue | None:
    """Lock a retailer's catalogue."""
    row = await tx.fetch_one(
        "SELECT * FROM catalogues WHERE retailer_id = $1 AND external_id = $2 FOR UPDATE", retailer_id, external_id
    )
    return None if row is None else _read(row)


async def save_catalogue(tx: Transaction, changed: StoredCatalogue) -> StoredCatalogue | None:
    """Store a catalogue with its next version; None if it is meanwhile another supplier's."""
    row = await tx.fetch_one(
        "INSERT INTO catalogues AS stored (retailer_id, external_id, supplier_id, catalogue_type, name, priority,"
        " route_weight, back_order_allowed, public, active, contract_number, info_code)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        " ON CONFLICT (retailer_id, external_id) DO UPDATE SET catalogue_type = excluded.catalogue_type,"
        " name = excluded.name, priority = excluded.priority, route_weight = excluded.route_weight,"
        " back_order_allowed = excluded.back_order_allowed, public = excluded.public, active = excluded.active,"
        " contract_number = excluded.contract_number, info_code = excluded.info_code, version = stored.version + 1,"
        " updated_at = now() WHERE stored.supplier_id = excluded.supplier_id RETURNING *",
        *astuple(changed)[:-1],
    )
    return None if row is None else _read(row)


async def catalogues_page(
    tx: Transaction, organisation: str, role: Literal["RETAILER", "SUPPLIER"] | None, *, limit: int, offset: int
) -> tuple[int, Sequence[StoredCatalogue]]:
    """How many open catalogues an organisation has in this role, None for any, and one page of them."""
    rows = await tx.fetch(
        "SELECT count(*) OVER () AS total, * FROM catalogues"
        " WHERE active AND (($2::text IS DISTINCT FROM 'SUPPLIER' AND retailer_id = $1)"
        " OR ($2 IS DISTINCT FROM 'RETAILER' AND supplier_id = $1))"
        " ORDER BY priority NULLS LAST, retailer_id, external_id LIMIT $3 OFFSET $4",
        organisation,
        role,
        limit,
        offset,
    )
    return rows[0]["total"] if rows else 0, [_read(row) for row in rows]


async def catalogues_supplied(tx: Transaction, supplier_id: str, external_ids: Iterable[str]) -> list[Catalogue]:
    """The catalogues with these ids that name an organisation as their supplier."""
    rows = await tx.fetch(
        "SELECT retailer_id, external_id, active FROM catalogues"
        " WHERE supplier_id = $1 AND external_id = ANY($2::text[])",
        supplier_id,
        list(external_ids),
    )
    return [Catalogue(row["retailer_id"], row["external_id"], row["active"]) for row in rows]
