"""Orders wait for nobody's word but that of the two sides of a catalogue."""

from tests.journeys.world import World, routed, row, status_of, verdicts

PUBLIC = "/ecommerce/v3/catalogs/everything"


async def test_a_shop_orders_from_a_public_catalogue_from_its_approval_to_its_withdrawal(world: World) -> None:
    await world.supplier.put(PUBLIC, {"public": True})
    balances = [{"catalogExternalId": "everything", "quantity": 5}]
    assert (
        await world.supplier.put(
            "/ecommerce/v3/inventory", [{"product": {"externalId": "boots"}, "balances": balances}]
        )
        == []
    )
    offered = await world.retailer.get("/ecommerce/v3/catalogs", role="RETAILER", public="true")
    assert world.supplier.id in [one["supplierId"] for one in offered["content"]]
    await world.retailer.put(f"{PUBLIC}/activation", {"supplierId": world.supplier.id, "priority": 1})
    await world.supplier.put(f"{PUBLIC}/activation", {"state": "active", "retailerId": world.retailer.id})
    await world.running.settled()
    assert routed(await world.order(await world.place(row("boots", 2)))) == [{"everything": 2}]
    assert await world.stock_at("everything") == {"boots": (3, 2)}
    [shipment] = await world.supplier.shipments()
    assert [(r["itemId"], r["externalWarehouseId"]) for r in shipment["consignment"]["rows"]] == [
        ("boots", "everything")
    ]
    answer = await world.supplier.ask("DELETE", f"{PUBLIC}/activation", {"retailerId": world.retailer.id})
    assert answer.status_code == 200
    await world.running.settled()
    late = await world.place(row("boots", 1))
    assert status_of(await world.order(late)) == "Unroutable"
    assert verdicts(await world.routing(late)) == [{"everything": "inactive"}]
    await world.supplier.move(shipment, "Delivered")
    await world.running.settled()


async def test_a_supplier_that_declined_gets_no_order_until_it_changes_its_mind(world: World) -> None:
    await world.warehouse("tampere", {"boots": 5})
    own = "/ecommerce/v3/catalogs/tampere"
    await world.retailer.ask("DELETE", f"{own}/activation")
    await world.retailer.put(own, {"active": True})
    await world.supplier.put(f"{own}/activation", {"state": "declined"})
    await world.running.settled()
    assert status_of(await world.order(await world.place(row("boots", 1)))) == "Unroutable"
    await world.supplier.put(f"{own}/activation", {"state": "active"})
    await world.running.settled()
    assert routed(await world.order(await world.place(row("boots", 1)))) == [{"tampere": 1}]
