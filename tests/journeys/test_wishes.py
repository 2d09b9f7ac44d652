"""What a retailer may wish for: all or nothing, a strategy, things that stay together, stock kept for a cart."""

import asyncio

import pytest

from tests.journeys.world import CONSUMER, World, routed, row, status_of

RESERVATIONS = "/ecommerce/v3/reservations"


async def place(world: World, *rows: dict[str, object], **preferences: object) -> str:
    """The number of a new order of version 3 with preferences."""
    order = world.document(
        *rows,
        metadata={"documentType": "SalesOrder"},
        deliveryAddress=CONSUMER,
        serviceCode="2103",
        preferences=preferences,
    )
    answer = await world.retailer.ask("POST", "/ecommerce/v3/orders", order)
    assert answer.status_code == 200, answer.text
    return str(order["externalId"])


@pytest.mark.parametrize(
    ("strategy", "boots", "socks"),
    [
        ("priority", {"first": 4}, {"second": 2}),
        ("fewest-shipments", {"second": 4}, {"second": 2}),
        ("lowest-cost", {"third": 4}, {"third": 2}),
        ("highest-stock", {"third": 4}, {"second": 2}),
    ],
)
async def test_each_strategy_sends_the_same_order_its_own_way_and_the_record_says_so(
    world: World, strategy: str, boots: dict[str, float], socks: dict[str, float]
) -> None:
    stock = {
        "first": ({"boots": 5}, 9),
        "second": ({"boots": 6, "socks": 9}, 8),
        "third": ({"boots": 7, "socks": 4}, 2),
    }
    for name, (shelf, price) in stock.items():
        await world.warehouse(name, shelf)
        changes = [
            {"productExternalId": product, "catalogExternalId": name, "retailerId": world.retailer.id}
            | {"wholesalePrice": price}
            for product in shelf
        ]
        assert await world.supplier.put("/ecommerce/v3/inventory/balances", changes) == []
    await world.running.settled()
    number = await place(world, row("boots", 4), row("socks", 2), strategy=strategy)
    assert routed(await world.order(number)) == [boots, socks]
    record = await world.routing(number)
    assert record["strategy"] == strategy
    for decided in record["rows"]:
        taken = {part["externalWarehouseId"] for part in decided["taken"]}
        for candidate in decided["candidates"]:
            assert (candidate["verdict"] == "taken") == (candidate["externalWarehouseId"] in taken)
            assert candidate["verdict"] in ("taken", "served already")


async def test_an_order_that_wants_all_or_nothing_gets_nothing_when_something_lacks(world: World) -> None:
    await world.warehouse("tampere", {"boots": 5, "socks": 1})
    number = await place(world, row("boots", 2), row("socks", 2), allOrNothing=True)
    assert status_of(await world.order(number)) == "Unroutable"
    assert (await world.routing(number))["outcome"] == "refused"
    assert await world.stock_at("tampere") == {"boots": (5, 0), "socks": (1, 0)}


async def test_a_bundle_goes_from_one_warehouse_in_whole_multiples(world: World) -> None:
    await world.warehouse("tampere", {"lamp": 5, "bulb": 3})
    await world.warehouse("oulu", {"lamp": 9, "bulb": 9})
    number = await world.place(row("lamp", 2), row("bulb", 4, parentRowReference="1"))
    assert routed(await world.order(number)) == [{"tampere": 1, "oulu": 1}, {"tampere": 2, "oulu": 2}]


async def test_a_cart_keeps_what_it_was_promised_until_its_order_comes(world: World) -> None:
    await world.warehouse("tampere", {"boots": 3})
    wanted = {"minutes": 10, "rows": [{"externalProductId": "boots", "quantity": 2}]}
    held = (await world.retailer.ask("POST", RESERVATIONS, wanted)).json()
    assert held["rows"][0]["short"] == 0
    others = await asyncio.gather(*(world.place(row("boots", 1)) for _ in range(3)))
    statuses = sorted([status_of(await world.order(number)) for number in others])
    assert statuses == ["Unroutable", "Unroutable", "orderRouted"]
    number = await place(world, row("boots", 2), reservationId=held["reservationId"])
    assert routed(await world.order(number)) == [{"tampere": 2}]
    gone = await world.retailer.ask("GET", f"{RESERVATIONS}/{held['reservationId']}")
    assert gone.status_code == 404
    assert await world.stock_at("tampere") == {"boots": (0, 3)}


async def test_a_cart_that_is_given_up_frees_its_stock(world: World) -> None:
    await world.warehouse("tampere", {"boots": 3})
    wanted = {"minutes": 10, "rows": [{"externalProductId": "boots", "quantity": 3}]}
    held = (await world.retailer.ask("POST", RESERVATIONS, wanted)).json()
    assert status_of(await world.order(await world.place(row("boots", 1)))) == "Unroutable"
    answer = await world.retailer.ask("DELETE", f"{RESERVATIONS}/{held['reservationId']}")
    assert answer.status_code == 204
    assert status_of(await world.order(await world.place(row("boots", 1)))) == "orderRouted"
