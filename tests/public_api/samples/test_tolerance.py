"""What real clients force on a server, point by point (glue-api.md B), as far as it shows on the wire."""

import asyncio
import json
import re
from typing import Any

import pytest

from deploy.local import demo_world
from tests.journeys.world import World
from tests.public_api.samples import shopping, wire
from tests.public_api.samples.shopping import ORDERS

INVENTORY, CATALOGUES = "/ecommerce/v3/inventory", "/ecommerce/v3/catalogs"
CANCEL = '{"status":{"value":"Cancelled"}}'


@pytest.fixture
async def shop(world: World) -> World:
    """The catalogue and the product of the sample orders."""
    return await shopping.stocked(world)


async def test_b1_a_token_is_got_with_basic_and_no_body_and_its_life_is_a_number(world: World) -> None:
    key = (world.retailer.party.account, demo_world.SECRET)
    answered = await world.client.get("/auth/token", auth=key, headers={"Accept": "application/json"})
    assert answered.status_code == 200
    assert isinstance(answered.json()["expires_in"], int)


async def test_b2_every_catalogue_in_the_list_has_what_the_plugin_reads(shop: World) -> None:
    for kind in ("Posti", "Store"):
        await shop.warehouse(f"of-{kind}", {}, catalogType=kind)
    listed = await wire.told(shop.retailer, "GET", f"{CATALOGUES}?role=RETAILER")
    assert listed.keys() == {"links", "content", "page"}
    assert {one["catalogType"] for one in listed["content"]} == {"Posti", "Store", "Catalog"}
    for one in listed["content"]:
        assert all(isinstance(one[name], str) for name in ("externalId", "catalogName"))
        assert one["retailerId"] == shop.retailer.id


async def test_b3_a_batch_answers_an_array_whose_index_is_an_integer(shop: World) -> None:
    for method, address, wrong in (
        ("PUT", INVENTORY, '{"product":{"externalId":"no good"}}'),
        ("DELETE", INVENTORY, '{"product":{"externalId":"none-such","status":"EOS"}}'),
        ("PUT", f"{INVENTORY}/balances", '{"productExternalId":"BAR-1","quantity":-1}'),
        ("DELETE", f"{INVENTORY}/balances", '{"productExternalId":"no good"}'),
    ):
        assert await wire.told(shop.supplier, method, address, "[]") == []
        errors = await wire.told(shop.supplier, method, address, f"[{wrong},{wrong}]")
        assert [error["index"] for error in errors] == [0, 1]
        assert all(type(error["index"]) is int and error["message"] for error in errors)


async def test_b4_scalars_are_bodies(shop: World) -> None:
    await shopping.place(shop, shopping.by_library())
    for body in ('""', "null"):
        await wire.told(shop.retailer, "PUT", f"{ORDERS}/BAR1", CANCEL)
        assert (await wire.answer(shop.retailer, "POST", f"{ORDERS}/BAR1", body)).is_success
        assert (await wire.answer(shop.retailer, "POST", f"{INVENTORY}/migrate", body)).is_success
    comment = '{"externalId":"91","value":"note","type":"passThrough"}'
    await wire.told(shop.retailer, "POST", f"{ORDERS}/BAR1/comments", comment)
    assert (await wire.answer(shop.retailer, "DELETE", f"{ORDERS}/BAR1/comments/91", "null")).is_success
    assert (await wire.answer(shop.retailer, "DELETE", f"{ORDERS}/BAR1", '""')).is_success


async def test_b5_a_blank_is_not_given(shop: World) -> None:
    for blank in ('""', "null"):
        product = f'"externalId":"B5","eanCode":{blank},"distributor":{blank},"measurements":{{"weight":{blank}}}'
        assert await wire.told(shop.supplier, "PUT", INVENTORY, f'[{{"product":{{{product}}}}}]') == []
        shown = (await wire.told(shop.supplier, "GET", f"{INVENTORY}/B5"))["product"]
        assert shown.keys().isdisjoint({"eanCode", "distributor"})
        assert not shown.get("measurements")
        order = shopping.by_library()
        for sample in ('"externalId":"BAR1"', '"pickupPointId":"001003200"', '"routingServiceCode":"3200"'):
            assert sample in order
            order = order.replace(sample, f"{sample.partition(':')[0]}:{blank}")
        placed = await shopping.place(shop, order.replace('"productEANCode":null', f'"productEANCode":{blank}'))
        assert re.fullmatch(r"\w{3}-\w{3}-\w{3}", placed["externalId"])
        await shopping.until(shop, placed["externalId"], "Created")


async def test_b6_and_b7_a_status_alone_is_merged_and_the_answer_says_something(shop: World) -> None:
    await shopping.place(shop, shopping.by_plugin().replace('"autoSubmit":true', '"autoSubmit":false'))
    address = f"{ORDERS}/{shopping.PLUGIN}"
    assert await wire.told(shop.retailer, "PATCH", f"{address}/preferences", '{"autoSubmit":true}')
    cancelled = await wire.told(shop.retailer, "PUT", address, CANCEL)
    sent = json.loads(shopping.by_plugin())
    assert wire.lacking(cancelled, sent) == []


async def test_b8_an_order_shows_what_was_written_at_once(shop: World) -> None:
    address = f"{ORDERS}/BAR1"

    async def status() -> str:
        return str((await wire.told(shop.retailer, "GET", address))["status"]["value"])

    await shopping.place(shop, shopping.by_library())
    assert await status() in ("Accepted", "Created")
    await wire.told(shop.retailer, "PUT", address, CANCEL)
    assert await status() == "Cancelled"
    await wire.told(shop.retailer, "POST", address, '""')
    assert await status() in ("Accepted", "Created")
    await wire.told(shop.retailer, "PUT", address, '{"client":{"name":"Another Name"}}')
    assert (await wire.told(shop.retailer, "GET", address))["client"]["name"] == "Another Name"


async def test_b9_no_orders_are_an_envelope_too(world: World) -> None:
    page = await wire.told(world.retailer, "GET", f"{ORDERS}?modifiedFromDate=2026-11-21T16%3A09%3A50.333%2B00%3A00")
    assert page == {
        "links": [],
        "content": [],
        "page": {"size": 2000, "totalElements": 0, "totalPages": 0, "number": 0},
    }


async def paged(world: World, address: str, again: str) -> list[list[Any]]:
    """Two pages of one each, over addresses that grow by a `?`, as the PHP library's do."""
    pages = [await wire.told(world.retailer, "GET", address), await wire.told(world.retailer, "GET", again)]
    assert [page["page"]["number"] for page in pages] == [0, 1]
    return [page["content"] for page in pages]


async def test_b11_a_second_question_mark_begins_another_parameter(shop: World) -> None:
    await shop.warehouse("second", {})
    two = json.dumps(
        [
            {
                "product": {"externalId": product},
                "balances": [{"retailerId": shop.retailer.id, "catalogExternalId": "01093579", "quantity": 1}],
            }
            for product in ("PAGED-1", "PAGED-2")
        ]
    )
    assert await wire.told(shop.supplier, "PUT", INVENTORY, two) == []
    items = f"{INVENTORY}?retailerId={shop.retailer.id}&catalogExternalId=01093579?size=1"
    [[first], [second]] = await paged(shop, items, f"{items}?size=1&page=1")
    assert first["product"]["externalId"] != second["product"]["externalId"]
    assert {first["product"]["supplierId"], second["product"]["supplierId"]} == {shop.supplier.id}

    catalogues = await wire.told(shop.retailer, "GET", f"{CATALOGUES}?role=RETAILER?page=1")
    assert (catalogues["content"], catalogues["page"]["number"]) == ([], 1)

    await shopping.place(shop, shopping.by_library())
    await shopping.place(shop, shopping.by_plugin())
    asked = "warehouseExternalId=01093579&updatedFrom=2026-01-01T00:00:00.000Z"
    [[first], [second]] = await paged(shop, f"{ORDERS}?{asked}&size=1", f"{ORDERS}?{asked}&size=1?{asked}&page=1")
    assert {first["externalId"], second["externalId"]} == {"BAR1", shopping.PLUGIN}


async def test_b12_a_value_that_was_encoded_twice_is_harmless(world: World) -> None:
    for workflow in ("WAREHOUSE", "DROPSHIPPING"):
        assert await wire.told(world.retailer, "GET", f"/ecommerce/v3/services?workflow={workflow}")


async def test_b13_a_content_length_in_bytes_is_enough(shop: World) -> None:
    body = shopping.by_library().replace("Recipient Name", "Väinö Äijälä").encode()
    host, port = shop.client.base_url.host, shop.client.base_url.port
    head = (
        f"POST {ORDERS} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: woo-wh-client/3.2.0\r\nAccept: */*\r\n"
        f"Authorization: {shop.retailer.headers['Authorization']}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(head.encode() + body)
    answered = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert (await wire.told(shop.retailer, "GET", f"{ORDERS}/BAR1"))["client"]["name"] == "Väinö Äijälä"


async def test_b14_an_order_that_is_posted_again_while_it_is_reopened_does_no_harm(shop: World) -> None:
    body = shopping.by_plugin()
    await shopping.place(shop, body)
    await wire.told(shop.retailer, "PUT", f"{ORDERS}/{shopping.PLUGIN}", CANCEL)
    await wire.told(shop.retailer, "POST", f"{ORDERS}/{shopping.PLUGIN}", body)
    again = await shopping.place(shop, body)
    assert again["status"]["value"] in ("Accepted", "Created")
    await shop.running.settled()
    assert await shop.stock_at("01093579") == {"BAR-1": (7, 3)}
    assert await shopping.numbers(shop, "") == [shopping.PLUGIN]


async def test_b15_of_a_country_with_a_region_the_part_before_the_colon_counts(shop: World) -> None:
    placed = await shopping.place(shop, shopping.by_plugin().replace('"country":"FI"', '"country":"FI:18"'))
    parties = ("vendor", "sender", "client", "deliveryAddress")
    assert {placed[party]["country"] for party in parties} == {"FI"}
    await shopping.until(shop, shopping.PLUGIN, "Created")
    [shipment] = await shop.supplier.shipments()
    assert {shipment["consignment"][party]["country"] for party in parties} == {"FI"}


async def test_b16_ids_that_were_not_encoded_are_understood(shop: World) -> None:
    await shop.warehouse("Lake~land:Boots(1)", {"BAR-2": 1})
    address = f"{INVENTORY}?retailerId={shop.retailer.id}&catalogExternalId=Lake~land:Boots(1)"
    [item] = (await wire.told(shop.retailer, "GET", address))["content"]
    assert item["product"]["externalId"] == "BAR-2"


async def test_a1_the_short_path_and_a_trailing_slash_mean_the_same(shop: World) -> None:
    listed = await wire.told(shop.retailer, "GET", f"{CATALOGUES}?role=RETAILER")
    for address in ("/v3/catalogs?role=RETAILER", "/v3/catalogs/?role=RETAILER", f"{CATALOGUES}/?role=RETAILER"):
        assert await wire.told(shop.retailer, "GET", address) == listed


async def test_a3_moments_are_read_in_every_way_they_are_written(shop: World) -> None:
    await shopping.place(shop, shopping.by_library())
    for moment in (
        "2021-09-07T13:01:22.282Z",
        "2021-09-07T13:01:22Z",
        "2026-01-20T16%3A14%3A50%2B00%3A00",
        "2026-01-20T16:14:50+00:00",
        "2026-01-20T16:14:50.333+0200",
    ):
        assert await shopping.numbers(shop, f"?updatedFrom={moment}") == ["BAR1"], moment


async def test_a15_misspelt_names_are_understood_and_spelt_right(shop: World) -> None:
    body = shopping.by_library()
    for right, wrong in (
        ("documentType", "documentTyepe"),
        ("additionalServices", "addtionalServices"),
        ("currency", "currecy"),
    ):
        assert f'"{right}"' in body
        body = body.replace(f'"{right}"', f'"{wrong}"')
    placed = await shopping.place(shop, body)
    sent = json.loads(shopping.by_library())
    assert wire.lacking(placed, sent) == []
    assert placed.keys().isdisjoint({"addtionalServices", "currecy"})
