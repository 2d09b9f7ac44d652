"""Promises that cannot be kept where they were made: rejected, unanswered or counted away, they go to somebody else."""

from typing import Any

from tests import builders
from tests.journeys.world import World, routed, row, status_of

BALANCES = "/ecommerce/v3/inventory/balances"


async def two_warehouses(world: World, first: float, second: float, **terms: Any) -> Any:
    """Two suppliers' warehouses with boots; the second supplier. `terms` are the first catalogue's."""
    other = await world.party("supplier", "Other")
    await world.warehouse("tampere", {"boots": first}, **terms)
    await world.warehouse("oulu", {"boots": second}, supplier=other)
    return other


async def served(world: World, number: str, parts: dict[str, float]) -> dict[str, Any]:
    """The order once its row is where it should be."""
    return await builders.eventually(
        lambda: world.retailer.get(f"/v2/orders/order/{number}"), lambda order: routed(order) == [parts]
    )


async def causes(world: World, number: str) -> list[str]:
    """What has happened to an order after it was decided."""
    return [entry["cause"] for entry in (await world.routing(number))["history"]]


async def test_an_order_for_17_over_two_catalogues_with_12_and_9_goes_as_12_and_5(world: World) -> None:
    other = await two_warehouses(world, 12, 9)
    number = await world.place(row("boots", 17))
    assert routed(await world.order(number)) == [{"tampere": 12, "oulu": 5}]
    await world.running.settled()
    assert [s["consignment"]["rows"][0]["quantity"] for s in await other.shipments()] == [5]
    assert await world.stock_at("oulu") == {"boots": (4, 5)}


async def test_what_a_supplier_rejects_goes_to_the_next_one(world: World) -> None:
    other = await two_warehouses(world, 5, 5)
    number = await world.place(row("boots", 3))
    await world.order(number)
    [made] = await world.supplier.shipments()
    await world.supplier.move(made, "Cancelled")
    await served(world, number, {"tampere": 3, "oulu": 3})
    # A shipment may be heard of before its order's routing is; until then the order is still Accepted.
    await world.order(number, "orderRouted")
    await world.running.settled()
    assert await world.stock_at("tampere") == {"boots": (5, 0)}
    assert await world.stock_at("oulu") == {"boots": (2, 3)}
    [moved] = await other.shipments()
    await other.move(moved, "Delivered")
    assert status_of(await world.order(number, "Delivered")) == "Delivered"
    assert any("rejected by tampere" in cause for cause in await causes(world, number))


async def test_what_everybody_rejects_is_not_coming_and_says_so(world: World) -> None:
    await two_warehouses(world, 5, 0)
    number = await world.place(row("boots", 3))
    await world.order(number, "orderRouted")
    [made] = await world.supplier.shipments()
    await world.supplier.move(made, "Cancelled")
    order = await world.order(number, "Cancelled")
    assert (order["rows"][0]["cancelledQuantity"], order["rows"][0]["toBeRoutedQuantity"]) == (3, 0)
    assert order["rows"][0]["reason"] == "no stock"


async def test_what_nobody_has_is_listed_and_tried_again_when_stock_comes(world: World) -> None:
    await two_warehouses(world, 0, 0)
    number = await world.place(row("boots", 3))
    await world.order(number, "Unroutable")
    listed = await world.retailer.get("/ecommerce/v3/orders", status="Unroutable")
    assert [found["externalId"] for found in listed["content"]] == [number]
    assert listed["content"][0]["rows"][0]["reason"] == "no stock"
    await world.warehouse("turku", {"boots": 4})
    assert routed(await world.order(number, "orderRouted")) == [{"turku": 3}]
    assert await causes(world, number) == ["decided again: before, nobody could serve it"]


async def test_what_a_supplier_does_not_have_after_all_is_sent_by_the_next_one(world: World) -> None:
    other = await two_warehouses(world, 5, 5)
    number = await world.place(row("boots", 5))
    await world.order(number)
    [made] = await world.supplier.shipments()
    rows = [{"itemId": "boots", "deliveredQuantity": 3}]
    await world.supplier.change_shipment(
        made, status={"value": "Delivered"}, consignment={"parcels": [{"parcelId": "1", "rows": rows}]}
    )
    [rest] = await builders.eventually(other.shipments, lambda found: len(found) == 1)
    assert rest["consignment"]["rows"][0]["quantity"] == 2
    await other.move(rest, "Delivered")
    order = await world.order(number, "Delivered")
    assert order["rows"][0]["deliveredQuantity"] == 5
    await world.running.settled()
    assert (await world.stock_at("tampere"), await world.stock_at("oulu")) == ({"boots": (2, 0)}, {"boots": (3, 0)})


async def test_a_supplier_who_is_silent_is_reminded_and_then_loses_the_shipment(world: World) -> None:
    # Some seconds are all it has; the reminder comes at half time.
    other = await two_warehouses(world, 5, 5, acceptanceHours=0.001)
    number = await world.place(row("boots", 3))
    await served(world, number, {"tampere": 3, "oulu": 3})
    [late] = await world.supplier.shipments()
    assert late["status"]["value"] == "Cancelled"
    answer = await world.supplier.ask(
        "PATCH", f"/ecommerce/v3/shipments/{late['shipmentId']}", {"status": {"value": "Viewed"}}
    )
    assert answer.status_code == 409
    assert "in time" in answer.text
    log = await builders.eventually(
        lambda: world.supplier.get("/ecommerce/v3/notifications"),
        lambda log: [mail["state"] for mail in log["content"] if mail["kind"] == "cancelled"] == ["sent"],
    )
    # A reminder that had not gone by then does not go any more.
    assert sorted(mail["kind"] for mail in log["content"]) == ["cancelled", "new-shipment", "reminder"]
    assert len(await builders.eventually(other.shipments, lambda found: len(found) == 1)) == 1


async def test_of_60_on_hand_with_45_promised_and_counted_again_as_33_twelve_move(world: World) -> None:
    other = await two_warehouses(world, 60, 100)
    orders = [await world.place(row("boots", 15)) for _ in range(3)]
    for number in orders:
        assert routed(await world.order(number)) == [{"tampere": 15}]
    change = {"productExternalId": "boots", "catalogExternalId": "tampere", "retailerId": world.retailer.id}
    assert await world.supplier.put(BALANCES, [change | {"onHand": 33}]) == []
    await served(world, orders[2], {"tampere": 3, "oulu": 12})
    await world.running.settled()
    assert await world.stock_at("tampere") == {"boots": (0, 33)}
    assert await world.stock_at("oulu") == {"boots": (88, 12)}
    shipped = [s["consignment"]["rows"][0]["quantity"] for s in await world.supplier.shipments()]
    assert sorted(shipped) == [3, 15, 15]
    assert [s["consignment"]["rows"][0]["quantity"] for s in await other.shipments()] == [12]
    for number in orders[:2]:
        assert routed(await world.retailer.get(f"/v2/orders/order/{number}")) == [{"tampere": 15}]
    assert any("counted" in cause for cause in await causes(world, orders[2]))
