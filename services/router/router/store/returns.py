"""Returns and their rows: registered, received or cancelled, and read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from router.domain.moving import RowKey
from router.domain.returns import Finding, Return, ReturnedRow
from shared import postgres
from shared.contracts import Party, ReturnStatus
from shared.postgres import Record, Transaction

COLUMNS = (
    "id, shipment_id, order_id, order_external_id, retailer_id, supplier_id, catalogue_id, registered_by, status,"
    " status_at, status_reason, version, reference, comment, receipt_comment, return_address::text AS return_address,"
    " delivery_operator, service_code, tracking_codes, tracking_from, created_at, updated_at, goes_to"
)

FINDINGS = TypeAdapter(tuple[Finding, ...])


@dataclass(frozen=True)
class WantedReturns:
    """Which returns a list shows: those to a supplier, or those of a retailer's orders. None asks for nothing more."""

    supplier_id: str | None = None
    retailer_id: str | None = None
    reference: str | None = None
    order_external_id: str | None = None
    shipment_id: UUID | None = None
    tracking_code: str | None = None
    statuses: tuple[ReturnStatus, ...] | None = None
    changed_since: datetime | None = None

    @property
    def condition(self) -> str:
        """The condition on `returns`, with the parameters of `arguments`; what is not asked for is left out."""
        party = "supplier_id" if self.supplier_id is not None else "retailer_id"
        asked = {
            "reference = ${}": self.reference,
            "order_external_id = ${}": self.order_external_id,
            "shipment_id = ${}": self.shipment_id,
            "tracking_codes @> ARRAY[${}::text]": self.tracking_code,
            "status = ANY(${}::text[])": self.statuses,
            "updated_at >= ${}": self.changed_since,
        }
        said = [condition for condition, value in asked.items() if value is not None]
        return " AND ".join([f"{party} = $1", *(one.format(place) for place, one in enumerate(said, 2))])

    @property
    def arguments(self) -> tuple[object, ...]:
        """The parameters of `condition`."""
        party = self.supplier_id if self.supplier_id is not None else self.retailer_id
        statuses = None if self.statuses is None else list(self.statuses)
        asked = (
            *(self.reference, self.order_external_id, self.shipment_id, self.tracking_code),
            *(statuses, self.changed_since),
        )
        return (party, *(value for value in asked if value is not None))

    @property
    def order(self) -> str:
        """The columns that order a list: who asks for changes gets them as they came, everybody else by their age."""
        return "created_at, id" if self.changed_since is None else "updated_at, id"


async def register_one_at_a_time(tx: Transaction, shipment_id: UUID) -> None:
    """Let nobody else register a return of this shipment before the transaction has ended."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('sluice.router.returns'), hashtext($1))", str(shipment_id))


async def returned_of(tx: Transaction, shipment_id: UUID) -> Mapping[RowKey, Decimal]:
    """How much of each row of a shipment is on its way back or came back."""
    rows = await tx.fetch(
        "SELECT w.row_id, w.product_id,"
        " sum(CASE WHEN r.status = 'Received' THEN w.received ELSE w.quantity END) AS gone"
        " FROM returns r JOIN return_rows w ON w.return_id = r.id"
        " WHERE r.shipment_id = $1 AND r.status <> 'Cancelled' GROUP BY w.row_id, w.product_id",
        shipment_id,
    )
    return {(row["row_id"], row["product_id"]): row["gone"] for row in rows}


async def save_return(tx: Transaction, returned: Return) -> None:
    """Write a new return without its rows. Raises asyncpg's ForeignKeyViolationError when its shipment is gone."""
    address = returned.return_address
    await tx.execute(
        "INSERT INTO returns (id, shipment_id, order_id, order_external_id, retailer_id, supplier_id, catalogue_id,"
        " registered_by, status, status_at, version, reference, comment, return_address, delivery_operator,"
        " service_code, tracking_codes, tracking_from, created_at, updated_at, goes_to)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
        *(returned.return_id, returned.shipment_id, returned.order_id, returned.order_external_id),
        *(returned.retailer_id, returned.supplier_id, returned.catalogue_id, returned.registered_by),
        *(returned.status, returned.status_at, returned.version, returned.reference, returned.comment),
        None if address is None else address.model_dump_json(exclude_defaults=True).encode(),
        *(returned.delivery_operator, returned.service_code, list(returned.tracking_codes), returned.tracking_from),
        *(returned.created_at, returned.updated_at, returned.goes_to),
    )


async def save_return_rows(tx: Transaction, returned: Return) -> None:
    """Write the rows of a new return."""
    await tx.execute(
        "INSERT INTO return_rows (return_id, position, row_id, product_id, quantity, reason, comment)"
        " SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::numeric[], $6::text[], $7::text[])",
        returned.return_id,
        *postgres.columns(
            (
                (position, row.row_id, row.product_id, row.quantity, row.reason, row.comment)
                for position, row in enumerate(returned.rows)
            ),
            6,
        ),
    )


async def save_return_moved(tx: Transaction, moved: Return) -> bool:
    """Write a return's next version; False, and nothing is written, when another change was faster."""
    written = await tx.execute(
        "UPDATE returns SET status = $2, status_at = $3, status_reason = $4, version = $5, receipt_comment = $6,"
        " updated_at = $7 WHERE id = $1 AND version = $5 - 1",
        moved.return_id,
        moved.status,
        moved.status_at,
        moved.status_reason,
        moved.version,
        moved.receipt_comment,
        moved.updated_at,
    )
    return written == 1


async def save_findings(tx: Transaction, received: Return) -> None:
    """Write what its receiver found of a return's rows. The return's own row is locked."""
    await tx.execute(
        "UPDATE return_rows SET received = found.received, restocked = found.restocked, findings = found.findings"
        " FROM unnest($2::text[], $3::text[], $4::numeric[], $5::numeric[], $6::jsonb[])"
        " AS found (row_id, product_id, received, restocked, findings)"
        " WHERE return_rows.return_id = $1 AND return_rows.row_id = found.row_id"
        " AND return_rows.product_id = found.product_id",
        received.return_id,
        *postgres.columns(
            ((row.row_id, row.product_id, row.received, row.restocked, _listed(row.findings)) for row in received.rows),
            5,
        ),
    )


async def return_called(tx: Transaction, return_id: UUID) -> Return | None:
    """One return, or None if there is none that the transaction may see."""
    row = await tx.fetch_one(f"SELECT {COLUMNS} FROM returns WHERE id = $1", return_id)  # noqa: S608
    return None if row is None else (await _with_rows(tx, [row]))[0]


async def returns(tx: Transaction, wanted: WantedReturns, *, limit: int, offset: int) -> list[Return]:
    """A page of returns in the order of `wanted`."""
    arguments = wanted.arguments
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM returns WHERE {wanted.condition} ORDER BY {wanted.order}"  # noqa: S608
        f" LIMIT ${len(arguments) + 1} OFFSET ${len(arguments) + 2}",
        *arguments,
        limit,
        offset,
    )
    return await _with_rows(tx, rows)


async def count_returns(tx: Transaction, wanted: WantedReturns) -> int:
    """How many returns a list has in all."""
    count: int = await tx.fetch_value(
        f"SELECT count(*) FROM returns WHERE {wanted.condition}",  # noqa: S608
        *wanted.arguments,
    )
    return count


async def returned_books(tx: Transaction, order_ids: Collection[UUID] | None = None) -> Sequence[Record]:
    """Every row of the returns of these orders, or of all, as the auditor reads them.

    Columns: order_id, return_id, shipment_id, status, version, row_id, product_id, quantity, received, restocked,
    delivered (of that row in its shipment).
    """
    return await tx.fetch(
        "SELECT r.order_id, r.id AS return_id, r.shipment_id, r.status, r.version, w.row_id, w.product_id, w.quantity,"
        " w.received, w.restocked, s.delivered FROM returns r JOIN return_rows w ON w.return_id = r.id"
        " LEFT JOIN shipment_rows s ON s.shipment_id = r.shipment_id AND s.row_id = w.row_id"
        " AND s.product_id = w.product_id"
        " WHERE ($1::uuid[] IS NULL OR r.order_id = ANY($1)) ORDER BY r.order_id, r.id, w.position",
        None if order_ids is None else list(order_ids),
    )


async def _with_rows(tx: Transaction, found: Sequence[Record]) -> list[Return]:
    rows: dict[UUID, list[ReturnedRow]] = {}
    for row in await tx.fetch(
        "SELECT w.return_id, w.row_id, w.product_id, w.quantity, w.reason, w.comment, w.findings::text AS findings,"
        " s.ean, s.description, s.unit FROM return_rows w JOIN returns r ON r.id = w.return_id"
        " LEFT JOIN shipment_rows s ON s.shipment_id = r.shipment_id AND s.row_id = w.row_id"
        " AND s.product_id = w.product_id"
        " WHERE w.return_id = ANY($1::uuid[]) ORDER BY w.return_id, w.position",
        [row["id"] for row in found],
    ):
        rows.setdefault(row["return_id"], []).append(
            ReturnedRow(
                row["row_id"],
                row["product_id"],
                row["quantity"],
                row["reason"],
                row["comment"],
                FINDINGS.validate_json(row["findings"] or "[]"),
                row["ean"],
                row["description"],
                row["unit"],
            )
        )
    return [_return(row, tuple(rows.get(row["id"], ()))) for row in found]


def _return(row: Record, rows: tuple[ReturnedRow, ...]) -> Return:
    address = row["return_address"]
    return Return(
        return_id=row["id"],
        shipment_id=row["shipment_id"],
        order_id=row["order_id"],
        order_external_id=row["order_external_id"],
        retailer_id=row["retailer_id"],
        supplier_id=row["supplier_id"],
        catalogue_id=row["catalogue_id"],
        registered_by=row["registered_by"],
        status=row["status"],
        status_at=row["status_at"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        rows=rows,
        reference=row["reference"],
        comment=row["comment"],
        status_reason=row["status_reason"],
        receipt_comment=row["receipt_comment"],
        return_address=None if address is None else Party.model_validate_json(address),
        delivery_operator=row["delivery_operator"],
        service_code=row["service_code"],
        tracking_codes=tuple(row["tracking_codes"]),
        tracking_from=row["tracking_from"],
        goes_to=row["goes_to"],
    )


def _listed(findings: Sequence[Finding]) -> bytes | None:
    """Findings as they are kept; nothing when there are none."""
    return orjson.dumps([one.model_dump(mode="json", exclude_defaults=True) for one in findings]) if findings else None
