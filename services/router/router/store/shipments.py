"""Shipments and their rows, as they are read and moved on."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from router.domain import Noted, Parcel, Row, Shipment
from router.store import amendments
from shared import postgres
from shared.contracts import DeliveredPart, Delivery, Part
from shared.postgres import Record, Transaction

COLUMNS = (
    "id, order_id, order_external_id, retailer_id, supplier_id, catalogue_id, status, status_at, version,"
    " external_reference, contract_number, handling, document::text AS document, parcels::text AS parcels, accept_by,"
    " created_at, updated_at, status_reason, reached, events::text AS events, lot"
)

PARCELS = TypeAdapter(tuple[Parcel, ...])
EVENTS = TypeAdapter(tuple[Noted, ...])


@dataclass(frozen=True)
class Wanted:
    """Which shipments a list shows: those of a supplier or of a retailer, made or changed since, in these statuses."""

    supplier_id: str | None = None
    retailer_id: str | None = None
    since: datetime | None = None
    changed_since: datetime | None = None
    statuses: tuple[str, ...] | None = None

    @property
    def condition(self) -> str:
        """The condition on `shipments`, with the parameters of `arguments`.

        What is not asked for is left out: with `$2 IS NULL OR` no index could be made use of.
        """
        party = "supplier_id" if self.supplier_id is not None else "retailer_id"
        asked = [f"{party} = $1"]
        if self.since is not None:
            asked.append(f"created_at >= ${len(asked) + 1}")
        if self.changed_since is not None:
            asked.append(f"updated_at >= ${len(asked) + 1}")
        if self.statuses is not None:
            asked.append(f"status = ANY(${len(asked) + 1}::text[])")
        return " AND ".join(asked)

    @property
    def arguments(self) -> tuple[object, ...]:
        """The parameters of `condition`."""
        asked: list[object] = [self.supplier_id if self.supplier_id is not None else self.retailer_id]
        if self.since is not None:
            asked.append(self.since)
        if self.changed_since is not None:
            asked.append(self.changed_since)
        if self.statuses is not None:
            asked.append(list(self.statuses))
        return tuple(asked)

    @property
    def order(self) -> str:
        """The columns that order a list: who asks for changes gets them as they came, everybody else by their age."""
        return "created_at, id" if self.changed_since is None else "updated_at, id"


async def shipment(tx: Transaction, shipment_id: UUID) -> Shipment | None:
    """One shipment, or None if there is none that the transaction may see."""
    row = await tx.fetch_one(f"SELECT {COLUMNS} FROM shipments WHERE id = $1", shipment_id)  # noqa: S608
    if row is None:
        return None
    return next(await with_rows(tx, [row]))


async def shipments(tx: Transaction, wanted: Wanted, *, limit: int, offset: int) -> Iterator[Shipment]:
    """A page of shipments in the order of `wanted`; of the same moment by id, so that pages never overlap.

    Each is made when its turn comes: two thousand at once, some twenty objects each, cost twice the time.
    """
    arguments = wanted.arguments
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM shipments WHERE id = ANY(ARRAY(SELECT id FROM shipments WHERE {wanted.condition}"  # noqa: S608
        f" ORDER BY {wanted.order} LIMIT ${len(arguments) + 1} OFFSET ${len(arguments) + 2})) ORDER BY {wanted.order}",
        *arguments,
        limit,
        offset,
    )
    return await with_rows(tx, rows)


async def count_shipments(tx: Transaction, wanted: Wanted) -> int:
    """How many shipments a list has in all."""
    count: int = await tx.fetch_value(
        f"SELECT count(*) FROM shipments WHERE {wanted.condition}",  # noqa: S608
        *wanted.arguments,
    )
    return count


async def save_moved(tx: Transaction, moved: Shipment) -> bool:
    """Write a shipment's next version; False, and nothing is written, when another change was faster."""
    written = await tx.execute(
        "UPDATE shipments SET status = $2, status_at = $3, version = $4, external_reference = $5, parcels = $6,"
        " updated_at = $7, status_reason = $8, reached = $9, events = $10 WHERE id = $1 AND version = $4 - 1",
        moved.shipment_id,
        moved.status,
        moved.status_at,
        moved.version,
        moved.external_reference,
        _listed(moved.parcels),
        moved.updated_at,
        moved.status_reason,
        moved.reached,
        _listed(moved.events),
    )
    return written == 1


async def shipments_for_update(tx: Transaction, order_ids: Collection[UUID]) -> list[Shipment]:
    """The shipments of orders, locked in the order of ids: whoever changes one of them comes before or after."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM shipments WHERE order_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE",  # noqa: S608
        list(order_ids),
    )
    return list(await with_rows(tx, rows))


async def named_for_update(
    tx: Transaction,
    supplier_id: str,
    ids: Collection[UUID],
    external_references: Collection[str],
    order_external_ids: Collection[str],
    made_since: datetime,
) -> list[Shipment]:
    """A supplier's shipments with these ids, references of its own, or numbers of orders, locked in the order of ids.

    By the order's number only those made since a moment are found.
    """
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM shipments WHERE supplier_id = $1 AND id = ANY(ARRAY("  # noqa: S608
        " SELECT unnest($2::uuid[])"
        " UNION ALL SELECT id FROM shipments WHERE supplier_id = $1 AND external_reference = ANY($3::text[])"
        " UNION ALL SELECT id FROM shipments WHERE supplier_id = $1 AND created_at >= $5"
        "  AND order_external_id = ANY($4::text[]) AND cardinality($4::text[]) > 0)) ORDER BY id FOR UPDATE",
        supplier_id,
        list(ids),
        list(external_references),
        list(order_external_ids),
        made_since,
    )
    return list(await with_rows(tx, rows))


async def save_codes(tx: Transaction, shipments: Iterable[Shipment]) -> None:
    """Write the next versions of locked shipments whose parcels have other tracking codes now."""
    await tx.execute(
        "UPDATE shipments SET parcels = news.parcels, version = news.version, updated_at = news.updated_at"
        " FROM unnest($1::uuid[], $2::jsonb[], $3::int[], $4::timestamptz[]) AS news (id, parcels, version, updated_at)"
        " WHERE shipments.id = news.id",
        *postgres.columns(
            ((one.shipment_id, _listed(one.parcels), one.version, one.updated_at) for one in shipments), 4
        ),
    )


async def save_amended_shipments(tx: Transaction, shipments: Iterable[Shipment]) -> None:
    """Write the next versions of locked shipments that were called off or are to be sent otherwise."""
    await tx.execute(
        "UPDATE shipments SET status = news.status, status_at = news.status_at, version = news.version,"
        " document = news.document, parcels = news.parcels, updated_at = news.updated_at,"
        " status_reason = news.status_reason, reached = news.reached, events = news.events"
        " FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::int[], $5::jsonb[], $6::jsonb[],"
        " $7::timestamptz[], $8::text[], $9::text[], $10::jsonb[])"
        " AS news (id, status, status_at, version, document, parcels, updated_at, status_reason, reached, events)"
        " WHERE shipments.id = news.id",
        *postgres.columns(
            (
                (
                    shipment.shipment_id,
                    shipment.status,
                    shipment.status_at,
                    shipment.version,
                    amendments.document(shipment.delivery),
                    _listed(shipment.parcels),
                    shipment.updated_at,
                    shipment.status_reason,
                    shipment.reached,
                    _listed(shipment.events),
                )
                for shipment in shipments
            ),
            10,
        ),
    )


async def save_shrunk(tx: Transaction, shipments: Collection[Shipment]) -> None:
    """Write how much the rows of locked shipments are to deliver now, where it is less than before."""
    await tx.execute(
        "UPDATE shipment_rows SET quantity = less.quantity"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::numeric[])"
        " AS less (shipment_id, row_id, product_id, quantity)"
        " WHERE shipment_rows.shipment_id = less.shipment_id AND shipment_rows.row_id = less.row_id"
        " AND shipment_rows.product_id = less.product_id AND shipment_rows.quantity > less.quantity",
        *postgres.columns(
            (
                (shipment.shipment_id, row.row_id, row.product_id, row.quantity)
                for shipment in shipments
                for row in shipment.rows
            ),
            4,
        ),
    )


async def delivered_of(tx: Transaction, order_ids: Collection[UUID]) -> Mapping[UUID, list[DeliveredPart]]:
    """What suppliers have delivered of orders, row by row, as far as it took stock."""
    rows = await tx.fetch(
        "SELECT s.order_id, r.row_id, s.catalogue_id, r.product_id, r.delivered, s.lot"
        " FROM shipments s JOIN shipment_rows r ON r.shipment_id = s.id"
        " WHERE s.order_id = ANY($1::uuid[]) AND r.delivered > 0 AND r.stocked"
        " ORDER BY s.order_id, r.row_id, s.catalogue_id, r.product_id, s.lot",
        list(order_ids),
    )
    found: dict[UUID, list[DeliveredPart]] = {}
    for row in rows:
        found.setdefault(row["order_id"], []).append(
            DeliveredPart(
                row_id=row["row_id"],
                catalogue_id=row["catalogue_id"],
                product_id=row["product_id"],
                quantity=row["delivered"],
                lot=row["lot"],
            )
        )
    return found


async def save_rows(tx: Transaction, moved: Shipment) -> None:
    """Write how much of each row of a shipment is to be sent, and was delivered. The shipment's own row is locked."""
    await tx.execute(
        "UPDATE shipment_rows SET quantity = given.quantity, delivered = given.delivered"
        " FROM unnest($2::text[], $3::text[], $4::numeric[], $5::numeric[])"
        " AS given (row_id, product_id, quantity, delivered)"
        " WHERE shipment_rows.shipment_id = $1 AND shipment_rows.row_id = given.row_id"
        " AND shipment_rows.product_id = given.product_id"
        " AND (shipment_rows.quantity, shipment_rows.delivered) IS DISTINCT FROM (given.quantity, given.delivered)",
        moved.shipment_id,
        *postgres.columns(((row.row_id, row.product_id, row.quantity, row.delivered) for row in moved.rows), 4),
    )


async def with_rows(tx: Transaction, found: Sequence[Record]) -> Iterator[Shipment]:
    """The shipments of these rows (see `COLUMNS`), each made with its own rows when its turn comes."""
    rows = await _rows_of(tx, [row["id"] for row in found])
    return (_shipment(row, rows.get(row["id"], ())) for row in found)


async def _rows_of(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, list[Record]]:
    found: dict[UUID, list[Record]] = {}
    for row in await tx.fetch(
        "SELECT shipment_id, row_id, product_id, quantity, delivered, ean, description, unit, stocked"
        " FROM shipment_rows"
        " WHERE shipment_id = ANY($1::uuid[]) ORDER BY shipment_id, position",
        list(ids),
    ):
        found.setdefault(row["shipment_id"], []).append(row)
    return found


def _row(row: Record) -> Row:
    return Row(
        row["row_id"],
        row["product_id"],
        row["quantity"],
        row["delivered"],
        row["ean"],
        row["description"],
        row["unit"],
        row["stocked"],
    )


def _shipment(row: Record, rows: Iterable[Record]) -> Shipment:
    return Shipment(
        shipment_id=row["id"],
        order_id=row["order_id"],
        order_external_id=row["order_external_id"],
        retailer_id=row["retailer_id"],
        supplier_id=row["supplier_id"],
        catalogue_id=row["catalogue_id"],
        status=row["status"],
        status_at=row["status_at"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        accept_by=row["accept_by"],
        delivery=Delivery.model_validate_json(row["document"]),
        rows=tuple(map(_row, rows)),
        contract_number=row["contract_number"],
        handling=tuple(row["handling"]),
        external_reference=row["external_reference"],
        parcels=PARCELS.validate_json(row["parcels"] or "[]"),
        status_reason=row["status_reason"],
        reached=row["reached"],
        events=EVENTS.validate_json(row["events"] or "[]"),
        lot=row["lot"],
    )


def _listed(parts: Sequence[Part]) -> bytes | None:
    """Parcels or events as they are kept; nothing when there are none."""
    return orjson.dumps([part.model_dump(mode="json", exclude_defaults=True) for part in parts]) if parts else None
