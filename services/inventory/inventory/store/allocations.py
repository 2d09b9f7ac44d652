"""Promises and the answers that were given. Whoever changes a promise has locked its balance before."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from inventory.domain import Key, Promise
from shared import postgres
from shared.contracts import OrderAllocated
from shared.postgres import Transaction

OrderRound = tuple[UUID, int]
AllocationKey = tuple[UUID, str, int]
"""Order, row, balance."""


class Allocation(NamedTuple):
    """A promise with the place it was made from: catalogue and product. It moves stock as long as it is `counted`."""

    key: AllocationKey
    place: tuple[str, str]
    promise: Promise
    counted: bool


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


async def save_allocations(tx: Transaction, takings: Iterable[tuple[UUID, str, int, Decimal]]) -> None:
    """Note what rows took: order, row, balance, quantity."""
    await tx.execute(
        "INSERT INTO allocations (order_id, row_id, balance_id, quantity)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::numeric[])",
        *postgres.columns(takings, 4),
    )


async def allocations_of(tx: Transaction, keys: Iterable[AllocationKey]) -> dict[AllocationKey, tuple[Promise, bool]]:
    """The promises of these rows from these balances, and whether each counts."""
    rows = await tx.fetch(
        "SELECT order_id, row_id, balance_id, trim_scale(quantity) AS quantity, delivered, returned,"
        " shipment_version, counted"
        " FROM allocations JOIN unnest($1::uuid[], $2::text[], $3::bigint[]) AS asked (order_id, row_id, balance_id)"
        " USING (order_id, row_id, balance_id)",
        *postgres.columns(keys, 3),
    )
    return {
        (row["order_id"], row["row_id"], row["balance_id"]): (
            Promise(row["quantity"], row["delivered"], row["returned"], row["shipment_version"]),
            row["counted"],
        )
        for row in rows
    }


async def lock_for_release(tx: Transaction, order_ids: Iterable[UUID], keys: Iterable[Key]) -> None:
    """Lock the balances that orders were promised from, and these others, all in the one order of their ids."""
    await tx.execute(
        "SELECT FROM balances WHERE id IN (SELECT balance_id FROM allocations WHERE order_id = ANY($1::uuid[])"
        " UNION SELECT b.id FROM unnest($2::text[], $3::text[], $4::text[])"
        " AS asked (retailer_id, catalogue_id, product_id)"
        " JOIN balances b USING (retailer_id, catalogue_id, product_id)) ORDER BY id FOR UPDATE",
        list(order_ids),
        *postgres.columns(keys, 3),
    )


async def allocations_of_orders(tx: Transaction, order_ids: Iterable[UUID]) -> list[Allocation]:
    """All promises of orders, open or settled, locked: some may have been made after their balances were looked for."""
    rows = await tx.fetch(
        "SELECT a.order_id, a.row_id, a.balance_id, b.catalogue_id, b.product_id, trim_scale(a.quantity) AS quantity,"
        " a.delivered, a.returned, a.shipment_version, a.counted"
        " FROM allocations a JOIN balances b ON b.id = a.balance_id WHERE a.order_id = ANY($1::uuid[])"
        " ORDER BY a.balance_id, a.order_id, a.row_id FOR UPDATE OF a",
        list(order_ids),
    )
    return [
        Allocation(
            (row["order_id"], row["row_id"], row["balance_id"]),
            (row["catalogue_id"], row["product_id"]),
            Promise(row["quantity"], row["delivered"], row["returned"], row["shipment_version"]),
            row["counted"],
        )
        for row in rows
    ]


async def settle_allocations(tx: Transaction, settled: Mapping[AllocationKey, Promise]) -> None:
    """Note what was delivered and returned of these promises."""
    await tx.execute(
        "UPDATE allocations SET delivered = news.delivered, returned = news.returned, shipment_version = news.version"
        " FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::numeric[], $5::numeric[], $6::int[])"
        " AS news (order_id, row_id, balance_id, delivered, returned, version)"
        " WHERE allocations.order_id = news.order_id AND allocations.row_id = news.row_id"
        " AND allocations.balance_id = news.balance_id",
        *postgres.columns(
            ((*key, promise.delivered, promise.returned, promise.version) for key, promise in settled.items()), 6
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
