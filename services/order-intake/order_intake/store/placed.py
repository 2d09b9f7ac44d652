"""Orders as they were posted, and what became of their documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from order_intake.domain import Order
from order_intake.store import entries, progress
from shared import postgres
from shared.contracts import OrderPlaced
from shared.postgres import Record, Transaction


@dataclass(frozen=True)
class Placed:
    """An order of the book, with where it stands; its `rows` are not loaded.

    `posted` is the body it was placed with, `changed` the document that took its place since. `placed_at` is when the
    retailer placed it first, also when it was placed anew since.
    """

    order: Order
    posted: bytes
    placed_at: datetime
    updated_at: datetime
    changed: bytes | None = None

    @property
    def document(self) -> bytes:
        """The document as it is now, JSON text."""
        return self.posted if self.changed is None else self.changed


@dataclass(frozen=True)
class Changeable(Placed):
    """An order of the book that may be changed: locked. `reopened`: its retailer opened it again."""

    reopened: bool = False


async def documents_at(tx: Transaction, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """The documents posted under (retailer, external id)."""
    rows = await tx.fetch(
        "SELECT retailer_id, external_id, posted FROM orders JOIN unnest($1::text[], $2::text[])"
        " AS wanted (retailer_id, external_id) USING (retailer_id, external_id) WHERE current",
        *postgres.columns(keys, 2),
    )
    return {(row["retailer_id"], row["external_id"]): row["posted"] for row in rows}


async def placed_order(tx: Transaction, retailer_id: str, external_id: str) -> Placed | None:
    """A retailer's order, or None."""
    row = await tx.fetch_one(
        "SELECT id, retailer_id, round, status, history, cancelled, held, version, catalogues, posted, document,"
        " placed_at, updated_at FROM orders WHERE retailer_id = $1 AND external_id = $2 AND current",
        retailer_id,
        external_id,
    )
    return None if row is None else placed_of(row)


def placed_of(row: Record) -> Placed:
    """An order from its columns, without its rows."""
    return Placed(progress.order_of(row, {}), row["posted"], row["placed_at"], row["updated_at"], row["document"])


async def order_for_update(tx: Transaction, retailer_id: str, external_id: str) -> Changeable | None:
    """A retailer's order, locked. None when there is none, or when another one took its place while we waited."""
    row = await tx.fetch_one(
        "SELECT id, retailer_id, round, status, history, cancelled, held, version, catalogues, posted, document,"
        " placed_at, updated_at, reopened FROM orders"
        " WHERE retailer_id = $1 AND external_id = $2 AND current FOR UPDATE",
        retailer_id,
        external_id,
    )
    if row is None:
        return None
    return Changeable(
        order=progress.order_of(row, {}),
        posted=row["posted"],
        placed_at=row["placed_at"],
        updated_at=row["updated_at"],
        changed=row["document"],
        reopened=row["reopened"],
    )


async def save_document(tx: Transaction, order_id: UUID, document: bytes, asked: OrderPlaced) -> None:
    """Save an order's changed document, and what it asks for now."""
    await tx.execute(
        "UPDATE orders SET document = $2, order_date = $3, document_type = $4, reference_keys = $5,"
        " updated_at = clock_timestamp() WHERE id = $1",
        order_id,
        document,
        asked.delivery.order_date,
        asked.delivery.document_type,
        entries.reference_keys(asked),
    )


async def retire_order(tx: Transaction, order_id: UUID) -> None:
    """Free an order's number: it was deleted, or another one takes its place."""
    await tx.execute("UPDATE orders SET current = false, updated_at = clock_timestamp() WHERE id = $1", order_id)


async def clock(tx: Transaction) -> datetime:
    """The time of day, which goes on while a transaction waits for its locks."""
    now: datetime = await tx.fetch_value("SELECT clock_timestamp()")
    return now
