"""What was delivered comes back: shop, supplier and stock agree about it."""

from typing import Any

from tests import builders
from tests.journeys.world import Caller, World, row

RETURNS = "/ecommerce/v3/returns"


async def step(caller: Caller, path: str, body: Any) -> dict[str, Any]:
    """What a caller is answered that does something with a return."""
    answer = await caller.ask("POST", path, body)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def events_of(caller: Caller) -> list[tuple[str, str]]:
    """The events of returns in a caller's feed: what happened to which."""
    told = (await caller.get("/ecommerce/v3/events", limit="1000"))["events"]
    return [(one["type"], one["data"]["returnId"]) for one in told if one["type"].startswith("return.")]


async def test_what_comes_back_is_on_the_shelf_for_who_waits_and_the_order_shows_it(world: World) -> None:
    await world.warehouse("tampere", {"boots": 3}, backOrderAllowed=True)
    placed = await world.place(row("boots", 3))
    await world.order(placed, "orderRouted")
    [shipment] = await world.supplier.shipments()
    await world.supplier.move(shipment, "Delivered")
    order = await world.order(placed, "Delivered")
    waiting = await world.place(row("boots", 1, backOrder=True))
    await world.running.settled()

    wanted = {"externalId": "1", "quantity": 2, "reason": "DoesNotFit"}
    returned = await step(world.retailer, RETURNS, {"shipmentId": shipment["shipmentId"], "rows": [wanted]})
    unwanted = await step(
        world.supplier, RETURNS, {"shipmentId": shipment["shipmentId"], "rows": [wanted | {"quantity": 1}]}
    )
    await step(world.retailer, f"{RETURNS}/{unwanted['returnId']}/cancellation", {"reason": "It is kept"})
    on_its_way = await builders.eventually(
        lambda: world.retailer.get(f"/ecommerce/v3/orders/{placed}"),
        lambda found: len(found["rows"][0].get("returnIds", ())) == 2 and found["rows"][0]["returningQuantity"] == 2,
    )
    assert on_its_way["rows"][0]["returnedQuantity"] == 0

    found = [
        {"externalId": "1", "quantity": 1, "restock": True, "condition": "Unopened"},
        {"externalId": "1", "quantity": 1, "condition": "Damaged"},
    ]
    received = await step(world.supplier, f"{RETURNS}/{returned['returnId']}/receipt", {"rows": found})
    assert (received["status"]["value"], received["complete"]) == ("Received", True)
    await world.running.settled()
    back = (await world.retailer.get(f"/ecommerce/v3/orders/{placed}"))["rows"][0]
    assert (back["returnedQuantity"], back["returningQuantity"], back["deliveredQuantity"]) == (2, 0, 3)
    assert order["statuses"] == (await world.order(placed, "Delivered"))["statuses"]
    await world.order(waiting, "orderRouted")
    assert await world.stock_at("tampere") == {"boots": (0, 1)}
    for side in (world.retailer, world.supplier):
        assert await events_of(side) == [
            ("return.registered", returned["returnId"]),
            ("return.registered", unwanted["returnId"]),
            ("return.cancelled", unwanted["returnId"]),
            ("return.received", returned["returnId"]),
        ]
    await world.running.books_are_clean()
