"""The public page on products, walked from its first example to its last, bodies and answers as they are printed."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.journeys.world import CONSUMER, Caller
from tests.public_api.samples import wire
from tests.public_api.samples.parties import Parties

INVENTORY, BALANCES = "/v3/inventory", "/v3/inventory/balances"
FIRST, SECOND = "Example-product-01", "Example-product-02"

Said = Mapping[str, Any]


@pytest.fixture(scope="module")
async def said(parties: Parties) -> Said:
    """What was answered at each step of the page, by the name of the step."""
    supplier, shop, other = parties.supplier, parties.shop, parties.other_shop
    said: dict[str, Any] = {}

    async def note(step: str, caller: Caller, method: str, address: str, body: str = "") -> None:
        said[step] = await wire.told(caller, method, address, body)

    await note("create first", supplier, "PUT", INVENTORY, wire.printed("create-first.json"))
    await note("create second", supplier, "PUT", INVENTORY, wire.printed("create-second.json"))
    await note("created", supplier, "GET", f"/ecommerce/v3/inventory?productExternalId={FIRST},{SECOND}")
    await note("shop before", shop, "GET", "/ecommerce/v3/inventory")
    await note("publish", supplier, "PUT", BALANCES, wire.printed("publish.json"))
    await note("published", supplier, "GET", f"/ecommerce/v3/inventory/balances?productExternalId={FIRST},{SECOND}")

    listed = json.loads(wire.printed("products-listed.json"))["content"]
    await note("update", supplier, "PUT", INVENTORY, json.dumps([{"product": item["product"]} for item in listed]))
    for product in (FIRST, SECOND):
        await note(f"withdraw {product}", supplier, "DELETE", f"{BALANCES}?productExternalId={product}")
    await note("withdrawn everywhere", supplier, "GET", f"{BALANCES}?productExternalId={FIRST},{SECOND}")
    stock = [before_orders(balance) for item in listed for balance in item["balances"]]
    await note("publish again", supplier, "PUT", BALANCES, json.dumps(stock))
    await parties.running.settled()
    await order(shop, "Catalog1", {FIRST: 1, SECOND: 3})
    await parties.running.settled()
    await note("products", supplier, "GET", "/ecommerce/v3/inventory")
    await note("balances", supplier, "GET", "/ecommerce/v3/inventory/balances")

    await order(other, "Catalog999", {SECOND: 5})
    await parties.running.settled()
    await note("quantities", supplier, "PUT", BALANCES, wire.printed("quantities.json"))
    await note("prices", supplier, "PUT", BALANCES, wire.printed("prices.json"))
    await note("result", supplier, "GET", f"{BALANCES}?productExternalId={SECOND}")
    await note("shared", supplier, "PUT", BALANCES, wire.printed("shared-quantities.json"))
    await note("shared result", supplier, "GET", f"{BALANCES}?productExternalId={FIRST},{SECOND}")

    for step, query in {
        "shop's products": "products",
        "shop's balances": "balances",
        "shop's one product": f"products/?productExternalId={FIRST}",
        "shop's two products": f"products/?productExternalId={FIRST},{SECOND}",
        "shop's products by code": "products/?eanCode=1234567891005",
        "shop's one balance": f"balances/?productExternalId={FIRST}",
        "shop's balances by code": "balances/?eanCode=1234567891005",
        "shop's changed balances": "balances?modifiedFromDate=2021-05-25T09:00:00.000Z",
    }.items():
        await note(step, shop, "GET", f"/v3/catalogs/Catalog1/{query}")

    released = f'[{{"productExternalId": "{FIRST}", "quantity": 100, "allocated": 0}}]'
    await note("release", supplier, "PUT", BALANCES, released)
    await note("released", supplier, "GET", f"{BALANCES}?productExternalId={FIRST}")
    one = f"{BALANCES}?productExternalId={SECOND}&catalogExternalId=Catalog1&retailerId=1531864-4"
    await note("withdraw one", supplier, "DELETE", one)
    await note("withdrawn from one", supplier, "GET", f"{BALANCES}?productExternalId={SECOND}")
    await note("end", supplier, "DELETE", INVENTORY, wire.printed("end-of-sale.json"))
    await note("supplier after the end", supplier, "GET", INVENTORY)
    await note("shop after the end", other, "GET", "/v3/catalogs/Catalog999/products")
    return said


def before_orders(balance: Mapping[str, Any]) -> dict[str, Any]:
    """A printed balance as its supplier gives it, so that orders for what is allocated lead to what is printed."""
    given = {"currency": "EUR"} | {name: value for name, value in balance.items() if name != "eanCode"}
    return given | {"quantity": balance["quantity"] + given.pop("allocated", 0)}


async def order(retailer: Caller, catalogue: str, quantities: Mapping[str, int]) -> None:
    """Order so much of each product from a catalogue."""
    rows = [
        {"externalId": str(number), "externalProductId": product, "externalWarehouseId": catalogue, "quantity": wanted}
        for number, (product, wanted) in enumerate(quantities.items(), 1)
    ]
    head = {
        "orderDate": "2026-01-02T08:00:00.000+00:00",
        "metadata": {"documentType": "SalesOrder"},
        "client": CONSUMER | {"telephone": "+358501234567"},
        "deliveryAddress": CONSUMER,
        "serviceCode": "2103",
    }
    await wire.told(retailer, "POST", "/ecommerce/v3/orders", json.dumps(head | {"rows": rows}))


def of_the_page(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a list holds of the page's products, by product and catalogue."""
    content = page["content"]
    assert page["links"] == []
    assert page["page"] == {"size": 2000, "totalElements": len(content), "totalPages": 1, "number": 0}

    def key(item: Mapping[str, Any]) -> tuple[str, str]:
        named = item.get("product", item)
        return named.get("externalId") or named["productExternalId"], item.get("catalogExternalId", "")

    return sorted((item for item in content if key(item)[0].startswith("Example-product-")), key=key)


def test_each_write_of_the_page_answers_an_empty_array(said: Said) -> None:
    writes = ("create first", "create second", "publish", "update", "quantities", "prices", "shared", "release", "end")
    withdrawals = (f"withdraw {FIRST}", f"withdraw {SECOND}", "withdraw one")
    assert {step: said[step] for step in (*writes, *withdrawals)} == {step: [] for step in (*writes, *withdrawals)}


def test_what_is_created_is_shown_to_its_supplier_as_it_was_given_and_to_nobody_else(said: Said) -> None:
    given = [json.loads(wire.printed(f"create-{which}.json"))[0] for which in ("first", "second")]
    assert wire.lacking(of_the_page(said["created"]), given) == []
    for item in said["created"]["content"]:
        assert (item["product"]["supplierId"], item["product"]["status"], item["balances"]) == (
            "0109357-9",
            "ACTIVE",
            [],
        )
    assert said["shop before"]["content"] == []


def test_what_is_published_is_listed_once_for_each_catalogue(said: Said) -> None:
    given = json.loads(wire.printed("publish.json"))
    given.sort(key=lambda balance: (balance["productExternalId"], balance["catalogExternalId"]))
    assert wire.lacking(of_the_page(said["published"]), given) == []
    assert all("allocated" not in balance for balance in said["published"]["content"])


def test_the_list_of_products_is_as_it_is_printed(said: Said) -> None:
    wanted = json.loads(wire.printed("products-listed.json"))
    shown = of_the_page(said["products"])
    for item in shown:
        item["balances"].sort(key=lambda balance: balance["catalogExternalId"])
    assert wire.lacking(shown, wanted["content"]) == []


def test_the_list_of_balances_is_as_it_is_printed(said: Said) -> None:
    wanted = json.loads(wire.printed("balances-listed.json"))["content"]
    wanted.sort(key=lambda balance: (balance["productExternalId"], balance["catalogExternalId"]))
    shown = of_the_page(said["balances"])
    assert wire.lacking(shown, wanted) == []
    assert "allocated" not in shown[2], "nothing was ever ordered there"


def test_new_quantities_and_prices_leave_the_allocations(said: Said) -> None:
    assert wire.lacking(of_the_page(said["result"]), json.loads(wire.printed("prices-listed.json"))) == []


def test_a_quantity_without_a_catalogue_goes_to_all_of_them(said: Said) -> None:
    shown = of_the_page(said["shared result"])
    assert [(one["catalogExternalId"], one["quantity"], one.get("allocated")) for one in shown] == [
        ("Catalog1", 100, 1),
        ("Catalog1", 120, 3),
        ("Catalog999", 120, 5),
    ]


def test_an_allocation_of_0_releases_what_is_allocated(said: Said) -> None:
    (balance,) = of_the_page(said["released"])
    assert (balance["quantity"], balance.get("allocated", 0)) == (100, 0)


def test_a_shop_reads_its_catalogue_whole_and_by_product_code_and_change(said: Said) -> None:
    listed = json.loads(wire.printed("products-listed.json"))["content"]
    shown = of_the_page(said["shop's products"])
    assert wire.lacking([item["product"] for item in shown], [item["product"] for item in listed]) == []
    assert {balance["retailerId"] for item in shown for balance in item["balances"]} == {"1531864-4"}
    assert of_the_page(said["shop's two products"]) == of_the_page(said["shop's products by code"]) == shown
    assert of_the_page(said["shop's one product"]) == shown[:1]
    balances = of_the_page(said["shop's balances"])
    assert [item["balances"] for item in shown] == [[balance] for balance in balances]
    assert of_the_page(said["shop's balances by code"]) == of_the_page(said["shop's changed balances"]) == balances
    assert of_the_page(said["shop's one balance"]) == balances[:1]


def test_a_product_is_withdrawn_from_one_catalogue_or_from_all(said: Said) -> None:
    assert said["withdrawn everywhere"]["content"] == []
    assert [one["catalogExternalId"] for one in said["withdrawn from one"]["content"]] == ["Catalog999"]


def test_what_has_ended_is_gone_for_its_supplier_and_ended_for_a_shop(said: Said) -> None:
    assert [item["product"]["externalId"] for item in of_the_page(said["supplier after the end"])] == [FIRST]
    (item,) = of_the_page(said["shop after the end"])
    assert (item["product"]["externalId"], item["product"]["status"]) == (SECOND, "EOS")
    assert item["balances"][0]["quantity"] == 0
