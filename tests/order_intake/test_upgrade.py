"""A database of an earlier release is brought up to date with all that is in it."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import orjson
import uuid_utils.compat as uuid_utils

from order_intake import store
from order_intake.store import Wanted
from shared import schema
from shared.postgres import Database, Transaction
from tests import servers
from tests.order_intake.orders import SHOP, document

EIGHT = datetime(2026, 1, 2, 8, tzinfo=UTC)
MIGRATIONS = schema.migrations_of("order_intake")

PLACED = (
    document("A-1", references=[{"name": "SO", "value": "7"}]),
    document("A-2", orderDate="2026-01-02T08:00+20:00", metadata={"documentTyepe": "SalesOrder"}),
    document("A-3", orderDate="2026-01-02T08:00:00"),
)
"""As clients write them. PostgreSQL knows no offset of twenty hours, and takes a moment without one for its own."""

PARTS = (
    (0, 2, 0, "Delivered", [(5, 2, True)]),
    (0, 0, 5, "Cancelled", [(5, 0, True)]),
    (0, 0, 0, "Viewed", [(5, 0, False)]),
    (1, 1, 0, "Routed", [(3, 1, True), (1, 0, False)]),
    (0, 5, 0, "Delivered", [(5, 5, True)]),
)
"""What waits, was delivered and counted as cancelled of a row, its status, and its (quantity, delivered, closed)."""


@asynccontextmanager
async def upgraded_from(
    server: servers.Database, folder: Path, before: str, fill: Callable[[Transaction], Awaitable[None]]
) -> AsyncIterator[Database]:
    """The order book's database: filled with the migrations of some time, then brought up to date."""
    for file in MIGRATIONS.glob("*.sql"):
        if file.name[:4] <= before:
            shutil.copy(file, folder)
    async with servers.clone(server.dsn, "template1") as dsn:
        owner = await asyncpg.connect(dsn)
        name = await owner.fetchval("SELECT current_database()")
        await owner.execute(f"ALTER DATABASE {name} SET timezone = 'Europe/Helsinki'")
        await owner.close()
        await schema.migrate(dsn, "order_intake", folder)
        opened = await Database.connect(dsn, "order_intake")
        async with opened.transaction() as tx:
            await fill(tx)
        await opened.close()
        await schema.migrate(dsn, "order_intake", MIGRATIONS)
        opened = await Database.connect(dsn, "order_intake")
        yield opened
        await opened.close()


async def place(tx: Transaction) -> None:
    """Orders of before they could change."""
    for order in PLACED:
        await tx.execute(
            "INSERT INTO orders (id, retailer_id, external_id, posted, placed_at, updated_at)"
            " VALUES ($1, $2, $3, $4, now(), now())",
            *(uuid_utils.uuid7(), SHOP, order["externalId"], orjson.dumps(order)),
        )


async def route_once(tx: Transaction) -> None:
    """An order of when rows were routed once: five of each row were asked for, and `PARTS` of them shipped."""
    order = document("A-1", *(5 for _ in PARTS))
    order_id = uuid_utils.uuid7()
    await tx.execute(
        "INSERT INTO orders (id, retailer_id, external_id, posted, placed_at, updated_at, round, status)"
        " VALUES ($1, $2, $3, $4, now(), now(), 1, 'Viewed')",
        *(order_id, SHOP, order["externalId"], orjson.dumps(order)),
    )
    for number, (waiting, delivered, cancelled, status, parts) in enumerate(PARTS, start=1):
        await tx.execute(
            "INSERT INTO order_rows (order_id, external_id, retailer_id, position, quantity, waiting, delivered,"
            " cancelled, status) VALUES ($1, $2, $3, $4, 5, $5, $6, $7, $8)",
            *(order_id, str(number), SHOP, number, waiting, delivered, cancelled, status),
        )
        for quantity, sent, closed in parts:
            await tx.execute(
                "INSERT INTO row_parts (order_id, row_external_id, shipment_id, retailer_id, catalogue_id, quantity,"
                " delivered, status, closed, version, tracking_codes) VALUES ($1, $2, $3, $4, 'W1', $5, $6, $7, $8, 2,"
                " '{}')",
                *(order_id, str(number), uuid_utils.uuid7(), SHOP, quantity, sent, "Delivered" if closed else "Viewed"),
                closed,
            )


async def test_orders_of_before_are_found_by_what_they_say(postgres_server: servers.Database, tmp_path: Path) -> None:
    async with upgraded_from(postgres_server, tmp_path, "1001", place) as upgraded, upgraded.transaction() as tx:
        for wanted, found in (
            (Wanted(SHOP), ["A-1", "A-2", "A-3"]),
            (Wanted(SHOP, reference=("SO", "7")), ["A-1"]),
            (Wanted(SHOP, reference=("PO", "A-3")), ["A-3"]),
            (Wanted(SHOP, document_type="SalesOrder"), ["A-2"]),
            (Wanted(SHOP, dated_from=EIGHT, dated_to=EIGHT), ["A-3"]),
        ):
            assert sorted(await store.find_orders(tx, wanted, limit=9, offset=0)) == found


async def test_of_orders_of_before_what_was_not_delivered_is_not_coming(
    postgres_server: servers.Database, tmp_path: Path
) -> None:
    async with upgraded_from(postgres_server, tmp_path, "1011", route_once) as upgraded, upgraded.transaction() as tx:
        rows = await store.books(tx)
    assert [row.cancelled for row in rows] == [3, 5, 0, 2, 0]
    for row in rows:
        promised = sum(part.delivered if part.closed else part.quantity for part in row.parts)
        left = row.reserved + row.waiting + row.rerouting + row.unserved + row.cancelled
        assert promised + left == row.quantity
