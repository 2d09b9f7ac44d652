"""Shipments and their rows."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from router.domain import NewShipment, Parcel, Row, Shipment
from shared import postgres
from shared.contracts import Delivery
from shared.postgres import Record, Transaction

COLUMNS = (
    "id, order_id, order_external_id, retailer_id, supplier_id, catalogue_id, status, status_at, version,"
    " external_reference, contract_number, document, parcels, accept_by, created_at, updated_at"
)


@dataclass(frozen=True)
class Wanted:
    """Which shipments a list shows: those of a supplier or of a retailer, made since, in one of these statuses."""

    supplier_id: str | None = None
    retailer_id: str | None = None
    since: datetime | None = None
    statuses: tuple[str, ...] | None = None

    @property
    def condition(self) -> str:
        """The condition on `shipments`, with the parameters of `arguments`.

        What is not asked for is left out: with `$2 IS NULL OR` no index could be made use of.
        """
        party = "supplier_id" if self.supplier_id is not None else "retailer_id"
        asked = [f"{party} = $1"]
        if self.since is not None:
            asked.append("created_at >= $2")
        if self.statuses is not None:
            asked.append(f"status = ANY(${len(asked) + 1}::text[])")
        return " AND ".join(asked)

    @property
    def arguments(self) -> tuple[object, ...]:
        """The parameters of `condition`."""
        asked: list[object] = [self.supplier_id if self.supplier_id is not None else self.retailer_id]
        if self.since is not None:
            asked.append(self.since)
        if self.statuses is not None:
            asked.append(list(self.statuses))
        return tuple(asked)


async def save_shipments(tx: Transaction, shipments: Sequence[NewShipment]) -> None:
    """Write new shipments, without their rows."""
    # The shipments of an order share its delivery, which is large.
    documents = {
        created.order_id: created.delivery.model_dump_json(exclude_defaults=True).encode()
        for created in {new.created.order_id: new.created for new in shipments}.values()
    }
    await tx.execute(
        "INSERT INTO shipments (id, order_id, order_external_id, retailer_id, supplier_id, catalogue_id, status,"
        " status_at, version, contract_number, document, accept_by, created_at, updated_at)"
        " SELECT id, order_id, order_external_id, retailer_id, supplier_id, catalogue_id, 'Created', created_at, 1,"
        " contract_number, document, accept_by, created_at, created_at"
        " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[],"
        " $9::timestamptz[], $10::timestamptz[])"
        " AS made (id, order_id, order_external_id, retailer_id, supplier_id, catalogue_id, contract_number, document,"
        " accept_by, created_at)",
        *postgres.columns(
            (
                (
                    new.created.shipment_id,
                    new.created.order_id,
                    new.created.order_external_id,
                    new.created.retailer_id,
                    new.created.supplier_id,
                    new.created.catalogue_id,
                    new.contract_number,
                    documents[new.created.order_id],
                    new.created.accept_by,
                    new.created.created_at,
                )
                for new in shipments
            ),
            10,
        ),
    )


async def save_shipment_rows(tx: Transaction, shipments: Sequence[NewShipment]) -> None:
    """Write the rows of new shipments, in the order of the order's rows."""
    await tx.execute(
        "INSERT INTO shipment_rows (shipment_id, position, row_id, product_id, ean, description, unit, stocked,"
        " quantity)"
        " SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],"
        " $8::bool[], $9::numeric[])",
        *postgres.columns(
            (
                (
                    new.created.shipment_id,
                    position,
                    row.external_id,
                    row.product_id,
                    row.ean,
                    row.description,
                    row.unit,
                    row.external_id in new.stocked,
                    row.quantity,
                )
                for new in shipments
                for position, row in enumerate(new.created.rows)
            ),
            9,
        ),
    )


async def shipment(tx: Transaction, shipment_id: UUID) -> Shipment | None:
    """One shipment, or None if there is none that the transaction may see."""
    row = await tx.fetch_one(f"SELECT {COLUMNS} FROM shipments WHERE id = $1", shipment_id)  # noqa: S608
    if row is None:
        return None
    return (await _with_rows(tx, [row]))[0]


async def shipments(tx: Transaction, wanted: Wanted, *, limit: int, offset: int) -> list[Shipment]:
    """A page of shipments, oldest first; of the same moment by id, so that pages never overlap."""
    arguments = wanted.arguments
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM shipments WHERE id = ANY(ARRAY(SELECT id FROM shipments WHERE {wanted.condition}"  # noqa: S608
        f" ORDER BY created_at, id LIMIT ${len(arguments) + 1} OFFSET ${len(arguments) + 2})) ORDER BY created_at, id",
        *arguments,
        limit,
        offset,
    )
    return await _with_rows(tx, rows)


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
        " updated_at = $7 WHERE id = $1 AND version = $4 - 1",
        moved.shipment_id,
        moved.status,
        moved.status_at,
        moved.version,
        moved.external_reference,
        orjson.dumps([parcel.model_dump(mode="json", exclude_defaults=True) for parcel in moved.parcels])
        if moved.parcels
        else None,
        moved.updated_at,
    )
    return written == 1


async def save_delivered(tx: Transaction, moved: Shipment) -> None:
    """Write how much of each row of a shipment was delivered. The shipment's own row is locked."""
    await tx.execute(
        "UPDATE shipment_rows SET delivered = given.delivered"
        " FROM unnest($2::text[], $3::text[], $4::numeric[]) AS given (row_id, product_id, delivered)"
        " WHERE shipment_rows.shipment_id = $1 AND shipment_rows.row_id = given.row_id"
        " AND shipment_rows.product_id = given.product_id AND shipment_rows.delivered <> given.delivered",
        moved.shipment_id,
        *postgres.columns(((row.row_id, row.product_id, row.delivered) for row in moved.rows), 3),
    )


async def _with_rows(tx: Transaction, found: Sequence[Record]) -> list[Shipment]:
    rows = await _rows_of(tx, [row["id"] for row in found])
    return [_shipment(row, rows.get(row["id"], ())) for row in found]


async def _rows_of(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in await tx.fetch(
        "SELECT shipment_id, row_id, product_id, quantity, delivered, ean, description, unit FROM shipment_rows"
        " WHERE shipment_id = ANY($1::uuid[]) ORDER BY shipment_id, position",
        list(ids),
    ):
        found.setdefault(row["shipment_id"], []).append(
            Row(
                row["row_id"],
                row["product_id"],
                row["quantity"],
                row["delivered"],
                row["ean"],
                row["description"],
                row["unit"],
            )
        )
    return found


def _shipment(row: Record, rows: Iterable[Row]) -> Shipment:
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
        delivery=Delivery.model_validate(row["document"]),
        rows=tuple(rows),
        contract_number=row["contract_number"],
        external_reference=row["external_reference"],
        parcels=tuple(Parcel.model_validate(parcel) for parcel in row["parcels"] or ()),
    )
