"""What a supplier does with a shipment, and what shop and stock see of it."""

from typing import Any

import pytest

from tests.journeys.world import World, row, status_of


@pytest.fixture
async def number(world: World) -> str:
    """An order of two products, routed to one warehouse with ten of each."""
    await world.warehouse("tampere", {"boots": 10, "socks": 10})
    placed = await world.place(row("boots", 3), row("socks", 4))
    await world.order(placed, "orderRouted")
    return placed


@pytest.fixture
async def shipment(world: World, number: str) -> dict[str, Any]:
    """The shipment of the order."""
    [made] = await world.supplier.shipments()
    assert made["consignment"]["reference"] == number
    return made


async def test_a_shipment_that_is_opened_shows_in_the_order(
    world: World, number: str, shipment: dict[str, Any]
) -> None:
    assert (await world.supplier.move(shipment, "Viewed"))["status"]["value"] == "Viewed"
    order = await world.order(number, "Viewed")
    assert [status_of(r) for r in order["rows"]] == ["Viewed", "Viewed"]
    assert [status["value"] for status in order["statuses"]] == ["Accepted", "orderRouted", "Viewed"]


async def test_what_is_delivered_whole_leaves_the_stock_and_ends_the_order(
    world: World, number: str, shipment: dict[str, Any]
) -> None:
    await world.supplier.move(shipment, "Viewed")
    await world.supplier.move(shipment, "Delivered")
    order = await world.order(number, "Delivered")
    assert [r["deliveredQuantity"] for r in order["rows"]] == [3, 4]
    assert [r["toBeRoutedQuantity"] for r in order["rows"]] == [0, 0]
    await world.running.settled()
    assert await world.stock_at("tampere") == {"boots": (7, 0), "socks": (6, 0)}


async def test_what_is_delivered_in_part_gives_the_rest_back_and_shows_its_tracking_codes(
    world: World, number: str, shipment: dict[str, Any]
) -> None:
    parcels = [
        {"parcelId": "1", "trackingCodes": ["JJFI1"], "rows": [{"externalId": "1", "deliveredQuantity": 2}]},
        {"parcelId": "2", "trackingCodes": ["JJFI2"], "rows": [{"externalId": "2", "deliveredQuantity": 4}]},
    ]
    await world.supplier.change_shipment(shipment, status={"value": "Delivered"}, consignment={"parcels": parcels})
    order = await world.order(number, "Delivered")
    boots, socks = order["rows"]
    assert (boots["deliveredQuantity"], boots["toBeRoutedQuantity"], boots["cancelledQuantity"]) == (2, 0, 1)
    assert (socks["deliveredQuantity"], socks["toBeRoutedQuantity"]) == (4, 0)
    assert [r["statuses"][-1]["trackingIds"] for r in (boots, socks)] == [["JJFI1"], ["JJFI2"]]
    await world.running.settled()
    assert await world.stock_at("tampere") == {"boots": (8, 0), "socks": (6, 0)}


async def test_what_its_supplier_cancels_returns_to_the_stock(
    world: World, number: str, shipment: dict[str, Any]
) -> None:
    await world.supplier.move(shipment, "Cancelled")
    order = await world.order(number, "Cancelled")
    assert [r["deliveredQuantity"] for r in order["rows"]] == [0, 0]
    await world.running.settled()
    assert await world.stock_at("tampere") == {"boots": (10, 0), "socks": (10, 0)}
    refused = await world.supplier.ask(
        "PATCH", f"/ecommerce/v3/shipments/{shipment['shipmentId']}", {"status": {"value": "Delivered"}}
    )
    assert refused.status_code == 409


async def test_an_order_is_delivered_when_the_last_of_its_shipments_is(world: World) -> None:
    other = await world.party("supplier", "Other")
    await world.warehouse("tampere", {"boots": 5})
    await world.warehouse("oulu", {"hats": 5}, supplier=other)
    placed = await world.place(row("boots", 1), row("hats", 1))
    await world.order(placed, "orderRouted")
    [boots], [hats] = await world.supplier.shipments(), await other.shipments()
    await world.supplier.move(boots, "Delivered")
    await world.running.settled()
    assert [status_of(r) for r in (await world.order(placed))["rows"]] == ["Delivered", "Routed"]
    await other.move(hats, "Delivered")
    await world.order(placed, "Delivered")
