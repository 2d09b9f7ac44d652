"""Shipments as suppliers poll for them, confirm, split and cancel them (glue-api.md A.9, D.4 to D.9, D.13)."""

import json
import re
from typing import Any

import pytest

from tests.journeys.world import World
from tests.public_api.samples import shopping, wire

SHIPMENTS = "/ecommerce/v3/shipments"
ITEM, CATALOGUE = "0109357-9-5002", "01093579"

SEEN = '{"status":{"value":"Viewed"}}'
CONFIRMED = """{"status":{"value":"Delivered"},"consignment":{"parcels":[
 {"parcelId":"1","packageType":"PC","ready":true,
 "rows":[{"externalWarehouseId":"01093579","itemId":"0109357-9-5002","deliveredQuantity":1,"quantity":1.0}]}]}}"""
CARRIED = CONFIRMED.replace('"ready":true,', '"ready":true,"trackingCodes":["EXTERNALLY GENERATED TRACKING CODE"],')
SPLIT = """{"status":{"value":"Delivered"},"consignment":{"parcels":[
 {"parcelId":"1","packageType":"PC","ready":true,
  "rows":[{"externalWarehouseId":"01093579","itemId":"0109357-9-5002","deliveredQuantity":2,"quantity":5.0}]},
 {"parcelId":"2","packageType":"PC","serviceCode":"2103","pickupPointId":"002303200","routingServiceCode":"3200",
  "ready":true,
  "rows":[{"externalWarehouseId":"01093579","itemId":"0109357-9-5002","deliveredQuantity":3,"quantity":5.0}]}]}}"""
CANCELLED = '{"status":{"value":"Cancelled"}}'


@pytest.fixture
async def shop(world: World) -> World:
    """The catalogue and the product that the samples of shipments name, of which there are twenty."""
    await world.warehouse(CATALOGUE, {ITEM: 20, "LACES": 20}, contractNumber="612345")
    return world


async def ordered(world: World, quantity: int, number: str = "BAR1", *more: dict[str, Any]) -> dict[str, Any]:
    """The shipment of an order as the library sends it, for so many."""
    order = json.loads(shopping.by_library())
    [row] = order["rows"]
    rows = [row | {"externalProductId": ITEM, "quantity": quantity}, *(row | other for other in more)]
    await shopping.place(world, json.dumps(order | {"externalId": number, "rows": rows}))
    await shopping.until(world, number, "Created")
    made = {shipment["consignment"]["reference"]: shipment for shipment in await world.supplier.shipments()}
    return made[number]


async def change(world: World, shipment: dict[str, Any], body: str, method: str = "PATCH") -> dict[str, Any]:
    """The whole shipment as it is answered to a change, and as it is from then on."""
    address = f"{SHIPMENTS}/{shipment['shipmentId']}"
    changed: dict[str, Any] = await wire.told(world.supplier, method, address, body)
    assert changed.keys() >= {"shipmentId", "metadata", "status", "createdDate", "consignment", "clientId"}
    assert await wire.told(world.supplier, "GET", address) == changed
    return changed


async def test_a9_a_shipment_has_every_field_there_is(shop: World) -> None:
    shipment = await ordered(shop, 3)
    sent = json.loads(shopping.by_library())
    await change(shop, shipment, '{"externalId":"S-1001"}')
    shown = await wire.told(shop.supplier, "GET", f"{SHIPMENTS}/{shipment['shipmentId']}")
    row = {
        "itemId": ITEM,
        "externalWarehouseId": CATALOGUE,
        "quantity": 3,
        "productDescription": "Fishing boots",
    }
    wanted = {
        "shipmentId": shipment["shipmentId"],
        "externalId": "S-1001",
        "clientId": shop.supplier.id,
        "metadata": {"sourceOrganization": shop.retailer.id, "documentType": "SalesOrder"},
        "references": [{"name": "SO", "value": "SO-1"}],
        "status": {"value": "Created"},
        "consignment": {
            "reference": "BAR1",
            "contractNumber": "612345",
            "orderDate": "2026-01-02T08:00:00.000Z",
            "vendor": sent["vendor"],
            "sender": sent["sender"],
            "client": sent["client"],
            "deliveryAddress": sent["deliveryAddress"],
            "deliveryOperator": "Posti",
            "rows": [row],
            "parcels": [
                {
                    "parcelId": "1",
                    "packageType": "PC",
                    "serviceCode": "2103",
                    "deliveryOperator": "Posti",
                    "additionalServices": [{"serviceCode": "3104"}],
                    "pickupPointId": "001003200",
                    "routingServiceCode": "3200",
                    "ready": False,
                    "trackingCodes": [],
                    "rows": [{"itemId": ITEM, "externalWarehouseId": CATALOGUE, "quantity": 3}],
                }
            ],
        },
    }
    assert wire.lacking(shown, wanted) == []
    assert {"insertDate", "updateDate"} <= shown["metadata"].keys()
    for moment in (shown["createdDate"], shown["status"]["timestamp"], shown["metadata"]["updateDate"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
    seen_by_shop = await wire.told(shop.retailer, "GET", f"{SHIPMENTS}/{shipment['shipmentId']}")
    assert "externalId" not in seen_by_shop, "the supplier's own reference is nobody else's business"


async def test_d4_a_poll_answers_an_envelope_of_twenty(shop: World) -> None:
    shipments = [await ordered(shop, 1, f"BAR{number}") for number in range(1, 5)]
    await change(shop, shipments[3], CANCELLED)
    page = await wire.told(shop.supplier, "GET", f"{SHIPMENTS}?from=2026-01-02T00:00:00Z&status=Created,Viewed")
    assert page["page"] == {"size": 20, "totalElements": 3, "totalPages": 1, "number": 0}
    assert [one["shipmentId"] for one in page["content"]] == [one["shipmentId"] for one in shipments[:3]]
    later = await wire.told(shop.supplier, "GET", f"{SHIPMENTS}?from=2126-01-02T00:00:00Z&status=Created,Viewed")
    assert later["page"]["totalElements"] == 0
    more = await wire.told(shop.supplier, "GET", f"{SHIPMENTS}?from=2026-01-02T00:00:00Z&page=1&size=3")
    assert more["page"] == {"size": 3, "totalElements": 4, "totalPages": 2, "number": 1}
    assert [one["status"]["value"] for one in more["content"]] == ["Cancelled"]


async def test_d5_what_is_seen_is_viewed_in_the_order_too(shop: World) -> None:
    seen = await change(shop, await ordered(shop, 1), SEEN)
    assert seen["status"]["value"] == "Viewed"
    assert seen["consignment"]["parcels"][0]["ready"] is False
    order = await shopping.until(shop, "BAR1", "Viewed")
    assert order["rows"][0]["status"]["value"] == "Viewed"


async def test_a9_a_shipment_that_was_saved_is_sent_back_whole_with_what_is_different(shop: World) -> None:
    saved = await change(shop, await ordered(shop, 1), SEEN)
    sent = saved | {"status": {"value": "Picking"}, "externalId": "S-1001"}
    changed = await change(shop, saved, json.dumps(sent), "PUT")
    assert (changed["status"]["value"], changed["externalId"]) == ("Picking", "S-1001")
    assert changed["consignment"] == saved["consignment"]


async def test_a9_every_status_is_copied_to_the_retailers_order(shop: World) -> None:
    shipment = await ordered(shop, 1)
    for status in ("Submitted", "Viewed", "Picking", "Packing", "Shipping", "Delivered"):
        moved = await change(shop, shipment, f'{{"status":{{"value":"{status}"}}}}')
        assert moved["status"]["value"] == status
        await shopping.until(shop, "BAR1", status)


async def test_d6_what_is_confirmed_is_delivered_and_an_external_carriers_codes_reach_the_order(shop: World) -> None:
    confirmed = await change(shop, await ordered(shop, 1), CONFIRMED)
    [parcel] = confirmed["consignment"]["parcels"]
    assert (confirmed["status"]["value"], parcel["ready"]) == ("Delivered", True)
    assert [(row["deliveredQuantity"], row["quantity"]) for row in parcel["rows"]] == [(1, 1)]
    order = await shopping.until(shop, "BAR1", "Delivered")
    assert order["rows"][0]["deliveredQuantity"] == 1
    carried = await change(shop, await ordered(shop, 1, "BAR2"), CARRIED)
    codes = ["EXTERNALLY GENERATED TRACKING CODE"]
    assert carried["consignment"]["parcels"][0]["trackingCodes"] == codes
    order = await shopping.until(shop, "BAR2", "Delivered")
    assert order["trackingCodes"] == order["rows"][0]["trackingCodes"] == codes
    await shop.running.settled()
    assert (await shop.stock_at(CATALOGUE))[ITEM] == (18, 0)


async def test_d7_a_shipment_is_split_into_two_parcels_by_put_and_by_patch(shop: World) -> None:
    for number, method in (("BAR1", "PUT"), ("BAR2", "PATCH")):
        split = await change(shop, await ordered(shop, 5, number), SPLIT, method)
        first, second = split["consignment"]["parcels"]
        sent = json.loads(SPLIT)["consignment"]["parcels"]
        assert wire.lacking([first, second], sent) == []
        assert (first["serviceCode"], first["pickupPointId"]) == ("2103", "001003200"), "what it says nothing of stays"
        assert split["consignment"]["rows"][0]["deliveredQuantity"] == 5
        order = await shopping.until(shop, number, "Delivered")
        assert order["rows"][0]["deliveredQuantity"] == 5


async def test_a9_another_service_is_taken_when_it_is_named(shop: World) -> None:
    body = CONFIRMED.replace(
        '"ready":true,',
        '"ready":true,"serviceCode":"90010","deliveryOperator":"Matkahuolto","addtionalServices":[],'
        '"trackingCodes":["JJFI65432100000000224"],',
    )
    [parcel] = (await change(shop, await ordered(shop, 1), body))["consignment"]["parcels"]
    assert (parcel["serviceCode"], parcel["deliveryOperator"]) == ("90010", "Matkahuolto")
    assert parcel["additionalServices"] == []
    assert (await shopping.until(shop, "BAR1", "Delivered"))["trackingCodes"] == ["JJFI65432100000000224"]


async def test_d8_a_fast_confirmation_has_no_body_and_delivers_all(shop: World) -> None:
    for number, body in (("BAR1", ""), ("BAR2", '""'), ("BAR3", "null")):
        shipment = await ordered(shop, 5, number)
        confirmed = await wire.told(shop.supplier, "POST", f"{SHIPMENTS}/{shipment['shipmentId']}/delivered", body)
        assert confirmed["status"]["value"] == "Delivered"
        assert confirmed["consignment"]["rows"][0]["deliveredQuantity"] == 5
        order = await shopping.until(shop, number, "Delivered")
        assert order["rows"][0]["deliveredQuantity"] == 5


async def test_a9_what_is_not_delivered_is_listed_with_0_and_goes_back_to_stock(shop: World) -> None:
    shipment = await ordered(shop, 4, "BAR1", {"externalId": "2", "externalProductId": "LACES", "quantity": 2})
    rows = (
        '{"externalWarehouseId":"01093579","itemId":"0109357-9-5002","deliveredQuantity":3,"quantity":4.0},'
        '{"externalWarehouseId":"01093579","itemId":"LACES","deliveredQuantity":0,"quantity":2.0}'
    )
    body = (
        '{"status":{"value":"Delivered"},"consignment":{"parcels":[{"parcelId":"1","packageType":"PC","ready":true,'
        f'"rows":[{rows}]}}]}}}}'
    )
    await change(shop, shipment, body)
    order = await shopping.until(shop, "BAR1", "Delivered")
    assert [row["deliveredQuantity"] for row in order["rows"]] == [3, 0]
    await shop.running.settled()
    assert await shop.stock_at(CATALOGUE) == {ITEM: (17, 0), "LACES": (20, 0)}


async def test_d9_a_cancelled_shipment_cancels_the_order_it_was_all_of(shop: World) -> None:
    cancelled = await change(shop, await ordered(shop, 5), CANCELLED)
    assert cancelled["status"]["value"] == "Cancelled"
    order = await shopping.until(shop, "BAR1", "Cancelled")
    assert [row["deliveredQuantity"] for row in order["rows"]] == [0]
    await shop.running.settled()
    assert (await shop.stock_at(CATALOGUE))[ITEM] == (20, 0)


async def test_a9_each_supplier_gets_a_shipment_of_its_own(shop: World) -> None:
    other = await shop.party("supplier", "Other supplier")
    await shop.warehouse("Catalog1", {"HATS": 5}, supplier=other)
    hats = {"externalId": "2", "externalProductId": "HATS", "externalWarehouseId": "Catalog1", "quantity": 1}
    first = await ordered(shop, 2, "BAR1", hats)
    [second] = await other.shipments()
    assert [row["itemId"] for row in first["consignment"]["rows"]] == [ITEM]
    assert [row["itemId"] for row in second["consignment"]["rows"]] == ["HATS"]
    await change(shop, first, '{"status":{"value":"Delivered"}}')
    order = await shopping.until(shop, "BAR1", "Partially delivered")
    assert [row["status"]["value"] for row in order["rows"]] == ["Delivered", "Created"]
    await other.move(second, "Cancelled")
    order = await shopping.until(shop, "BAR1", "Delivered")
    assert [row["deliveredQuantity"] for row in order["rows"]] == [2, 0]


async def test_a9_fragile_and_oversized_products_add_their_services(shop: World) -> None:
    products = (
        '[{"product":{"externalId":"0109357-9-5002","isFragile":true}},'
        '{"product":{"externalId":"LACES","isOversized":true}}]'
    )
    assert await wire.told(shop.supplier, "PUT", "/ecommerce/v3/inventory", products) == []
    await shop.running.settled()
    order = json.loads(shopping.by_plugin("BAR2"))
    [row] = order["rows"]
    rows = [row | {"externalId": str(n), "externalProductId": p} for n, p in enumerate((ITEM, "LACES"), 1)]
    await shopping.place(shop, json.dumps(order | {"rows": rows}))
    await shopping.until(shop, "BAR2", "Created")
    [shipment] = await shop.supplier.shipments()
    [parcel] = shipment["consignment"]["parcels"]
    assert {service["serviceCode"] for service in parcel["additionalServices"]} == {"3376", "3104", "3174"}


async def test_a9_the_other_addresses_of_a_shipment_answer(shop: World) -> None:
    shipment = await ordered(shop, 1)
    address = f"{SHIPMENTS}/{shipment['shipmentId']}"
    options = await wire.told(shop.supplier, "GET", f"{address}/options")
    assert "2103" in [service["id"] for service in options["services"]]
    event = '{"type":"InTransit","timestamp":"2026-01-02T12:00:00Z","location":"Tampere"}'
    assert (await wire.answer(shop.supplier, "POST", f"{address}/events", event)).is_success
    shown = await wire.told(shop.supplier, "GET", address)
    assert [one["type"] for one in shown["events"]] == ["InTransit"]
    unlabelled = await wire.answer(shop.supplier, "GET", f"{address}/parcels/1/label")
    assert unlabelled.status_code == 404
    assert "it has no tracking code" in unlabelled.json()["message"]
    note = await wire.answer(shop.supplier, "GET", f"{address}/parcels/1/note")
    assert (note.status_code, note.headers["content-type"]) == (200, "application/pdf")
    assert note.content.startswith(b"%PDF-")


async def test_a15_the_cancel_example_with_its_stray_comma_is_refused_clearly(shop: World) -> None:
    shipment = await ordered(shop, 1)
    address = f"{SHIPMENTS}/{shipment['shipmentId']}"
    refused = await wire.answer(shop.supplier, "PATCH", address, '{"status":{"value":"Cancelled"},}')
    assert refused.status_code == 400
    assert "is not valid JSON" in refused.json()["message"]
    assert (await wire.told(shop.supplier, "GET", address))["status"]["value"] == "Created"
