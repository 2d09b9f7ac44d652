"""Writing new orders into the book."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from order_intake import domain
from shared import postgres
from shared.contracts import OrderPlaced
from shared.postgres import Transaction


@dataclass(frozen=True)
class Entry:
    """An order to be written into the book, with the body it was posted with, and the document where that differs."""

    placed: OrderPlaced
    posted: bytes
    document: bytes | None = None


async def insert_orders(tx: Transaction, entries: Sequence[Entry]) -> set[UUID]:
    """Insert orders with their documents in one fixed order; return the ids of those whose external id was free."""
    in_order = sorted(entries, key=lambda entry: (entry.placed.retailer_id, entry.placed.external_id))
    rows = await tx.fetch(
        "INSERT INTO orders (id, retailer_id, external_id, posted, document, placed_at, updated_at, held, order_date,"
        " document_type, reference_keys, catalogues)"
        " SELECT id, retailer_id, external_id, posted, document, placed_at, placed_at, held, order_date, document_type,"
        " ARRAY(SELECT jsonb_array_elements_text(reference_keys)), ARRAY(SELECT jsonb_array_elements_text(catalogues))"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::timestamptz[], $7::bool[],"
        " $8::timestamptz[], $9::text[], $10::jsonb[], $11::jsonb[])"
        " AS new (id, retailer_id, external_id, posted, document, placed_at, held, order_date, document_type,"
        " reference_keys, catalogues)"
        " ON CONFLICT (retailer_id, external_id) WHERE current DO NOTHING RETURNING id",
        *postgres.columns(
            (
                (
                    *(entry.placed.order_id, entry.placed.retailer_id, entry.placed.external_id, entry.posted),
                    *(entry.document, entry.placed.placed_at, entry.placed.held, entry.placed.delivery.order_date),
                    *(entry.placed.delivery.document_type, orjson.dumps(reference_keys(entry.placed))),
                    orjson.dumps(domain.catalogues_asked_for(entry.placed)),
                )
                for entry in in_order
            ),
            11,
        ),
    )
    return {row["id"] for row in rows}


async def insert_rows(tx: Transaction, orders: Sequence[OrderPlaced]) -> None:
    """Insert the rows of orders."""
    await tx.execute(
        "INSERT INTO order_rows (order_id, external_id, retailer_id, position, quantity)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::numeric[])",
        *postgres.columns(
            (
                (order.order_id, row.external_id, order.retailer_id, position, row.quantity)
                for order in orders
                for position, row in enumerate(order.rows)
            ),
            5,
        ),
    )


def reference_keys(placed: OrderPlaced) -> list[str]:
    """Under what an order's references are found: name, tab, value.

    Without any the order's number serves as both (glue-api.md A.12).
    """
    references = {f"{reference.name}\t{reference.value}": None for reference in placed.delivery.references}
    return list(references) or [f"{name}\t{placed.external_id}" for name in ("PO", "SO")]
