"""What the router keeps of orders that ended long ago goes with them, and nothing else does."""

from uuid import UUID

from router import handlers
from router.domain import Shipment
from shared.contracts import OrderForgotten
from tests.router.conftest import Router

TABLES = {"routes": "order_id", "shipments": "order_id", "unserved_rows": "order_id"}


async def forget(router: Router, *order_ids: UUID) -> None:
    """The order book has forgotten these orders."""
    async with router.database.transaction() as tx:
        await handlers.forget_orders([OrderForgotten(order_id=order_id) for order_id in order_ids], tx)


async def kept(router: Router) -> dict[str, set[UUID]]:
    """The orders of which something is kept, by table."""
    async with router.database.transaction() as tx:
        return {
            table: {row["id"] for row in await tx.fetch(f"SELECT {column} AS id FROM {table}")}
            for table, column in TABLES.items()
        }


async def close(router: Router, *shipments: Shipment) -> None:
    """Their supplier has delivered them."""
    async with router.database.transaction() as tx:
        await tx.execute(
            "UPDATE shipments SET status = 'Delivered' WHERE id = ANY($1::uuid[])",
            [one.shipment_id for one in shipments],
        )


async def test_an_order_goes_with_its_shipments_and_rows_and_leaves_the_others(
    router: Router, shipments: list[Shipment]
) -> None:
    old, *others = dict.fromkeys(one.order_id for one in shipments)
    await close(router, *(one for one in shipments if one.order_id == old))
    async with router.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO unserved_rows (order_id, row_id, retailer_id, placed_at, product_id, quantity, barred)"
            " VALUES ($1, '9', 'shop', now(), 'HAT', 1, '{}')",
            old,
        )
        await tx.execute("INSERT INTO early_news (order_id, topic, document) VALUES ($1, 't', '')", old)
    await forget(router, old)
    await forget(router, old)
    assert await kept(router) == {"routes": set(others), "shipments": set(others), "unserved_rows": set()}
    async with router.database.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM early_news") == 0
        rows = await tx.fetch("SELECT DISTINCT shipment_id AS id FROM shipment_rows")
    assert {row["id"] for row in rows} == {one.shipment_id for one in shipments if one.order_id != old}


async def test_an_order_with_an_open_shipment_is_kept_whoever_forgot_it(
    router: Router, shipments: list[Shipment]
) -> None:
    orders = {one.order_id for one in shipments}
    await close(router, *(one for one in shipments if one.catalogue_id == "W1"))
    half_open = next(one.order_id for one in shipments if one.catalogue_id == "W2")
    await forget(router, *orders)
    assert await kept(router) == {"routes": {half_open}, "shipments": {half_open}, "unserved_rows": set()}


async def test_an_order_that_inventory_has_still_to_answer_is_kept(router: Router, shipments: list[Shipment]) -> None:
    await close(router, *shipments)
    order = shipments[0].order_id
    async with router.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO asks (order_id, round, retailer_id, retry, document, asked_at)"
            " VALUES ($1, 2, 'shop', false, '', now())",
            order,
        )
    await forget(router, order)
    assert order in (await kept(router))["routes"]
