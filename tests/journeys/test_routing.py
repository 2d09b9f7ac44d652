"""Where an order goes, and what its shop is told of it."""

import pytest

from tests.journeys.world import World, routed, row, status_of, verdicts

EAN = "6419835068484"


@pytest.mark.parametrize("running", ["on_kafka", "on_embedded_broker"], indirect=True)
async def test_an_order_is_routed_to_the_one_warehouse_that_has_it(world: World) -> None:
    await world.warehouse("tampere", {"boots": 5})
    number = await world.place(row("boots", 3))
    order = await world.order(number, "orderRouted")
    [shipment] = await world.supplier.shipments()
    assert routed(order) == [{"tampere": 3}]
    assert order["rows"][0]["shipmentIds"] == [shipment["shipmentId"]]
    assert order["rows"][0]["toBeRoutedQuantity"] == 0
    assert shipment["consignment"]["reference"] == number
    assert await world.stock_at("tampere") == {"boots": (2, 3)}
    assert verdicts(await world.routing(number)) == [{"tampere": "taken"}]


async def test_the_first_warehouse_with_stock_serves_the_row(world: World) -> None:
    await world.warehouse("first", {"boots": 0})
    await world.warehouse("second", {"boots": 5})
    await world.warehouse("third", {"boots": 5})
    number = await world.place(row("boots", 4))
    assert routed(await world.order(number)) == [{"second": 4}]
    assert verdicts(await world.routing(number)) == [
        {"first": "no stock", "second": "taken", "third": "served already"}
    ]


async def test_an_order_is_split_over_three_warehouses_of_three_suppliers(world: World) -> None:
    suppliers = [world.supplier, await world.party("supplier", "North"), await world.party("supplier", "South")]
    for name, supplier in zip(("tampere", "oulu", "turku"), suppliers, strict=True):
        await world.warehouse(name, {"boots": 2, "socks": 10}, supplier=supplier)
    order = await world.order(await world.place(row("boots", 5), row("socks", 1)))
    assert status_of(order) == "orderRouted"
    assert routed(order) == [{"tampere": 2, "oulu": 2, "turku": 1}, {"tampere": 1}]
    shipments = [shipment for supplier in suppliers for shipment in await supplier.shipments()]
    assert [[(r["itemId"], r["quantity"]) for r in shipment["consignment"]["rows"]] for shipment in shipments] == [
        [("boots", 2), ("socks", 1)],
        [("boots", 2)],
        [("boots", 1)],
    ]
    assert {*order["rows"][0]["shipmentIds"]} == {shipment["shipmentId"] for shipment in shipments}


async def test_what_nobody_can_serve_is_told_with_the_reason_and_makes_no_shipment(world: World) -> None:
    await world.warehouse("tampere", {"boots": 0})
    await world.warehouse("closed", {"boots": 9})
    await world.retailer.put("/ecommerce/v3/catalogs/closed", {"active": False})
    await world.running.settled()
    number = await world.place(row("boots", 3), row("hats", 1))
    order = await world.order(number)
    assert status_of(order) == "Unroutable"
    assert [(r["reason"], r["toBeRoutedQuantity"]) for r in order["rows"]] == [("no stock", 3), ("unknown product", 1)]
    record = await world.routing(number)
    assert record["outcome"] == "none"
    assert verdicts(record) == [{"tampere": "no stock", "closed": "inactive"}, {}]
    assert await world.supplier.shipments() == []
    assert await world.mails_to(world.supplier) == []


async def test_what_is_missing_of_a_row_is_told_and_the_rest_goes_on(world: World) -> None:
    await world.warehouse("tampere", {"boots": 2})
    order = await world.order(await world.place(row("boots", 3)))
    assert status_of(order) == "orderRouted"
    assert routed(order) == [{"tampere": 2}]
    assert order["rows"][0]["toBeRoutedQuantity"] == 1


async def test_a_mandatory_row_that_cannot_be_served_refuses_the_whole_order(world: World) -> None:
    await world.warehouse("tampere", {"boots": 2, "socks": 9})
    number = await world.place(row("socks", 1), row("boots", 3, mandatory=True))
    order = await world.order(number)
    assert status_of(order) == "Unroutable"
    assert [r["reason"] for r in order["rows"]] == ["order refused", "order refused"]
    assert (await world.routing(number))["outcome"] == "refused"
    assert await world.supplier.shipments() == []
    assert await world.stock_at("tampere") == {"boots": (2, 0), "socks": (9, 0)}


async def test_a_closed_catalogue_gets_no_order_any_more(world: World) -> None:
    await world.warehouse("tampere", {"boots": 5})
    await world.warehouse("oulu", {"boots": 5})
    answer = await world.retailer.ask("DELETE", "/ecommerce/v3/catalogs/tampere")
    assert answer.status_code == 200
    await world.running.settled()
    number = await world.place(row("boots", 1))
    assert routed(await world.order(number)) == [{"oulu": 1}]
    assert verdicts(await world.routing(number)) == [{"oulu": "taken", "tampere": "inactive"}]


async def test_a_product_at_its_end_of_sale_is_not_sent_any_more(world: World) -> None:
    other = await world.party("supplier", "Other")
    await world.warehouse("tampere", {"boots": 5})
    await world.warehouse("oulu", {"boots": 5}, supplier=other)
    ending = [{"product": {"externalId": "boots"}}]
    assert (await world.supplier.ask("DELETE", "/ecommerce/v3/inventory", ending)).json() == []
    number = await world.place(row("boots", 1))
    assert routed(await world.order(number)) == [{"oulu": 1}]
    assert verdicts(await world.routing(number)) == [{"tampere": "end of sale", "oulu": "taken"}]


async def test_a_row_that_names_only_an_ean_is_served_by_it(world: World) -> None:
    await world.warehouse("tampere", {"boots": 5, "socks": 5}, eans={"boots": EAN})
    order = await world.order(await world.place({"productEANCode": EAN, "quantity": 2}))
    assert routed(order) == [{"tampere": 2}]
    assert await world.stock_at("tampere") == {"boots": (3, 2), "socks": (5, 0)}


async def test_a_pinned_row_goes_to_its_warehouse_or_nowhere(world: World) -> None:
    await world.warehouse("tampere", {"boots": 5})
    await world.warehouse("oulu", {"boots": 2})
    number = await world.place(row("boots", 3, externalWarehouseId="oulu"))
    order = await world.order(number)
    assert routed(order) == [{"oulu": 2}]
    assert order["rows"][0]["toBeRoutedQuantity"] == 1
    assert verdicts(await world.routing(number)) == [{"oulu": "taken", "tampere": "pinned elsewhere"}]


async def test_a_purchase_order_goes_to_the_supplier_it_names_and_to_nobody_else(world: World) -> None:
    other = await world.party("supplier", "The other one")
    await world.warehouse("tampere", {"boots": 5})
    await world.warehouse("oulu", {"boots": 2}, supplier=other)
    number = await world.place(
        row("boots", 3),
        references=[{"name": "PO", "value": "111"}],
        metadata={"sourceOrganization": "Shop", "receiverOrganization": "the other one"},
    )
    order = await world.order(number)
    assert routed(order) == [{"oulu": 2}]
    assert order["rows"][0]["toBeRoutedQuantity"] == 1
    assert verdicts(await world.routing(number)) == [{"oulu": "taken", "tampere": "other supplier than PO"}]
