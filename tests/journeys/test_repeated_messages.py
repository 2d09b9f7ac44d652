"""Messages that come twice."""

from collections import Counter
from typing import Any

from deploy.local import services
from shared.contracts import (
    AllocateOrder,
    OrderAllocated,
    OrderPlaced,
    OrderRouted,
    ShipmentChanged,
    ShipmentCreated,
)
from tests import builders
from tests.journeys import metrics, records
from tests.journeys.records import Said
from tests.journeys.world import World, row

OF_AN_ORDER = (OrderPlaced, AllocateOrder, OrderAllocated, OrderRouted, ShipmentCreated, ShipmentChanged)


async def delivered(world: World) -> str:
    """The number of an order of which everything has been said: routed, mailed, delivered in part."""
    await world.warehouse("tampere", {"boots": 5})
    number = await world.place(row("boots", 3))
    await world.order(number, "orderRouted")
    [shipment] = await world.supplier.shipments()
    await world.mails_to(world.supplier, 1)
    parcel = {"parcelId": "1", "rows": [{"externalId": "1", "deliveredQuantity": 2}]}
    await world.supplier.change_shipment(shipment, status={"value": "Delivered"}, consignment={"parcels": [parcel]})
    await world.order(number, "Delivered")
    await world.running.settled()
    return number


async def said_of_it(world: World) -> list[Said]:
    """Every message about the order."""
    [shipment] = await world.supplier.shipments()
    said = await records.said_of(world.running, shipment["shipmentId"])
    assert {one.topic for one in said} == {message.topic for message in OF_AN_ORDER}
    return said


async def all_that_is_seen(world: World, number: str) -> tuple[Any, ...]:
    """The order as everybody sees it."""
    return (
        await world.order(number, "Delivered"),
        await world.routing(number),
        await world.supplier.shipments(),
        await world.stock_at("tampere"),
        await world.mails_to(world.supplier),
    )


async def test_the_same_messages_again_change_nothing(world: World) -> None:
    number = await delivered(world)
    seen, said = await all_that_is_seen(world, number), await said_of_it(world)
    receivers = services.receivers()
    expected = Counter((service.name, one.topic) for one in said for service in receivers[one.topic])
    before = await metrics.counted(world, "sluice_messages_taken", "repeated")
    await records.publish(world.running, [one.record for one in said])
    await builders.eventually(
        lambda: metrics.counted(world, "sluice_messages_taken", "repeated"), lambda now: now - before == expected
    )
    await world.running.settled()
    assert await all_that_is_seen(world, number) == seen


async def test_the_same_said_again_under_new_ids_changes_nothing(world: World) -> None:
    number = await delivered(world)
    seen, said = await all_that_is_seen(world, number), await said_of_it(world)
    again = [one.again() for one in said]
    await records.publish(world.running, [one.record for one in again])
    for topic, receivers in services.receivers().items():
        ids = {one.message_id for one in again if one.topic == topic}
        for receiver in receivers:
            await records.until_taken(world.running, receiver.name, ids)
    await world.running.settled()
    assert await all_that_is_seen(world, number) == seen
