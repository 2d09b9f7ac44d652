"""What growth is measured on: copies that belong together as what they were copied from does."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from bench import filling


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database of the test's own, as the one who owns all of it."""
    opened = await asyncpg.connect(database)
    yield opened
    await opened.close()


async def test_every_table_that_is_filled_is_there_and_can_be_copied(connection: asyncpg.Connection) -> None:
    for copied in (*filling.OF_ORDERS, *filling.OF_PRODUCTS, *filling.OF_MESSAGES):
        await connection.prepare(await filling.statement_of(connection, copied))


async def test_a_copied_order_has_its_own_number_and_its_own_rows(connection: asyncpg.Connection) -> None:
    order = uuid4()
    await connection.execute(
        "INSERT INTO order_intake.orders (id, retailer_id, external_id, posted, placed_at, updated_at)"
        " VALUES ($1, 'shop', 'A-1', '', now(), now())",
        order,
    )
    await connection.execute(
        "INSERT INTO order_intake.order_rows (order_id, external_id, retailer_id, position, quantity)"
        " VALUES ($1, '1', 'shop', 1, 2), ($1, '2', 'shop', 2, 3)",
        order,
    )
    orders: list[UUID] = [order]
    for copied in filling.OF_ORDERS[:2]:
        await connection.execute(await filling.statement_of(connection, copied), orders, 1, 2)
    rows = await connection.fetch(
        "SELECT o.external_id, array_agg(r.external_id ORDER BY r.position) AS rows FROM order_intake.orders o"
        " JOIN order_intake.order_rows r ON r.order_id = o.id GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row.values()) for row in rows] == [(number, ["1", "2"]) for number in ("A-1", "A-1.1", "A-1.2")]
