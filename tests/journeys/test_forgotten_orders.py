"""An order that ended long ago is forgotten in every service, and all that is left adds up."""

from order_intake import forgetting
from tests.journeys.world import World, row


async def forget(world: World) -> None:
    """Long after everything that has ended has ended."""
    await forgetting.forget(world.running.databases["order-intake"], 0)
    await world.running.settled()


async def counted(world: World, service: str, sql: str) -> int:
    """What a service counts of the world's orders."""
    async with world.running.databases[service].transaction() as tx:
        count: int = await tx.fetch_value(sql, world.retailer.id)
    return count


async def test_what_is_delivered_is_forgotten_everywhere_and_what_is_open_stays(world: World) -> None:
    await world.warehouse("tampere", {"boots": 10})
    ended = await world.place(row("boots", 3))
    await world.order(ended, "orderRouted")
    [shipment] = await world.supplier.shipments()
    await world.supplier.move(shipment, "Delivered")
    await world.order(ended, "Delivered")
    on_its_way = await world.place(row("boots", 4))
    await world.order(on_its_way, "orderRouted")
    await world.running.settled()

    await forget(world)
    assert (await world.retailer.ask("GET", f"/v2/orders/order/{ended}")).status_code == 404
    assert (await world.retailer.ask("GET", f"/ecommerce/v3/orders/{ended}/routing")).status_code == 404
    assert [one["consignment"]["reference"] for one in await world.supplier.shipments()] == [on_its_way]
    assert await world.stock_at("tampere") == {"boots": (3, 4)}
    assert await counted(world, "router", "SELECT count(*) FROM routes WHERE retailer_id = $1") == 1
    assert await counted(world, "inventory", "SELECT count(*) FROM settlements WHERE retailer_id = $1") == 1
    assert await counted(world, "notifier", "SELECT count(*) FROM mails WHERE retailer_id = $1") == 1

    await world.retailer.put("/v2/orders", world.document(row("boots", 2)) | {"externalId": ended})
    assert (await world.order(ended, "orderRouted"))["rows"][0]["quantity"] == 2
    await world.running.settled()
    assert await world.stock_at("tampere") == {"boots": (1, 6)}
