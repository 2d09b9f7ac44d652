"""What a shop is answered when it says something twice, wrongly, or about somebody else's order."""

from tests.journeys.world import World, row


async def test_an_order_placed_twice_is_one_order(world: World) -> None:
    await world.warehouse("tampere", {"boots": 5})
    order = world.document(row("boots", 2))
    await world.retailer.put("/v2/orders", order)
    shown = await world.order(order["externalId"], "orderRouted")
    assert await world.retailer.put("/v2/orders", order) == shown
    await world.running.settled()
    assert await world.stock_at("tampere") == {"boots": (3, 2)}
    assert len(await world.supplier.shipments()) == 1


async def test_another_order_with_the_number_of_one_is_a_conflict(world: World) -> None:
    await world.warehouse("tampere", {"boots": 5})
    order = world.document(row("boots", 2))
    await world.retailer.put("/v2/orders", order)
    answer = await world.retailer.ask("PUT", "/v2/orders", order | {"rows": [{"externalId": "1", **row("boots", 3)}]})
    assert answer.status_code == 409
    assert (await world.order(order["externalId"]))["rows"][0]["quantity"] == 2


async def test_three_wrong_fields_are_named_together_and_nothing_is_kept(world: World) -> None:
    wrong = world.document(row("boots", 0), {"quantity": 1}, currency="EURO")
    answer = await world.retailer.ask("PUT", "/v2/orders", wrong)
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {
        "rows[0].quantity",
        "rows[1].externalProductId",
        "currency",
    }
    assert (await world.retailer.ask("GET", f"/v2/orders/order/{wrong['externalId']}")).status_code == 404


async def test_an_order_and_its_shipments_are_shown_to_those_who_have_to_do_with_it_only(world: World) -> None:
    stranger, rival = await world.party("retailer", "Stranger"), await world.party("supplier", "Rival")
    await world.warehouse("tampere", {"boots": 5})
    number = await world.place(row("boots", 2))
    await world.order(number, "orderRouted")
    [shipment] = await world.supplier.shipments()
    path = f"/ecommerce/v3/shipments/{shipment['shipmentId']}"
    assert (await world.retailer.get(path))["consignment"]["reference"] == number
    for caller in (stranger, rival):
        assert (await caller.ask("GET", path)).status_code == 404
        assert await caller.shipments() == []
    assert (await rival.ask("PATCH", path, {"status": {"value": "Cancelled"}})).status_code == 404
    assert (await world.retailer.ask("PATCH", path, {"status": {"value": "Cancelled"}})).status_code == 403
    assert (await stranger.ask("GET", f"/v2/orders/order/{number}")).status_code == 404
    assert (await stranger.ask("GET", f"/ecommerce/v3/orders/{number}/routing")).status_code == 404
    assert (await world.supplier.ask("GET", f"/v2/orders/order/{number}")).status_code == 403
    assert (await world.client.get(path)).status_code == 401
