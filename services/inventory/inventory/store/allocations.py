"""Promises and the answers that were given. Whoever changes a promise has locked its balance before."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from inventory.domain import Key, Promise
from shared import postgres
from shared.contracts import OrderAllocated
from shared.postgres import Record, Transaction

OrderRound = tuple[UUID, int]
AllocationKey = tuple[UUID, str, int, int]
"""Order, row, balance, lot."""


class Allocation(NamedTuple):
    """A promise with the place it was made from: catalogue and product. It moves stock as long as it is `counted`."""

    key: AllocationKey
    place: tuple[str, str]
    promise: Promise
    counted: bool


class NewPromise(NamedTuple):
    """What a row of an order takes from a balance in a lot, and when its order was placed."""

    order_id: UUID
    row_id: str
    balance_id: int
    lot: int
    quantity: Decimal
    placed_at: datetime


async def settlements_of(tx: Transaction, asked: Iterable[OrderRound]) -> dict[OrderRound, OrderAllocated]:
    """The answers already given to these rounds of these orders."""
    rows = await tx.fetch(
        "SELECT order_id, round, answer FROM settlements"
        " JOIN unnest($1::uuid[], $2::int[]) AS asked (order_id, round) USING (order_id, round)",
        *postgres.columns(asked, 2),
    )
    return {(row["order_id"], row["round"]): OrderAllocated.model_validate_json(row["answer"]) for row in rows}


async def save_settlements(tx: Transaction, answers: Iterable[tuple[str, OrderAllocated]]) -> None:
    """Note the answers, each with its order's retailer. Raises asyncpg's UniqueViolationError if one is there."""
    await tx.execute(
        "INSERT INTO settlements (order_id, round, retailer_id, answer)"
        " SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bytea[]) ORDER BY 1, 2",
        *postgres.columns(
            (
                (answer.order_id, answer.round, retailer_id, answer.model_dump_json(exclude_defaults=True).encode())
                for retailer_id, answer in answers
            ),
            4,
        ),
    )


async def save_allocations(tx: Transaction, takings: Iterable[NewPromise]) -> None:
    """Note what rows took."""
    await tx.execute(
        "INSERT INTO allocations (order_id, row_id, balance_id, lot, quantity, placed_at)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::numeric[], $6::timestamptz[])",
        *postgres.columns(takings, 6),
    )


async def allocations_of(tx: Transaction, keys: Iterable[AllocationKey]) -> dict[AllocationKey, tuple[Promise, bool]]:
    """The promises of these rows from these balances in these lots, and whether each counts."""
    rows = await tx.fetch(
        f"SELECT {PROMISE}"  # noqa: S608
        " FROM allocations a JOIN unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[])"
        " AS asked (order_id, row_id, balance_id, lot) USING (order_id, row_id, balance_id, lot)",
        *postgres.columns(keys, 4),
    )
    return {_key(row): (_promise(row), row["counted"]) for row in rows}


async def lock_for_release(
    tx: Transaction, order_ids: Iterable[UUID], keys: Iterable[Key], hold_ids: Iterable[UUID] = ()
) -> None:
    """Lock all balances that orders were promised from or wait for, those of holds, and these others, in the one order
    of their ids."""
    await tx.execute(
        "SELECT FROM balances WHERE id IN (SELECT balance_id FROM allocations WHERE order_id = ANY($1::uuid[])"
        " UNION SELECT p.balance_id FROM waiting w JOIN waiting_places p ON p.waiting_id = w.id"
        " WHERE w.order_id = ANY($1::uuid[])"
        " UNION SELECT b.id FROM unnest($2::text[], $3::text[], $4::text[])"
        " AS asked (retailer_id, catalogue_id, product_id)"
        " JOIN balances b USING (retailer_id, catalogue_id, product_id)"
        " UNION SELECT balance_id FROM hold_lines WHERE hold_id = ANY($5::uuid[])) ORDER BY id FOR UPDATE",
        list(order_ids),
        *postgres.columns(keys, 3),
        list(hold_ids),
    )


async def allocations_of_orders(tx: Transaction, order_ids: Iterable[UUID]) -> list[Allocation]:
    """All promises of orders, open or settled, locked: some may have been made after their balances were looked for."""
    rows = await tx.fetch(
        f"SELECT {PROMISE}, b.catalogue_id, b.product_id"  # noqa: S608
        " FROM allocations a JOIN balances b ON b.id = a.balance_id WHERE a.order_id = ANY($1::uuid[])"
        " ORDER BY a.balance_id, a.order_id, a.row_id, a.lot FOR UPDATE OF a",
        list(order_ids),
    )
    return [
        Allocation(_key(row), (row["catalogue_id"], row["product_id"]), _promise(row), row["counted"]) for row in rows
    ]


PROMISE = (
    "a.order_id, a.row_id, a.balance_id, a.lot, trim_scale(a.quantity) AS quantity, a.delivered, a.returned,"
    " a.shipment_version, a.withdrawn, a.released, a.counted"
)
"""What is read of `allocations a`."""


def _key(row: Record) -> AllocationKey:
    return row["order_id"], row["row_id"], row["balance_id"], row["lot"]


def _promise(row: Record) -> Promise:
    return Promise(
        row["quantity"], row["delivered"], row["returned"], row["shipment_version"], row["withdrawn"], row["released"]
    )


async def settle_allocations(tx: Transaction, settled: Mapping[AllocationKey, Promise]) -> None:
    """Note what became of these promises, and when more of one was delivered."""
    await tx.execute(
        "UPDATE allocations SET quantity = news.quantity, delivered = news.delivered, returned = news.returned,"
        " shipment_version = news.version, withdrawn = news.withdrawn, released = news.released,"
        " delivered_at = CASE WHEN news.delivered > allocations.delivered THEN now() ELSE delivered_at END"
        " FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::numeric[], $6::numeric[], $7::numeric[],"
        " $8::int[], $9::numeric[], $10::numeric[]) AS news (order_id, row_id, balance_id, lot, quantity, delivered,"
        " returned, version, withdrawn, released)"
        " WHERE allocations.order_id = news.order_id AND allocations.row_id = news.row_id"
        " AND allocations.balance_id = news.balance_id AND allocations.lot = news.lot",
        *postgres.columns(
            (
                (
                    *key,
                    promise.quantity,
                    promise.delivered,
                    promise.returned,
                    promise.version,
                    promise.withdrawn,
                    promise.released,
                )
                for key, promise in settled.items()
            ),
            10,
        ),
    )


async def release_allocations(tx: Transaction, balance_ids: list[int]) -> dict[int, Decimal]:
    """Let the open promises from these balances count no longer; how much of `supplied` goes with them, by balance."""
    rows = await tx.fetch(
        "WITH released AS (UPDATE allocations SET counted = false"
        " WHERE balance_id = ANY($1::bigint[]) AND counted AND delivered + returned < quantity"
        " RETURNING balance_id, quantity - returned AS gone)"
        " SELECT balance_id, sum(gone) AS gone FROM released GROUP BY balance_id",
        balance_ids,
    )
    return {row["balance_id"]: row["gone"] for row in rows}
