"""Orders of version 3 as shops send them, and every address there is for them (glue-api.md A.8, D.2, D.11)."""

import json
import re

import pytest

from tests.journeys.world import World
from tests.public_api.samples import shopping, wire
from tests.public_api.samples.shopping import ORDERS

WHOLE = """{
 "externalId":"A-8","orderDate":"2026-01-02T08:00:00.000+00:00","clientId":"0109357-9",
 "metadata":{"documentType":"SalesOrder","client":"woo-wh-client/3.2.0"},
 "references":[{"name":"SO","value":"SO-8"}],
 "vendor":{"externalId":"ACC-1","name":"Webshop Oy","streetAddress":"Postintaival 7","postalCode":"00230",
  "postOffice":"Helsinki","country":"FI","telephone":"+358501234567","email":"a@example.com"},
 "sender":{"externalId":"S-1","name":"Webshop Oy","streetAddress":"Postintaival 7","postalCode":"00230",
  "postOffice":"Helsinki","country":"FI","telephone":"+358501234567","email":"a@example.com"},
 "client":{"externalId":"100060","name":"Recipient Name","streetAddress":"Postintaival 7","postalCode":"00230",
  "postOffice":"Helsinki","country":"FI","telephone":"+358501234567","email":"a@example.com"},
 "recipient":{"externalId":"100060","name":"Recipient Name","streetAddress":"Postintaival 7","postalCode":"00230",
  "postOffice":"Helsinki","country":"FI","telephone":"+358501234567","email":"a@example.com"},
 "deliveryAddress":{"externalId":"100060","name":"Recipient\\nc/o Pickup point name","streetAddress":"Postintaival 7",
  "postalCode":"00230","postOffice":"Helsinki","country":"FI","telephone":"+358501234567","email":"a@example.com"},
 "currency":"EUR","serviceCode":"2103","deliveryOperator":"Posti","pickupPointId":"001003200",
 "routingServiceCode":"3200","additionalServices":[{"serviceCode":"3101","telephone":"+358501234567",
  "email":"a@example.com","attributes":[{"name":"CashOnDelivery","value":"20.1"}]}],
 "totalPrice":20.1,"totalTax":5.3,"totalWholeSalePrice":25.4,"totalWeight":1.2,
 "comments":[{"type":"pickingNote","value":"a","name":"n"},{"type":"packingNote","value":"b"},
  {"type":"deliveryNote","value":"c"},{"type":"reference","value":"d"},{"type":"passThrough","value":"e",
  "externalId":"91","author":"shop@example.com","createdDate":"2026-11-21T16:14:50+00:00","origin":"WOOCOMMERCE"}],
 "preferences":{"autoSubmit":true},
 "rows":[{"externalId":"1","externalProductId":"BAR-1","productEANCode":"6419835068484",
  "externalWarehouseId":"01093579","quantity":3,"productUnitOfMeasure":"KPL","productDescription":"Fishing boots",
  "weight":0.4,"volume":0.04,"comments":[{"type":"packingNote","value":"f"}]}]}"""
"""Every field that an order may have."""

COMMENT = (
    '{"externalId":"91","author":"shop@example.com","value":"note","type":"passThrough",'
    '"createdDate":"2026-11-21T16:14:50+00:00","origin":"WOOCOMMERCE"}'
)
CANCEL = '{"status":{"value":"Cancelled"}}'


@pytest.fixture
async def shop(world: World) -> World:
    """The catalogue and the product of the sample, of which there are ten."""
    return await shopping.stocked(world)


async def test_d2_an_order_is_taken_with_200_and_answered_as_it_was_sent(shop: World) -> None:
    for body in (shopping.by_library(), shopping.by_plugin()):
        sent = json.loads(body)
        placed = await shopping.place(shop, body)
        at_once = await wire.told(shop.retailer, "GET", f"{ORDERS}/{sent['externalId']}")
        created = await shopping.until(shop, sent["externalId"], "Created")
        for shown in (placed, at_once, created):
            assert wire.lacking(shown, sent) == []
        assert placed["status"]["value"] in ("Accepted", "Created")
        assert created["trackingCodes"] == []
        [row] = created["rows"]
        assert (row["status"]["value"], row["deliveredQuantity"], row["trackingCodes"]) == ("Created", 0, [])
    await shop.running.settled()
    assert await shop.stock_at("01093579") == {"BAR-1": (4, 6)}


async def test_a8_an_order_comes_back_with_every_field_there_is(world: World) -> None:
    await world.warehouse("01093579", {"BAR-1": 10}, eans={"BAR-1": "6419835068484"})
    body = WHOLE.replace("0109357-9", world.retailer.id)
    sent = json.loads(body)
    placed = await shopping.place(world, body)
    for shown in (placed, await wire.told(world.retailer, "GET", f"{ORDERS}/A-8")):
        assert wire.lacking(shown, sent) == []
        assert shown["clientId"] == shown["metadata"]["sourceOrganization"] == world.retailer.id
        for moment in (
            shown["metadata"]["insertDate"],
            shown["metadata"]["updateDate"],
            shown["status"]["timestamp"],
            shown["rows"][0]["status"]["timestamp"],
        ):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
    [listed] = (await wire.told(world.retailer, "GET", ORDERS))["content"]
    assert wire.lacking(listed, sent) == []


async def test_a8_an_order_without_a_number_gets_one(shop: World) -> None:
    for given in ('"externalId":null,', '"externalId":"",', ""):
        placed = await shopping.place(shop, shopping.by_library().replace('"externalId":"BAR1",', given, 1))
        assert re.fullmatch(r"[A-Z0-9]{3}-[A-Z0-9]{3}-[A-Z0-9]{3}", placed["externalId"])
        shown = await wire.told(shop.retailer, "GET", f"{ORDERS}/{placed['externalId']}")
        assert shown["rows"][0]["quantity"] == 3


async def test_a8_a_number_with_odd_characters_is_found_by_its_encoded_address(shop: World) -> None:
    await shopping.place(shop, shopping.by_plugin("A/1 b#_%"))
    assert (await wire.told(shop.retailer, "GET", f"{ORDERS}/A%2F1%20b%23_%25"))["externalId"] == "A/1 b#_%"
    refused = await wire.answer(shop.retailer, "POST", ORDERS, shopping.by_plugin("Ä1"))
    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == ["externalId"]


async def test_a8_orders_are_listed_by_every_filter_there_is(shop: World) -> None:
    await shopping.place(shop, shopping.by_library())
    await shopping.place(shop, shopping.by_plugin().replace("2026-01-02T08", "2026-02-02T08"))
    await shop.running.settled()
    await wire.told(shop.retailer, "PUT", f"{ORDERS}/BAR1", CANCEL)
    both, bar, woo = ["BAR1", "WOO-1001"], ["BAR1"], ["WOO-1001"]
    for query, found in {
        "": both,
        "?refName=SO&refValue=SO-1": bar,
        "?status=Cancelled": bar,
        "?status=Created,Viewed": woo,
        "?documentType=SalesOrder": both,
        "?documentType=PurchaseOrder": [],
        "?warehouseExternalId=01093579": both,
        "?warehouseExternalId=Catalog1": [],
        "?from=2026-01-10T00:00:00.000Z": woo,
        "?to=2026-01-10T00:00:00.000Z": bar,
        "?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z": both,
        "?updatedFrom=2021-09-07T13:01:22.282Z": both,
        "?updatedTo=2021-09-07T13:01:22.282Z": [],
        "?modifiedFromDate=2021-09-07T13:01:22.282Z": both,
        "?modifiedFromDate=2121-09-07T13:01:22.282Z": [],
        "?externalId=BAR1": bar,
        "?refName=&refValue=&status=&documentType=&from=&to=&updatedFrom=&page=&size=": both,
    }.items():
        assert await shopping.numbers(shop, query) == found, query
    page = await wire.told(shop.retailer, "GET", f"{ORDERS}?page=1&size=1")
    assert page["page"] == {"size": 1, "totalElements": 2, "totalPages": 2, "number": 1}
    default = await wire.told(shop.retailer, "GET", ORDERS)
    assert default["page"] == {"size": 2000, "totalElements": 2, "totalPages": 1, "number": 0}


async def test_d11_a_status_alone_cancels_and_an_empty_text_opens_again(shop: World) -> None:
    placed = await shopping.place(shop, shopping.by_library())
    await shopping.until(shop, "BAR1", "Created")
    cancelled = await wire.told(shop.retailer, "PUT", f"{ORDERS}/BAR1", CANCEL)
    assert cancelled["status"]["value"] == cancelled["rows"][0]["status"]["value"] == "Cancelled"
    assert cancelled["rows"][0]["deliveredQuantity"] == 0
    changing = ("status", "rows", "metadata")
    assert shopping.without(cancelled, *changing) == shopping.without(placed, *changing)
    await shop.running.settled()
    assert await shop.stock_at("01093579") == {"BAR-1": (10, 0)}
    reopened = await wire.told(shop.retailer, "POST", f"{ORDERS}/BAR1", '""')
    assert reopened["status"]["value"] in ("Accepted", "Created")
    await shopping.until(shop, "BAR1", "Created")
    assert await shop.stock_at("01093579") == {"BAR-1": (7, 3)}


async def test_a8_the_whole_order_opens_a_cancelled_one_again(shop: World) -> None:
    body = shopping.by_plugin()
    await shopping.place(shop, body)
    await wire.told(shop.retailer, "PUT", f"{ORDERS}/{shopping.PLUGIN}", CANCEL)
    again = await wire.told(
        shop.retailer, "POST", f"{ORDERS}/{shopping.PLUGIN}", body.replace('"quantity":3', '"quantity":4')
    )
    assert again["rows"][0]["quantity"] == 4
    await shopping.until(shop, shopping.PLUGIN, "Created")
    await shop.running.settled()
    assert await shop.stock_at("01093579") == {"BAR-1": (6, 4)}


async def test_a8_a_delivered_order_is_opened_again(shop: World) -> None:
    await shopping.place(shop, shopping.by_library())
    await shopping.until(shop, "BAR1", "Created")
    [shipment] = await shop.supplier.shipments()
    await shop.supplier.move(shipment, "Delivered")
    delivered = await shopping.until(shop, "BAR1", "Delivered")
    assert delivered["rows"][0]["deliveredQuantity"] == 3
    await wire.told(shop.retailer, "POST", f"{ORDERS}/BAR1", '""')
    await shopping.until(shop, "BAR1", "Created")
    await shop.running.settled()
    assert await shop.stock_at("01093579") == {"BAR-1": (4, 3)}


async def test_a8_a_whole_order_is_put_and_a_fragment_is_merged(shop: World) -> None:
    body = shopping.by_library()
    await shopping.place(shop, body)
    await shopping.until(shop, "BAR1", "Created")
    address = f"{ORDERS}/BAR1"
    moved = await wire.told(shop.retailer, "PUT", address, '{"deliveryAddress":{"streetAddress":"Uusikatu 2"}}')
    assert moved["deliveryAddress"] == json.loads(body)["deliveryAddress"] | {"streetAddress": "Uusikatu 2"}
    put = await wire.told(shop.retailer, "PUT", address, body.replace('"quantity":3', '"quantity":5'))
    assert put["rows"][0]["quantity"] == 5
    assert put["deliveryAddress"]["streetAddress"] == "Postintaival 7"
    await shopping.until(shop, "BAR1", "Created")
    await shop.running.settled()
    assert await shop.stock_at("01093579") == {"BAR-1": (5, 5)}


async def test_a8_an_order_is_deleted_with_an_empty_text_and_its_number_is_free(shop: World) -> None:
    for quantity, body in enumerate(('""', "null", ""), 1):
        await shopping.place(shop, shopping.by_library().replace('"quantity":3', f'"quantity":{quantity}'))
        await shopping.until(shop, "BAR1", "Created")
        assert (await wire.answer(shop.retailer, "DELETE", f"{ORDERS}/BAR1", body)).is_success
        assert (await wire.answer(shop.retailer, "GET", f"{ORDERS}/BAR1")).status_code == 404
    await shop.running.settled()
    assert await shop.stock_at("01093579") == {"BAR-1": (10, 0)}


async def test_d11_a_held_order_has_its_stock_and_no_shipment_until_it_is_released(shop: World) -> None:
    held = await shopping.place(shop, shopping.by_plugin().replace('"autoSubmit":true', '"autoSubmit":false'))
    assert held["preferences"]["autoSubmit"] is False
    await shop.running.settled()
    assert await shop.stock_at("01093579") == {"BAR-1": (7, 3)}
    assert await shop.supplier.shipments() == []
    released = await wire.told(shop.retailer, "PATCH", f"{ORDERS}/{shopping.PLUGIN}/preferences", '{"autoSubmit":true}')
    assert released["preferences"]["autoSubmit"] is True
    await shopping.until(shop, shopping.PLUGIN, "Created")
    await shop.running.settled()
    assert len(await shop.supplier.shipments()) == 1
    assert await shop.stock_at("01093579") == {"BAR-1": (7, 3)}


async def test_d11_a_comment_is_added_and_taken_away(shop: World) -> None:
    await shopping.place(shop, shopping.by_library())
    for body in ("null", '""', ""):
        commented = await wire.told(shop.retailer, "POST", f"{ORDERS}/BAR1/comments", COMMENT)
        assert wire.lacking(commented["comments"], [json.loads(COMMENT)]) == []
        assert (await wire.answer(shop.retailer, "DELETE", f"{ORDERS}/BAR1/comments/91", body)).is_success
        assert not (await wire.told(shop.retailer, "GET", f"{ORDERS}/BAR1")).get("comments")


async def test_a8_an_order_that_is_not_valid_is_refused_whole_with_every_field(shop: World) -> None:
    await shop.warehouse("coded", {"CODED": 5}, eans={"CODED": "1234567891005"})
    reach = '"telephone":"+358501234567","email":"a@example.com"'
    for changes, fields in (
        ([(":null", ':"6419835068484"'), ('"BAR-1"', '"CODED"'), ('"01093579"', "null")], ["rows[0].productEANCode"]),
        ([('"externalProductId":"BAR-1",', "")], ["rows[0].externalProductId"]),
        ([('"rows":[{', '"rows":[],"rest":[{')], ["rows"]),
        ([(reach, '"telephone":"","email":null')], ["client.email", "client.telephone"]),
        ([('"quantity":3', '"quantity":0'), ('"EUR"', '"Euro"')], ["currency", "rows[0].quantity"]),
    ):
        body = shopping.by_library()
        for right, wrong in changes:
            assert right in body
            body = body.replace(right, wrong)
        refused = await wire.answer(shop.retailer, "POST", ORDERS, body)
        assert refused.status_code == 400, fields
        told = refused.json()
        assert (told["status"], told["error"], told["path"]) == (400, "Bad Request", ORDERS)
        assert sorted(error["field"] for error in told["errors"]) == fields, told
    assert await shopping.numbers(shop, "") == []


async def test_a12_an_order_that_nobody_can_serve_says_why(shop: World) -> None:
    await shopping.place(shop, shopping.by_library().replace('"BAR-1"', '"NO-SUCH"'))
    order = await shopping.until(shop, "BAR1", "Unroutable")
    assert order["rows"][0]["reason"]


async def test_a15_the_same_order_again_is_harmless_and_another_with_its_number_is_refused(shop: World) -> None:
    first = await shopping.place(shop, shopping.by_library())
    second = await shopping.place(shop, shopping.by_library())
    assert second["metadata"]["insertDate"] == first["metadata"]["insertDate"]
    other = shopping.by_library().replace('"quantity":3', '"quantity":4')
    refused = await wire.answer(shop.retailer, "POST", ORDERS, other)
    assert refused.status_code == 409
    await shop.running.settled()
    assert await shop.stock_at("01093579") == {"BAR-1": (7, 3)}
