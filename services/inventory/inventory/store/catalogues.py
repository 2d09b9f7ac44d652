"""Catalogues. They are locked in the order of their retailers and ids, before any balance in them."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Literal

from inventory.domain import Activation, Address, Catalogue, CatalogueType
from shared import postgres
from shared.contracts import CatalogueChanged
from shared.postgres import Record, Transaction


@dataclass(frozen=True, kw_only=True)
class StoredCatalogue:
    """A catalogue as it is stored. Smaller `priority` is asked first; `route_weight` shares the load among equals.

    It is used while its retailer keeps it open (`active`) and its supplier agrees (`activation`). A supplier that is
    silent about a shipment for `acceptance_hours` has declined it; None is as long as everywhere.
    """

    retailer_id: str
    external_id: str
    supplier_id: str
    catalogue_type: CatalogueType = "Catalog"
    name: str | None = None
    priority: int | None = None
    route_weight: int | None = None
    back_order_allowed: bool = False
    public: bool = False
    active: bool = True
    contract_number: str | None = None
    invoicing_reference: str | None = None
    info_code: str | None = None
    acceptance_hours: float | None = None
    activation: Activation = "active"
    activation_changed_at: datetime | None = None
    version: int = 0

    @property
    def address(self) -> Address:
        """Its retailer and id."""
        return self.retailer_id, self.external_id

    @property
    def own(self) -> bool:
        """Whether retailer and supplier are the same."""
        return self.retailer_id == self.supplier_id

    @property
    def used(self) -> bool:
        """Whether orders are served from it: its retailer keeps it open, and its supplier agrees."""
        return self.active and self.activation == "active"

    @property
    def news(self) -> CatalogueChanged:
        """What others are told of it."""
        return CatalogueChanged(
            retailer_id=self.retailer_id,
            catalogue_id=self.external_id,
            supplier_id=self.supplier_id,
            name=self.name,
            catalogue_type=self.catalogue_type,
            priority=self.priority,
            route_weight=self.route_weight,
            back_order_allowed=self.back_order_allowed,
            contract_number=self.contract_number,
            acceptance_hours=self.acceptance_hours,
            active=self.used,
            version=self.version,
        )


def read_catalogue(row: Record) -> StoredCatalogue:
    """A row of all columns as a catalogue."""
    return StoredCatalogue(**{column.name: row[column.name] for column in fields(StoredCatalogue)})


def _read_supplied(row: Record) -> Catalogue:
    return Catalogue(
        row["retailer_id"],
        row["external_id"],
        active=row["active"],
        activation=row["activation"],
        public=row["public"],
        own=row["retailer_id"] == row["supplier_id"],
    )


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
    return None if row is None else read_catalogue(row)


async def catalogues_named(
    tx: Transaction, organisation: str, external_id: str, retailer_id: str | None = None
) -> list[StoredCatalogue]:
    """All catalogues with this id that an organisation owns or supplies; None for `retailer_id` means any."""
    rows = await tx.fetch(
        "SELECT * FROM catalogues WHERE external_id = $2 AND $1 IN (retailer_id, supplier_id)"
        " AND ($3::text IS NULL OR retailer_id = $3) ORDER BY retailer_id",
        organisation,
        external_id,
        retailer_id,
    )
    return [read_catalogue(row) for row in rows]


async def catalogue_for_update(tx: Transaction, retailer_id: str, external_id: str) -> StoredCatalogue | None:
    """Lock a retailer's catalogue."""
    row = await tx.fetch_one(
        "SELECT * FROM catalogues WHERE retailer_id = $1 AND external_id = $2 FOR UPDATE", retailer_id, external_id
    )
    return None if row is None else read_catalogue(row)


async def insert_catalogue(tx: Transaction, made: StoredCatalogue) -> StoredCatalogue | None:
    """Store a new catalogue; None if its retailer has meanwhile made one with this id."""
    row = await tx.fetch_one(
        "INSERT INTO catalogues (retailer_id, external_id, supplier_id, catalogue_type, name, priority,"
        " route_weight, back_order_allowed, public, active, contract_number, invoicing_reference, info_code,"
        " acceptance_hours, activation)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        " ON CONFLICT (retailer_id, external_id) DO NOTHING RETURNING *",
        *astuple(made)[:-2],
    )
    return None if row is None else read_catalogue(row)


async def update_catalogue(tx: Transaction, changed: StoredCatalogue) -> StoredCatalogue:
    """Store a catalogue that is locked, with its next version. Its parties, and whether it is public, stay."""
    row = await tx.fetch_one(
        "UPDATE catalogues SET catalogue_type = $3, name = $4, priority = $5, route_weight = $6,"
        " back_order_allowed = $7, active = $8, contract_number = $9, invoicing_reference = $10, info_code = $11,"
        " acceptance_hours = $12,"
        " activation_changed_at = CASE WHEN activation = $13 THEN activation_changed_at ELSE now() END,"
        " activation = $13, version = version + 1, updated_at = now()"
        " WHERE retailer_id = $1 AND external_id = $2 RETURNING *",
        changed.retailer_id,
        changed.external_id,
        changed.catalogue_type,
        changed.name,
        changed.priority,
        changed.route_weight,
        changed.back_order_allowed,
        changed.active,
        changed.contract_number,
        changed.invoicing_reference,
        changed.info_code,
        changed.acceptance_hours,
        changed.activation,
    )
    assert row is not None
    return read_catalogue(row)


async def set_activation(
    tx: Transaction, addresses: Iterable[Address], activation: Activation
) -> list[StoredCatalogue]:
    """Store what became of the agreement about catalogues, with their next versions. A withdrawn one is closed."""
    rows = await tx.fetch(
        "UPDATE catalogues SET activation = $3, active = active AND $3 <> 'withdrawn',"
        " activation_changed_at = now(), version = version + 1, updated_at = now()"
        " FROM unnest($1::text[], $2::text[]) AS named (retailer_id, external_id)"
        " WHERE catalogues.retailer_id = named.retailer_id AND catalogues.external_id = named.external_id"
        " RETURNING catalogues.*",
        *postgres.columns(addresses, 2),
        activation,
    )
    return [read_catalogue(row) for row in rows]


@dataclass(frozen=True)
class Wanted:
    """Which of an organisation's catalogues a list shows; None means any.

    Closed ones are not listed, unless those are asked for whose agreement was withdrawn. A public catalogue that a
    retailer has only asked for is not among those it owns, unless it asks for a state of agreement.
    """

    organisation: str
    role: Literal["RETAILER", "SUPPLIER"] | None = None
    public: bool | None = None
    activation: Activation | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        """The parameters of `WANTED`."""
        return astuple(self)


WANTED = (
    "catalogues WHERE (active OR $4::text = 'withdrawn')"
    " AND ($3::boolean IS NULL OR public = $3) AND ($4 IS NULL OR activation = $4)"
    " AND (($2::text IS DISTINCT FROM 'SUPPLIER' AND retailer_id = $1"
    " AND (NOT public OR activation = 'active' OR $4 IS NOT NULL))"
    " OR ($2 IS DISTINCT FROM 'RETAILER' AND supplier_id = $1))"
)
"""The catalogues that fit, with the parameters of `Wanted`."""


async def count_catalogues(tx: Transaction, wanted: Wanted) -> int:
    """How many catalogues a list has in all."""
    count: int = await tx.fetch_value(f"SELECT count(*) FROM {WANTED}", *wanted.arguments)  # noqa: S608
    return count


async def catalogues_page(tx: Transaction, wanted: Wanted, *, limit: int, offset: int) -> list[StoredCatalogue]:
    """One page of catalogues, those with the smallest priority first."""
    rows = await tx.fetch(
        f"SELECT * FROM {WANTED} ORDER BY priority NULLS LAST, retailer_id, external_id LIMIT $5 OFFSET $6",  # noqa: S608
        *wanted.arguments,
        limit,
        offset,
    )
    return [read_catalogue(row) for row in rows]


async def catalogues_supplied(
    tx: Transaction, supplier_id: str, external_ids: Iterable[str] | None = None
) -> list[Catalogue]:
    """The catalogues that name an organisation as their supplier: those with these ids, None for all."""
    rows = await tx.fetch(
        "SELECT retailer_id, external_id, supplier_id, active, activation, public FROM catalogues"
        " WHERE supplier_id = $1 AND ($2::text[] IS NULL OR external_id = ANY($2))",
        supplier_id,
        None if external_ids is None else list(external_ids),
    )
    return [_read_supplied(row) for row in rows]


async def catalogues_for_update(tx: Transaction, supplier_id: str, addresses: Iterable[Address]) -> list[Catalogue]:
    """Lock these catalogues of a supplier, and say how they are now."""
    rows = await tx.fetch(
        "SELECT retailer_id, external_id, supplier_id, active, activation, public FROM catalogues"
        " WHERE supplier_id = $1 AND (retailer_id, external_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))"
        " ORDER BY retailer_id, external_id FOR UPDATE",
        supplier_id,
        *postgres.columns(addresses, 2),
    )
    return [_read_supplied(row) for row in rows]
