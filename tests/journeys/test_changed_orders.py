"""Retailers change their minds: what shop, supplier and stock see of it, and that the books add up after it."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from deploy.local import services
from shared.contracts import OrderAmended
from tests import builders
from tests.journeys import records
from tests.journeys.world import CONSUMER, World, row

ORDERS = "/ecommerce/v3/orders"
CANCELLED = {"status": {"value": "Cancelled"}}


@pytest.fixture(autouse=True)
async def warehouse(world: World) -> None:
    """A warehouse with ten boots and ten socks."""
    await world.warehouse("tampere", {"boots": 10, "socks": 10})


def document(world: World, *rows: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """An order of version 3."""
    return world.document(
        *rows,
        metadata={"documentType": "SalesOrder"},
        client=CONSUMER | {"email": "maija@example.com"},
        deliveryAddress=CONSUMER,
        serviceCode="2103",
        **fields,
    )


async def call(world: World, method: str, path: str, body: Any = None) -> httpx.Response:
    """An answer of success to the retailer."""
    answer = await world.retailer.ask(method, f"{ORDERS}{path}", body)
    assert answer.status_code == 200, answer.text
    return answer


async def place(world: World, *rows: Mapping[str, Any], **fields: Any) -> str:
    """The number of a new order."""
    return str((await call(world, "POST", "", document(world, *rows, **fields))).json()["externalId"])


async def shown(world: World, number: str, status: str) -> Any:
    """The order once it has a status."""
    return await builders.eventually(
        lambda: world.retailer.get(f"{ORDERS}/{number}"), lambda order: order["status"]["value"] == status
    )


async def shipments(world: World, *statuses: str) -> list[dict[str, Any]]:
    """The supplier's shipments, once they have these statuses, oldest first."""
    return await builders.eventually(
        world.supplier.shipments, lambda found: tuple(one["status"]["value"] for one in found) == statuses
    )


async def stock(world: World) -> dict[str, tuple[float, float]]:
    """What is available and what is allocated, once everything has arrived."""
    await world.running.settled()
    return await world.stock_at("tampere")


async def test_a_cancelled_order_goes_back_to_the_shelf_and_its_supplier_sees_it(world: World) -> None:
    number = await place(world, row("boots", 3), row("socks", 4))
    [made] = await shipments(world, "Created")
    await call(world, "PUT", f"/{number}", CANCELLED)
    assert (await world.retailer.get(f"{ORDERS}/{number}"))["status"]["value"] == "Cancelled"
    await shipments(world, "Cancelled")
    late = await world.supplier.ask(
        "PATCH", f"/ecommerce/v3/shipments/{made['shipmentId']}", {"status": {"value": "Viewed"}}
    )
    assert late.status_code == 409
    assert await stock(world) == {"boots": (10, 0), "socks": (10, 0)}
    assert [e["cause"] for e in (await world.routing(number))["history"]] == ["cancelled by the retailer"]


async def test_an_order_cancelled_at_once_leaves_nothing_behind(world: World) -> None:
    numbers = [await place(world, row("boots", 1)) for _ in range(6)]
    for number in numbers:
        await call(world, "PUT", f"/{number}", CANCELLED)
    await world.running.settled()
    assert {one["status"]["value"] for one in await world.supplier.shipments()} <= {"Cancelled"}
    assert await stock(world) == {"boots": (10, 0), "socks": (10, 0)}


async def test_what_one_supplier_has_delivered_stays_when_the_rest_is_cancelled(world: World) -> None:
    other = await world.party("supplier", "Other")
    await world.warehouse("oulu", {"hats": 5}, supplier=other)
    number = await place(world, row("boots", 3), row("hats", 2))
    [made] = await shipments(world, "Created")
    await world.supplier.move(made, "Delivered")
    await world.running.settled()
    await call(world, "PUT", f"/{number}", CANCELLED)
    await world.running.settled()
    order = await shown(world, number, "Delivered")
    assert [r["deliveredQuantity"] for r in order["rows"]] == [3, 0]
    assert await stock(world) == {"boots": (7, 0), "socks": (10, 0)}
    assert await world.stock_at("oulu") == {"hats": (5, 0)}


async def test_a_held_order_keeps_its_stock_until_it_is_released(world: World) -> None:
    number = await place(world, row("boots", 3), preferences={"autoSubmit": False})
    assert await builders.eventually(lambda: stock(world), lambda now: now["boots"] == (7, 3))
    assert await world.supplier.shipments() == []
    assert await world.mails_to(world.supplier) == []
    await world.running.books_are_clean()
    await call(world, "PATCH", f"/{number}/preferences", {"autoSubmit": True})
    [made] = await shipments(world, "Created")
    assert made["consignment"]["rows"][0]["quantity"] == 3
    assert len(await world.mails_to(world.supplier, least=1)) == 1
    await world.supplier.move(made, "Delivered")
    await shown(world, number, "Delivered")
    assert (await stock(world))["boots"] == (7, 0)


async def test_a_held_order_that_is_cancelled_gives_its_stock_back(world: World) -> None:
    number = await place(world, row("boots", 3), preferences={"autoSubmit": False})
    assert await builders.eventually(lambda: stock(world), lambda now: now["boots"] == (7, 3))
    await call(world, "PUT", f"/{number}", CANCELLED)
    assert (await stock(world))["boots"] == (10, 0)
    assert await world.supplier.shipments() == []


async def test_an_order_with_other_rows_is_sent_anew_and_the_old_shipment_is_cancelled(world: World) -> None:
    order = document(world, row("boots", 8))
    number = (await call(world, "POST", "", order)).json()["externalId"]
    await shipments(world, "Created")
    rows = [{"externalId": "1", "externalProductId": "boots", "quantity": 9}]
    await call(world, "PUT", f"/{number}", {**order, "rows": rows})
    _, new = await shipments(world, "Cancelled", "Created")
    assert new["consignment"]["reference"] == number
    assert new["consignment"]["rows"][0]["quantity"] == 9
    assert (await stock(world))["boots"] == (1, 9)
    assert (await world.routing(number))["rows"][0]["quantity"] == 9


async def test_a_cancelled_order_that_is_reopened_is_sent_after_all(world: World) -> None:
    number = await place(world, row("boots", 3))
    await shipments(world, "Created")
    await call(world, "PUT", f"/{number}", CANCELLED)
    await shipments(world, "Cancelled")
    await call(world, "POST", f"/{number}", b'""')
    _, new = await shipments(world, "Cancelled", "Created")
    await world.supplier.move(new, "Delivered")
    order = await shown(world, number, "Delivered")
    assert [r["deliveredQuantity"] for r in order["rows"]] == [3]
    assert (await stock(world))["boots"] == (7, 0)


async def test_an_open_shipment_goes_where_the_order_is_to_go_now(world: World) -> None:
    order = document(world, row("boots", 3))
    number = (await call(world, "POST", "", order)).json()["externalId"]
    [made] = await shipments(world, "Created")
    await world.supplier.move(made, "Viewed")
    await world.running.settled()
    await call(world, "PUT", f"/{number}", {"deliveryAddress": CONSUMER | {"streetAddress": "Uusikatu 2"}})
    await world.running.settled()
    [moved] = await shipments(world, "Viewed")
    assert moved["consignment"]["deliveryAddress"]["streetAddress"] == "Uusikatu 2"
    assert (await stock(world))["boots"] == (7, 3)


async def test_a_deleted_order_is_gone_and_its_number_is_free(world: World) -> None:
    order = document(world, row("boots", 3))
    number = (await call(world, "POST", "", order)).json()["externalId"]
    await shipments(world, "Created")
    await call(world, "DELETE", f"/{number}", b'""')
    assert (await world.retailer.ask("GET", f"{ORDERS}/{number}")).status_code == 404
    await shipments(world, "Cancelled")
    await call(world, "POST", "", order | {"rows": [{**order["rows"][0], "quantity": 1}]})
    await shipments(world, "Cancelled", "Created")
    assert (await stock(world))["boots"] == (9, 1)


async def test_whatever_shops_and_suppliers_do_at_the_same_time_the_books_add_up(world: World) -> None:
    await world.warehouse("oulu", {"hats": 500})

    async def an_order(number: int) -> None:
        order = document(world, row("hats", 2 + number % 3), preferences={"autoSubmit": number % 4 != 1})
        name = quote((await call(world, "POST", "", order)).json()["externalId"])
        steps = [
            ("PUT", f"/{name}", {**order, "rows": [{**order["rows"][0], "quantity": 1 + number % 5}]}),
            ("PATCH", f"/{name}/preferences", {"autoSubmit": True}),
            ("PUT", f"/{name}", {"deliveryAddress": CONSUMER | {"streetAddress": f"Uusikatu {number}"}}),
            ("PUT", f"/{name}", CANCELLED),
            ("POST", f"/{name}", b'""'),
            ("PUT", f"/{name}", CANCELLED),
        ]
        for method, path, body in steps[number % 3 : 3 + number % 4]:
            answer = await world.retailer.ask(method, f"{ORDERS}{path}", body)
            assert answer.status_code in (200, 409), answer.text

    async def a_supplier() -> None:
        for _ in range(10):
            for made in await world.supplier.shipments():
                path = f"/ecommerce/v3/shipments/{made['shipmentId']}"
                answer = await world.supplier.ask("PATCH", path, {"status": {"value": "Delivered"}})
                assert answer.status_code in (200, 409), answer.text

    await asyncio.gather(*(an_order(number) for number in range(24)), a_supplier())
    await world.running.books_are_clean()


async def test_all_that_was_said_of_a_changed_order_said_again_changes_nothing(world: World) -> None:
    order = document(world, row("boots", 3), preferences={"autoSubmit": False})
    number = (await call(world, "POST", "", order)).json()["externalId"]
    await call(world, "PATCH", f"/{number}/preferences", {"autoSubmit": True})
    [made] = await shipments(world, "Created")
    await call(world, "PUT", f"/{number}", CANCELLED)
    await shipments(world, "Cancelled")
    await call(world, "POST", f"/{number}", b'""')
    _, new = await shipments(world, "Cancelled", "Created")
    await world.running.settled()
    seen = await everything(world, number)
    said = [
        *await records.said_of(world.running, made["shipmentId"]),
        *await records.said_of(world.running, new["shipmentId"]),
    ]
    assert OrderAmended.topic in {one.topic for one in said}
    again = list({one.message_id: one.again() for one in said}.values())
    await records.publish(world.running, [one.record for one in again])
    for topic, receivers in services.receivers().items():
        for receiver in receivers:
            ids = {one.message_id for one in again if one.topic == topic}
            await records.until_taken(world.running, receiver.name, ids)
    await world.running.settled()
    assert await everything(world, number) == seen


async def everything(world: World, number: str) -> tuple[Any, ...]:
    """The order as everybody sees it."""
    return (
        await world.retailer.get(f"{ORDERS}/{number}"),
        await world.routing(number),
        await world.supplier.shipments(),
        await world.stock_at("tampere"),
        await world.mails_to(world.supplier),
    )
