"""What is not there yet: who waits, who gets what comes, and what a shop sees of it."""

from typing import Any

from tests import builders
from tests.journeys.world import Caller, World, routed, row, status_of

BACKORDERS = "/ecommerce/v3/inventory/backorders"


async def arrives(world: World, warehouse: str, product: str, units: float, *, at: Caller | None = None) -> None:
    """A supplier books units that have come, and everybody has heard of it."""
    change = {"productExternalId": product, "catalogExternalId": warehouse, "retailerId": world.retailer.id}
    keeper = at or world.supplier
    assert await keeper.put("/ecommerce/v3/inventory/balances", [change | {"adjust": units}]) == []
    await world.running.settled()


async def waits(world: World, number: str) -> dict[str, Any]:
    """An order that is decided and has all its stock to wait for."""
    return await builders.eventually(
        lambda: world.retailer.get(f"/v2/orders/order/{number}"),
        lambda order: order["rows"][0].get("reason") is None and order["rows"][0]["toBeRoutedQuantity"] > 0,
    )


async def line(world: World) -> list[tuple[str, float, int]]:
    """Who waits: order, quantity, position."""
    listed = (await world.retailer.get(BACKORDERS))["content"]
    return [(entry["orderExternalId"], entry["quantity"], entry["position"]) for entry in listed]


async def test_of_two_orders_that_wait_for_6_and_3_the_older_one_gets_the_4_that_come(world: World) -> None:
    await world.warehouse("tampere", {"boots": 0}, backOrderAllowed=True)
    older = await world.place(row("boots", 6, backOrder=True))
    await world.running.settled()
    younger = await world.place(row("boots", 3, backOrder=True))
    await world.running.settled()
    assert (await world.routing(older))["outcome"] == "backordered"
    assert await line(world) == [(older, 6, 1), (younger, 3, 2)]
    await arrives(world, "tampere", "boots", 4)
    assert routed(await world.order(older, "orderRouted")) == [{"tampere": 4}]
    assert (await world.order(older, "orderRouted"))["rows"][0]["toBeRoutedQuantity"] == 2
    assert routed(await waits(world, younger)) == [{}]
    assert await line(world) == [(older, 2, 1), (younger, 3, 2)]
    assert await world.stock_at("tampere") == {"boots": (0, 4)}
    assert [entry["cause"] for entry in (await world.routing(older))["history"]] == ["filled: 4 from tampere"]
    await arrives(world, "tampere", "boots", 9)
    assert routed(await world.order(younger, "orderRouted")) == [{"tampere": 3}]
    assert await line(world) == []
    assert await world.stock_at("tampere") == {"boots": (4, 9)}
    shipped = [one["consignment"]["rows"][0]["quantity"] for one in await world.supplier.shipments()]
    assert sorted(shipped) == [2, 3, 4]


async def test_an_order_that_waits_is_served_by_whichever_of_its_catalogues_gets_the_stock(world: World) -> None:
    other = await world.party("supplier", "Other")
    await world.warehouse("tampere", {"boots": 1}, backOrderAllowed=True)
    await world.warehouse("oulu", {"boots": 0}, supplier=other)
    number = await world.place(row("boots", 4, backOrder=True))
    assert routed(await world.order(number, "orderRouted")) == [{"tampere": 1}]
    await arrives(world, "oulu", "boots", 9, at=other)
    order = await builders.eventually(
        lambda: world.order(number, "orderRouted"), lambda found: found["rows"][0]["toBeRoutedQuantity"] == 0
    )
    assert routed(order) == [{"tampere": 1, "oulu": 3}]
    assert await world.stock_at("oulu") == {"boots": (6, 3)}


async def test_what_a_cancelled_order_gives_back_goes_to_those_who_wait(world: World) -> None:
    await world.warehouse("tampere", {"boots": 5}, backOrderAllowed=True)
    first = await world.place(row("boots", 5))
    await world.order(first, "orderRouted")
    second = await world.place(row("boots", 2, backOrder=True))
    await waits(world, second)
    cancelled = await world.retailer.put(f"/ecommerce/v3/orders/{first}", {"status": {"value": "Cancelled"}})
    assert cancelled["status"]["value"] == "Cancelled"
    assert routed(await world.order(second, "orderRouted")) == [{"tampere": 2}]
    await world.running.settled()
    assert await world.stock_at("tampere") == {"boots": (3, 2)}


async def test_waiting_for_part_of_a_row_can_be_given_up(world: World) -> None:
    await world.warehouse("tampere", {"boots": 2}, backOrderAllowed=True)
    number = await world.place(row("boots", 6, backOrder=True))
    await world.order(number, "orderRouted")
    path = f"/ecommerce/v3/orders/{number}/rows/1/cancellations"
    answer = await world.retailer.ask("POST", path, {"quantity": 3})
    assert answer.status_code == 200, answer.text
    assert answer.json()["released"] == 3
    await world.running.settled()
    assert await line(world) == [(number, 1, 1)]
    more = await world.retailer.ask("POST", path, {"quantity": 9})
    assert (more.json()["released"], more.json()["remaining"]) == (3, 0)
    await world.running.settled()
    assert await world.stock_at("tampere") == {"boots": (2, 0)}
    order = await world.order(number, "Cancelled")
    assert status_of(order) == "Cancelled"
    [shipment] = await world.supplier.shipments()
    assert shipment["status"]["value"] == "Cancelled"


async def test_a_waiting_line_has_an_end_where_the_supplier_says_so(world: World) -> None:
    await world.warehouse("tampere", {"boots": 0}, backOrderAllowed=True)
    change = {"productExternalId": "boots", "catalogExternalId": "tampere", "retailerId": world.retailer.id}
    assert await world.supplier.put("/ecommerce/v3/inventory/balances", [change | {"backOrderLimit": 5}]) == []
    await world.running.settled()
    first = await world.place(row("boots", 4, backOrder=True))
    await waits(world, first)
    second = await world.place(row("boots", 2, backOrder=True))
    order = await world.order(second)
    assert (status_of(order), order["rows"][0]["reason"]) == ("Unroutable", "limit reached")
