"""Products and balances as shops and suppliers send them and read them (glue-api.md A.6, A.7, D.3, D.11)."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.journeys.world import World, row
from tests.public_api.samples import wire
from tests.public_api.samples.parties import Parties

INVENTORY, BALANCES = "/ecommerce/v3/inventory", "/ecommerce/v3/inventory/balances"

WHOLE = """[{"product":{
  "externalId":"A.6-whole","supplierId":"","status":"ACTIVE","eanCode":"6419835068484","recommendedRetailPrice":12.5,
  "currency":"EUR","vatPercentage":25.5,"unitOfMeasure":"KPL",
  "measurements":{"weight":1.43,"length":0.2,"width":0.065,"height":0.45,"volume":0.515},
  "isFragile":true,"isDangerousGoods":true,"isOversized":true,"hasBestBeforeDate":true,"hasWarranty":true,
  "warrantSerialControlled":true,"warrantExpiration":240,"distributor":"PO-group-1",
  "categories":{"en":["Shoes","Fishing"],"fi":["Kengät"]},"images":[{"url":"http://shop.invalid/image-7.jpg"}],
  "descriptions":{"fi":{"name":"Saappaat","shortDescription":"Vihreät","description":"Pidempi","supplier":"Nokia",
    "attachments":[{"name":"Kuva 1","type":"marketing","contentType":"jpg","uri":"http://shop.invalid/1.jpg"}],
    "comments":[{"type":"Ohjeet","name":"Huolto","value":"Pese vedellä."}],
    "specifications":[{"type":"Options","properties":[
      {"name":"Size","value":"M","specifier":"EU","description":"As in shoes"},{"name":"Colour","value":"White"}]}]},
   "en":{"name":"Boots"}}}}]"""
"""Every field that a product may have."""


@pytest.fixture
async def sent_by_shop(parties: Parties) -> list[dict[str, Any]]:
    """D.3: a shop has put its own product into its own warehouse."""
    assert await wire.told(parties.supplier, "PUT", INVENTORY, wire.printed("products-by-shop.json")) == []
    sent: list[dict[str, Any]] = json.loads(wire.printed("products-by-shop.json"))
    return sent


async def test_d3_what_a_shop_sends_is_read_back_by_id_and_by_catalogue(
    parties: Parties, sent_by_shop: list[dict[str, Any]]
) -> None:
    [sent] = sent_by_shop
    one = await wire.told(parties.supplier, "GET", f"{INVENTORY}/WOO-1")
    assert one.keys() == {"product", "balances"}
    assert wire.lacking(one, sent) == []
    assert one["product"].keys().isdisjoint({"eanCode", "distributor"}), "a blank was kept as a value"
    listed = await wire.told(
        parties.supplier, "GET", f"{INVENTORY}?retailerId=0109357-9&catalogExternalId=01093579&productExternalId=WOO-1"
    )
    assert listed["content"] == [one]


async def test_d3_a_shop_that_sends_no_measurements_and_no_dimensions_is_understood(parties: Parties) -> None:
    for measurements in ('{"weight":null,"length":null,"width":null,"height":null}', "null", "[]", '""'):
        body = f'[{{"product":{{"externalId":"WOO-2","status":"ACTIVE","measurements":{measurements}}}}}]'
        assert await wire.told(parties.supplier, "PUT", INVENTORY, body) == []
    assert "measurements" not in (await wire.told(parties.supplier, "GET", f"{INVENTORY}/WOO-2"))["product"]


async def test_d11_a_shop_withdraws_and_ends_its_product(parties: Parties) -> None:
    published = wire.printed("products-by-shop.json").replace("WOO-1", "WOO-B")
    assert await wire.told(parties.supplier, "PUT", INVENTORY, published) == []
    withdrawn = '[{"productExternalId":"WOO-B","catalogExternalId":"01093579","retailerId":"0109357-9"}]'
    assert await wire.told(parties.supplier, "DELETE", BALANCES, withdrawn) == []
    assert (await wire.told(parties.supplier, "GET", f"{INVENTORY}/WOO-B"))["balances"] == []
    ended = '[{"product":{"externalId":"WOO-B","status":"EOS"}}]'
    assert await wire.told(parties.supplier, "DELETE", INVENTORY, ended) == []
    assert (await wire.answer(parties.supplier, "GET", f"{INVENTORY}/WOO-B")).status_code == 404


async def test_a6_a_product_comes_back_with_every_field_there_is(world: World) -> None:
    assert await wire.told(world.supplier, "PUT", INVENTORY, WHOLE) == []
    shown = await wire.told(world.supplier, "GET", f"{INVENTORY}/A.6-whole")
    [sent] = json.loads(WHOLE)
    assert shown == {"product": sent["product"] | {"supplierId": world.supplier.id}, "balances": []}
    assert (await wire.answer(world.supplier, "GET", f"{INVENTORY}/A.6-none")).status_code == 404


async def test_a6_two_products_may_have_one_code_and_an_id_has_letters_digits_dashes_and_dots(world: World) -> None:
    body = (
        '[{"product":{"externalId":"a-1.A","eanCode":"1234567891005"}},'
        '{"product":{"externalId":"b_1"}},{"product":{"externalId":"c 1"}},'
        '{"product":{"externalId":"d-1.D","eanCode":"1234567891005"}}]'
    )
    errors = await wire.told(world.supplier, "PUT", INVENTORY, body)
    assert [(error["index"], error["field"]) for error in errors] == [
        (1, "product.externalId"),
        (2, "product.externalId"),
    ]
    listed = await wire.told(world.supplier, "GET", f"{INVENTORY}?productExternalId=a-1.A,d-1.D,b_1")
    assert [item["product"]["externalId"] for item in listed["content"]] == ["a-1.A", "d-1.D"]


async def test_a6_ending_by_put_keeps_the_product_and_a_migration_may_be_asked_for_with_an_empty_text(
    world: World,
) -> None:
    prefixed = f"{world.supplier.id}-10001"
    body = f'[{{"product":{{"externalId":"{prefixed}"}}}},{{"product":{{"externalId":"X","status":"EOS"}}}}]'
    assert await wire.told(world.supplier, "PUT", INVENTORY, body) == []
    assert (await wire.answer(world.supplier, "POST", f"{INVENTORY}/migrate", '""')).is_success
    listed = await wire.told(world.supplier, "GET", INVENTORY)
    assert "10001" in [item["product"]["externalId"] for item in listed["content"]]


async def test_a7_a_balance_has_every_field_there_is(world: World) -> None:
    await world.warehouse("Catalog1", {"P": 5}, eans={"P": "1234567891005"})
    body = (
        f'[{{"productExternalId":"P","catalogExternalId":"Catalog1","retailerId":"{world.retailer.id}",'
        '"wholesalePrice":23.4,"currecy":"EUR","incoming":40}]'
    )
    assert await wire.told(world.supplier, "PUT", BALANCES, body) == []
    balance = {
        "productExternalId": "P",
        "eanCode": "1234567891005",
        "retailerId": world.retailer.id,
        "catalogExternalId": "Catalog1",
        "quantity": 5,
        "wholesalePrice": 23.4,
        "currency": "EUR",
        "incoming": 40,
    }
    for caller, address in (
        (world.supplier, BALANCES),
        (world.supplier, f"{BALANCES}?retailerId={world.retailer.id}&catalogExternalId=Catalog1"),
        (world.supplier, f"{BALANCES}?modifiedFromDate=2021-05-25T09:00:00.000Z"),
        (world.retailer, "/ecommerce/v3/catalogs/Catalog1/balances"),
        (world.retailer, "/ecommerce/v3/catalogs/balances"),
    ):
        [shown] = (await wire.told(caller, "GET", address))["content"]
        assert wire.lacking(shown, balance) == [], address
        assert "allocated" not in shown, "no order ever took anything"


async def test_a7_an_order_moves_units_to_allocated_delivery_takes_them_and_cancelling_returns_them(
    world: World,
) -> None:
    await world.warehouse("01093579", {"P": 10})
    before = quote(datetime.now(UTC).isoformat(timespec="milliseconds"), safe="")
    delivered, cancelled = await world.place(row("P", 3)), await world.place(row("P", 2))
    for number in (delivered, cancelled):
        await world.order(number)
    assert await world.stock_at("01093579") == {"P": (5, 5)}
    changed = await wire.told(world.retailer, "GET", f"/ecommerce/v3/catalogs/balances?modifiedFromDate={before}")
    assert [balance["productExternalId"] for balance in changed["content"]] == ["P"]
    shipments = {one["consignment"]["reference"]: one for one in await world.supplier.shipments()}
    await world.supplier.move(shipments[delivered], "Delivered")
    await world.supplier.move(shipments[cancelled], "Cancelled")
    await world.running.settled()
    [shown] = (await wire.told(world.retailer, "GET", "/ecommerce/v3/catalogs/01093579/balances"))["content"]
    assert (shown["quantity"], shown["allocated"]) == (7, 0)


async def test_a7_a_product_must_be_published_before_its_quantity_is_kept(world: World) -> None:
    await world.warehouse("Catalog1", {})
    assert await wire.told(world.supplier, "PUT", INVENTORY, '[{"product":{"externalId":"NEW"}}]') == []
    errors = await wire.told(world.supplier, "PUT", BALANCES, '[{"productExternalId":"NEW","quantity":5}]')
    assert [error["index"] for error in errors] == [0], "it is published nowhere"
    there = f'"catalogExternalId":"Catalog1","retailerId":"{world.retailer.id}"'
    for change in ('"wholesalePrice":9', '"quantity":5'):
        body = f'[{{"productExternalId":"NEW",{there},{change}}}]'
        assert await wire.told(world.supplier, "PUT", BALANCES, body) == []
    [shown] = (await wire.told(world.supplier, "GET", BALANCES))["content"]
    assert (shown["quantity"], shown["wholesalePrice"]) == (5, 9)


async def test_a7_a_price_is_the_retailers_own(world: World) -> None:
    other = await world.party("retailer", "Other shop")
    for retailer in (world.retailer, other):
        terms = f'{{"supplierId":"{world.supplier.id}","priority":1}}'
        await wire.told(retailer, "PUT", "/ecommerce/v3/catalogs/W", terms)
        where = f'{{"state":"active","retailerId":"{retailer.id}"}}'
        await wire.told(world.supplier, "PUT", "/ecommerce/v3/catalogs/W/activation", where)
    balances = ",".join(
        f'{{"retailerId":"{retailer.id}","catalogExternalId":"W","wholesalePrice":{price}}}'
        for retailer, price in ((world.retailer, 23.4), (other, 25.6))
    )
    body = f'[{{"product":{{"externalId":"P","descriptions":{{"en":{{"name":"Boots"}}}}}},"balances":[{balances}]}}]'
    assert await wire.told(world.supplier, "PUT", INVENTORY, body) == []
    for retailer, price in ((world.retailer, 23.4), (other, 25.6)):
        [item] = (await wire.told(retailer, "GET", INVENTORY))["content"]
        assert item["product"]["descriptions"] == {"en": {"name": "Boots"}}
        assert [balance["wholesalePrice"] for balance in item["balances"]] == [price]


async def test_a7_a_shop_patches_the_stock_of_its_own_warehouse(
    parties: Parties, sent_by_shop: list[dict[str, Any]]
) -> None:
    address = "/ecommerce/v3/catalogs/01093579/balances"
    assert await wire.told(parties.supplier, "PATCH", address, '[{"productExternalId":"WOO-1","quantity":7}]') == []
    shown = await wire.told(parties.supplier, "GET", f"{address}?productExternalId=WOO-1")
    assert [balance["quantity"] for balance in shown["content"]] == [7]
    assert sent_by_shop[0]["balances"][0]["wholesalePrice"] == shown["content"][0]["wholesalePrice"]
