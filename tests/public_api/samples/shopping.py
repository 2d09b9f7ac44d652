"""Orders as the samples print them, and what a shop does with them."""

import json
from collections.abc import Mapping
from typing import Any

from tests import builders
from tests.journeys.world import World
from tests.public_api.samples import wire

ORDERS = "/ecommerce/v3/orders"
PLUGIN = "WOO-1001"


def by_library() -> str:
    """D.2, the order of the PHP library; its number is BAR1."""
    return wire.printed("order-by-library.json")


def by_plugin(number: str = PLUGIN) -> str:
    """D.2 with everything in which the plugin is said to differ."""
    order: dict[str, Any] = json.loads(by_library())
    del order["references"], order["deliveryOperator"]
    order["externalId"] = number
    order["metadata"]["client"] = "woo-wh-client/3.2.0"
    order["pickupPointId"] = ""
    order["rows"][0]["productEANCode"] = ""
    order["comments"] = [{"type": "pickingNote", "value": "ring the bell"}]
    order["additionalServices"] = [{"serviceCode": "3376"}]
    order["preferences"] = {"autoSubmit": True}
    return json.dumps(order, separators=(",", ":"))


async def stocked(world: World) -> World:
    """The world with the catalogue and the product of D.2, of which there are ten."""
    await world.warehouse("01093579", {"BAR-1": 10})
    return world


async def place(world: World, body: str) -> dict[str, Any]:
    """The answer to an order that must be taken."""
    placed: dict[str, Any] = await wire.told(world.retailer, "POST", ORDERS, body)
    return placed


async def until(world: World, number: str, *statuses: str) -> dict[str, Any]:
    """An order once it has one of these statuses."""
    return await builders.eventually(
        lambda: wire.told(world.retailer, "GET", f"{ORDERS}/{number}"),
        lambda order: order["status"]["value"] in statuses,
    )


async def numbers(world: World, query: str) -> list[str]:
    """The numbers of the orders that a list answers, which must be an envelope."""
    page = await wire.told(world.retailer, "GET", f"{ORDERS}{query}")
    assert page.keys() == {"links", "content", "page"}
    return sorted(order["externalId"] for order in page["content"])


def without(order: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """An order without some of its fields."""
    return {name: value for name, value in order.items() if name not in names}
