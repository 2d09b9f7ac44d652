"""Inventory's HTTP interface, with the public documents' own examples."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from inventory import app, store
from inventory.settings import Settings
from shared.contracts import BalanceChanged, CatalogueChanged
from shared.postgres import Database
from tests import builders
from tests.builders import Signer
from tests.inventory import orders
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties

BOOTS = json.loads((Path(__file__).parent / "public_products.json").read_text())
FIRST, SECOND = "Example-product-01", "Example-product-02"
STRANGER = "2222222-2"


@pytest.fixture
async def published(parties: Parties) -> Parties:
    """The documents' two products, published to two shops."""
    await parties.open_catalogue("Catalog1")
    await parties.open_catalogue("Catalog999", retailer=OTHER_SHOP)
    assert await parties.put(SUPPLIER, INVENTORY, BOOTS) == []
    assert (
        await parties.put(
            SUPPLIER,
            BALANCES,
            [
                {**place, "quantity": quantity, "wholesalePrice": price, "currency": "EUR"}
                for place, quantity, price in (
                    (at(FIRST, SHOP, "Catalog1"), 10, 23.4),
                    (at(SECOND, SHOP, "Catalog1"), 10, 23.4),
                    (at(SECOND, OTHER_SHOP, "Catalog999"), 24, 25.6),
                )
            ],
        )
        == []
    )
    return parties


def at(product: str, retailer: str, catalogue: str) -> dict[str, Any]:
    return {"productExternalId": product, "retailerId": retailer, "catalogExternalId": catalogue}


def numbers(content: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(one.get(name) for name in names) for one in content]


async def test_a_product_comes_back_with_every_field_it_was_given(published: Parties) -> None:
    for item in BOOTS:
        product = item["product"]
        shown = await published.get(SUPPLIER, f"{INVENTORY}/{product['externalId']}")
        assert shown["product"] == {**product, "supplierId": SUPPLIER, "status": "ACTIVE"}


async def test_a_field_that_we_do_not_know_is_kept_and_a_field_that_is_not_given_stays(parties: Parties) -> None:
    first = {"externalId": "A.1", "colour": {"code": 7}, "unitOfMeasure": "KPL", "eanCode": "", "distributor": None}
    assert await parties.put(SUPPLIER, INVENTORY, [{"product": first}]) == []
    second = {"externalId": "A.1", "eanCode": "6419835068484", "measurements": {"weight": 1.43, "length": None}}
    assert await parties.put(SUPPLIER, INVENTORY, [{"product": second}]) == []
    assert (await parties.get(SUPPLIER, f"{INVENTORY}/A.1"))["product"] == {
        "externalId": "A.1",
        "supplierId": SUPPLIER,
        "status": "ACTIVE",
        "colour": {"code": 7},
        "unitOfMeasure": "KPL",
        "eanCode": "6419835068484",
        "measurements": {"weight": 1.43},
    }


async def test_the_supplier_sees_its_products_with_the_balances_of_all_shops(published: Parties) -> None:
    page = await published.get(SUPPLIER, INVENTORY)
    assert page["links"] == []
    assert page["page"] == {"size": 2000, "totalElements": 2, "totalPages": 1, "number": 0}
    assert [one["product"]["externalId"] for one in page["content"]] == [FIRST, SECOND]
    assert page["content"][1]["balances"][1] == {
        "productExternalId": SECOND,
        "eanCode": "1234567891005",
        "retailerId": OTHER_SHOP,
        "catalogExternalId": "Catalog999",
        "quantity": 24,
        "safetyStock": 0,
        "sellable": True,
        "wholesalePrice": 25.6,
        "currency": "EUR",
    }


async def test_a_shop_sees_what_is_published_to_it_and_no_one_elses_price(published: Parties) -> None:
    page = await published.get(OTHER_SHOP, INVENTORY)
    (only,) = page["content"]
    assert only["product"]["externalId"] == SECOND
    assert numbers(only["balances"], "retailerId", "wholesalePrice") == [(OTHER_SHOP, 25.6)]
    for path in (
        f"{CATALOGUES}/Catalog999/products",
        f"{INVENTORY}?retailerId={OTHER_SHOP}&catalogExternalId=Catalog999",
    ):
        assert (await published.get(OTHER_SHOP, path))["content"] == page["content"]
    assert (await published.call(OTHER_SHOP, "GET", f"{INVENTORY}/{FIRST}")).status_code == 404
    assert (await published.call(OTHER_SHOP, "GET", f"{CATALOGUES}/Catalog1/products")).status_code == 404
    assert (await published.call(OTHER_SHOP, "GET", f"{CATALOGUES}/Catalog1/balances")).status_code == 404
    assert (await published.get(STRANGER, INVENTORY))["content"] == []
    assert (await published.get(STRANGER, f"{CATALOGUES}/balances"))["content"] == []


async def test_lists_are_narrowed_by_product_and_ean_and_cut_into_pages(published: Parties) -> None:
    both = await published.get(SHOP, f"{INVENTORY}?productExternalId={FIRST},{SECOND}")
    assert len(both["content"]) == 2
    by_ean = await published.get(SHOP, f"{CATALOGUES}/Catalog1/products/?eanCode=1234567891005")
    assert [one["product"]["externalId"] for one in by_ean["content"]] == [SECOND]
    balance = await published.get(SHOP, f"{CATALOGUES}/Catalog1/balances/?productExternalId={FIRST}")
    assert numbers(balance["content"], "productExternalId", "quantity") == [(FIRST, 10)]
    page = await published.get(SUPPLIER, f"{BALANCES}?size=2&page=1")
    assert numbers(page["content"], "catalogExternalId") == [("Catalog999",)]
    assert page["page"] == {"size": 2, "totalElements": 3, "totalPages": 2, "number": 1}
    assert (await published.get(SUPPLIER, f"{INVENTORY}?size=1&page=9"))["page"]["totalElements"] == 2
    # The query as the PHP library writes it.
    odd = await published.get(SHOP, f"{INVENTORY}?retailerId={SHOP}&catalogExternalId=Catalog1?size=1?size=1&page=1")
    assert [one["product"]["externalId"] for one in odd["content"]] == [SECOND]


async def test_a_price_changes_without_the_quantity_and_a_quantity_without_the_price(published: Parties) -> None:
    change = [{**at(SECOND, SHOP, "Catalog1"), "wholesalePrice": 12}]
    assert await published.put(SUPPLIER, BALANCES, change) == []
    change = [
        {**at(SECOND, SHOP, "Catalog1"), "quantity": 200},
        {**at(SECOND, OTHER_SHOP, "Catalog999"), "quantity": 300},
    ]
    assert await published.put(SUPPLIER, BALANCES, change) == []
    page = await published.get(SUPPLIER, f"{BALANCES}?productExternalId={SECOND}")
    assert numbers(page["content"], "quantity", "wholesalePrice", "currency") == [(200, 12, "EUR"), (300, 25.6, "EUR")]


async def test_a_quantity_without_a_catalogue_goes_to_every_shop_that_has_the_product(published: Parties) -> None:
    change = [{"productExternalId": FIRST, "quantity": 100}, {"productExternalId": SECOND, "quantity": 120}]
    assert await published.put(SUPPLIER, BALANCES, change) == []
    page = await published.get(SUPPLIER, BALANCES)
    assert numbers(page["content"], "productExternalId", "quantity") == [(FIRST, 100), (SECOND, 120), (SECOND, 120)]
    assert await published.the_books_add_up()


async def test_allocations_stay_when_a_quantity_is_set_and_go_when_allocated_is_0(published: Parties) -> None:
    (answer,) = await published.allocate(orders.order(orders.row("1", 3, f"Catalog1/{FIRST}")))
    assert await published.balance(f"Catalog1/{FIRST}") == (7, 3)
    await published.put(SUPPLIER, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), "quantity": 20}])
    assert await published.balance(f"Catalog1/{FIRST}") == (20, 3)
    await published.put(SUPPLIER, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), "quantity": 17, "allocated": 0}])
    assert await published.balance(f"Catalog1/{FIRST}") == (17, 0)
    assert await published.the_books_add_up()
    assert answer.outcome == "full"


async def test_balances_inside_an_item_publish_its_product(parties: Parties) -> None:
    await parties.open_catalogue("01093579")
    item = {
        "product": {"externalId": "WOO-1", "eanCode": "", "distributor": "", "status": "ACTIVE"},
        "balances": [
            {
                "retailerId": SHOP,
                "catalogExternalId": "01093579",
                "wholesalePrice": 12.500000000000002,
                "currency": "EUR",
            }
        ],
    }
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []
    page = await parties.get(SHOP, f"{CATALOGUES}/balances")
    assert numbers(page["content"], "productExternalId", "quantity", "wholesalePrice") == [("WOO-1", 0, 12.5)]


async def test_a_shop_keeps_its_own_warehouse_without_anyone_else(parties: Parties) -> None:
    await parties.open_catalogue("OWN", retailer=SHOP, supplier=SHOP)
    item = {"product": {"externalId": "A"}, "balances": [{"catalogExternalId": "OWN", "quantity": 2.5}]}
    assert await parties.put(SHOP, INVENTORY, [item]) == []
    assert await parties.balance("OWN/A") == (2.5, None)
    (only,) = (await parties.get(SHOP, f"{INVENTORY}?productExternalId=A"))["content"]
    assert len(only["balances"]) == 1


async def test_only_what_changed_since_is_listed_whether_by_supplier_or_by_order(published: Parties) -> None:
    async with published.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET updated_at = '2026-01-01T00:00:00Z'")
    path = f"{CATALOGUES}/balances?modifiedFromDate=2026-01-01T00:00:01.000+00:00"
    assert (await published.get(SHOP, path))["content"] == []
    await published.allocate(orders.order(orders.row("1", 1, f"Catalog1/{FIRST}")))
    await published.put(SUPPLIER, BALANCES, [{**at(SECOND, SHOP, "Catalog1"), "quantity": 9}])
    changed = await published.get(SHOP, path)
    assert numbers(changed["content"], "productExternalId", "quantity", "allocated") == [
        (FIRST, 9, 1),
        (SECOND, 9, None),
    ]
    assert (
        len((await published.get(SHOP, f"{CATALOGUES}/Catalog1/balances?modifiedFromDate=2026-01-01"))["content"]) == 2
    )


async def test_the_end_of_sale_takes_the_stock_and_shows_the_shops_why(published: Parties) -> None:
    answer = await published.call(SUPPLIER, "DELETE", INVENTORY, [{"product": {"externalId": SECOND, "status": "EOS"}}])
    assert answer.json() == []
    assert (await published.call(SUPPLIER, "GET", f"{INVENTORY}/{SECOND}")).status_code == 404
    page = await published.get(SUPPLIER, BALANCES)
    assert numbers(page["content"], "productExternalId") == [(FIRST,)]
    (seen,) = (await published.get(OTHER_SHOP, f"{CATALOGUES}/Catalog999/products"))["content"]
    assert seen["product"]["status"] == "EOS"
    assert seen["balances"][0]["quantity"] == 0
    (refused,) = await published.put(SUPPLIER, BALANCES, [{"productExternalId": SECOND, "quantity": 5}])
    assert (refused["index"], refused["code"]) == (0, "end_of_sale")
    async with published.stock.transaction() as tx:
        await tx.execute("UPDATE products SET eos_at = now() - interval '15 days' WHERE status = 'EOS'")
    assert (await published.get(OTHER_SHOP, f"{CATALOGUES}/Catalog999/products"))["content"] == []
    assert await published.put(SUPPLIER, INVENTORY, [{"product": {"externalId": SECOND, "status": "ACTIVE"}}]) == []
    assert await published.balance(f"Catalog999/{SECOND}", retailer=OTHER_SHOP) == (0, None)
    assert await published.the_books_add_up()


@pytest.mark.parametrize("in_the_body", [True, False])
async def test_a_product_is_withdrawn_from_one_catalogue(published: Parties, in_the_body: bool) -> None:
    where = at(SECOND, SHOP, "Catalog1")
    query = "?" + "&".join(f"{name}={value}" for name, value in where.items())
    path, body = (BALANCES, [where]) if in_the_body else (BALANCES + query, None)
    assert (await published.call(SUPPLIER, "DELETE", path, body)).json() == []
    page = await published.get(SUPPLIER, f"{BALANCES}?productExternalId={SECOND}")
    assert numbers(page["content"], "retailerId") == [(OTHER_SHOP,)]
    (refused,) = (await published.call(SUPPLIER, "DELETE", path, body)).json()
    assert refused["code"] == "not_published"


async def test_the_good_items_of_a_batch_are_applied_and_the_bad_ones_are_named(published: Parties) -> None:
    errors = await published.put(
        SUPPLIER,
        BALANCES,
        [
            {**at(FIRST, SHOP, "Catalog1"), "quantity": -1},
            {**at(FIRST, SHOP, "Catalog1"), "quantity": 5},
            {**at("Nothing", SHOP, "Catalog1"), "quantity": 5},
            {**at(FIRST, SHOP, "Catalog2"), "quantity": 5},
            {"productExternalId": "a b", "currency": "euro"},
            {**at(FIRST, SHOP, "Catalog1"), "allocated": 3},
            {**at(FIRST, OTHER_SHOP, "Catalog1"), "quantity": 5},
            {"productExternalId": FIRST, "retailerId": OTHER_SHOP, "quantity": 5},
            7,
        ],
    )
    assert numbers(errors, "index", "field") == [
        (0, "quantity"),
        (2, "productExternalId"),
        (3, "catalogExternalId"),
        (4, "productExternalId"),
        (4, "currency"),
        (5, "allocated"),
        (6, "catalogExternalId"),
        (7, "productExternalId"),
        (8, "body"),
    ]
    assert await published.balance(f"Catalog1/{FIRST}") == (5, None)


async def test_an_item_with_an_error_changes_nothing_at_all(parties: Parties) -> None:
    await parties.open_catalogue("W")
    errors = await parties.put(
        SUPPLIER,
        INVENTORY,
        [
            {"product": {"externalId": "A"}, "balances": [{"catalogExternalId": "X"}, {"catalogExternalId": "W"}]},
            {"product": {"externalId": "B", "status": "SOLD", "descriptions": {"en": 1}, "vatPercentage": -1}},
            {"product": {"externalId": "C"}, "balances": [{"catalogExternalId": "W", "quantity": "many"}]},
            {"product": {"externalId": "D", "supplierId": STRANGER}},
            {"product": {"externalId": "E", "note": "\0"}},
            {"product": {"externalId": "F"}, "balances": [{"catalogExternalId": "W", "productExternalId": "G"}]},
            {"product": {"externalId": "H", "note": r"\u0000 is fine"}},
            {},
        ],
    )
    assert numbers(errors, "index", "field") == [
        (0, "balances[0].catalogExternalId"),
        (1, "product.status"),
        (1, "product.vatPercentage"),
        (1, "product.descriptions.en"),
        (2, "balances[0].quantity"),
        (3, "product.supplierId"),
        (4, "product"),
        (5, "balances[0].productExternalId"),
        (7, "product"),
    ]
    page = await parties.get(SUPPLIER, INVENTORY)
    assert [one["product"]["externalId"] for one in page["content"]] == ["H"]
    assert page["content"][0]["balances"] == []


async def test_a_number_that_no_database_keeps_is_refused(parties: Parties) -> None:
    body = '[{"product": {"externalId": "A", "n": 1' + "0" * 40 + "}}]"
    answer = await parties.client.put(INVENTORY, content=body, headers=parties.signer.headers(SUPPLIER, "supplier"))
    assert numbers(answer.json(), "index", "field", "code") == [(0, "product", "unstorable")]


@pytest.mark.parametrize("body", ["", "{}", "[", "null", '"x"', '[{"product": {"externalId": "A"}},]'])
async def test_a_body_that_is_no_list_is_refused(parties: Parties, body: str) -> None:
    headers = parties.signer.headers(SUPPLIER, "supplier")
    for path in (INVENTORY, BALANCES):
        answer = await parties.client.put(path, content=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["errors"]


@pytest.mark.parametrize(
    "path",
    [
        f"{INVENTORY}?productExternalId=%00",
        f"{INVENTORY}?retailerId=%00",
        f"{BALANCES}?eanCode=%00",
        f"{BALANCES}?modifiedFromDate=yesterday",
        f"{BALANCES}?modifiedFromDate=0001-01-01T00:00:00%2B14:00",
        f"{BALANCES}?modifiedFromDate=9999-12-31T23:59:59-14:00",
        f"{BALANCES}?page=-1",
        f"{CATALOGUES}/%01",
        f"{CATALOGUES}?role=OWNER",
    ],
)
async def test_a_filter_that_cannot_be_read_is_refused(parties: Parties, path: str) -> None:
    answer = await parties.call(STRANGER, "GET", path)
    assert answer.status_code == 400, answer.text


async def test_only_the_named_supplier_publishes_into_a_catalogue(published: Parties) -> None:
    assert await published.put(STRANGER, INVENTORY, [{"product": {"externalId": FIRST}}]) == []
    (refused,) = await published.put(STRANGER, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), "quantity": 1}])
    assert refused["field"] == "catalogExternalId"
    (refused,) = await published.put(SHOP, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), "quantity": 1}])
    assert refused["field"] == "productExternalId"
    assert await published.balance(f"Catalog1/{FIRST}") == (10, None)


async def test_two_shops_with_a_catalogue_of_the_same_name_must_be_told_apart(parties: Parties) -> None:
    for shop in (SHOP, OTHER_SHOP):
        await parties.open_catalogue("W", retailer=shop)
    item = {"product": {"externalId": "A"}, "balances": [{"catalogExternalId": "W", "quantity": 1}]}
    (refused,) = await parties.put(SUPPLIER, INVENTORY, [item])
    assert (refused["field"], refused["code"]) == ("balances[0].retailerId", "ambiguous")
    item["balances"] = [{"catalogExternalId": "W", "quantity": 1, "retailerId": OTHER_SHOP}]
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []


async def test_the_later_of_two_changes_in_a_batch_wins(published: Parties) -> None:
    here = at(FIRST, SHOP, "Catalog1")
    changes = [{**here, "quantity": 1}, {**here, "safetyStock": 2, "sellable": False}, {**here, "quantity": 4}]
    assert await published.put(SUPPLIER, BALANCES, changes) == []
    page = await published.get(SHOP, f"{CATALOGUES}/Catalog1/balances?productExternalId={FIRST}")
    assert numbers(page["content"], "quantity", "safetyStock", "sellable", "wholesalePrice") == [(4, 2, False, 23.4)]
    assert await published.the_books_add_up()


async def test_the_router_hears_of_what_it_must_know_and_of_nothing_else(published: Parties) -> None:
    heard = await published.said(BalanceChanged)
    assert [(one.product_id, one.retailer_id, float(one.quantity), one.version) for one in heard] == [
        (FIRST, SHOP, 10, 1),
        (SECOND, SHOP, 10, 1),
        (SECOND, OTHER_SHOP, 24, 1),
    ]
    assert (heard[0].ean, heard[0].description, heard[0].published) == ("1234567890005", "Fishing boots", True)
    here = at(FIRST, SHOP, "Catalog1")
    await published.put(SUPPLIER, BALANCES, [{**here, "quantity": 10, "wholesalePrice": 3, "safetyStock": 1}])
    await published.put(SUPPLIER, INVENTORY, BOOTS)
    await published.allocate(orders.order(orders.row("1", 1, f"Catalog1/{FIRST}")))
    assert await published.said(BalanceChanged) == []
    await published.put(SUPPLIER, INVENTORY, [{"product": {"externalId": SECOND, "eanCode": "6419835068484"}}])
    assert [(one.ean, float(one.quantity), one.version) for one in await published.said(BalanceChanged)] == [
        ("6419835068484", 10, 2),
        ("6419835068484", 24, 2),
    ]
    await published.put(SUPPLIER, INVENTORY, [{"product": {"externalId": SECOND, "status": "EOS"}}])
    assert [(one.published, float(one.quantity), one.version) for one in await published.said(BalanceChanged)] == [
        (True, 0, 3),
        (True, 0, 3),
    ]
    await published.call(SUPPLIER, "DELETE", BALANCES, [here])
    assert [(one.published, one.version) for one in await published.said(BalanceChanged)] == [(False, 2)]
    await published.put(SUPPLIER, BALANCES, [{**here, "quantity": 6}])
    assert [(one.published, float(one.quantity), one.version) for one in await published.said(BalanceChanged)] == [
        (True, 6, 3)
    ]
    assert await published.the_books_add_up()


async def test_a_catalogue_is_made_changed_and_closed(parties: Parties) -> None:
    path = f"{CATALOGUES}/W1"
    made = await parties.put(
        SHOP, path, {"supplierId": SUPPLIER, "catalogName": "North", "priority": 2, "routeWeight": 30}
    )
    assert made == {
        "externalId": "W1",
        "catalogType": "Catalog",
        "catalogName": "North",
        "supplierId": SUPPLIER,
        "retailerId": SHOP,
        "backOrderAllowed": False,
        "priority": 2,
        "routeWeight": 30,
        "public": False,
        "active": True,
    }
    assert await parties.put(SHOP, path, {"priority": 2}) == made
    assert (await parties.put(SHOP, path, {"priority": None, "backOrderAllowed": True})).get("priority") is None
    assert (await parties.get(SUPPLIER, path))["backOrderAllowed"] is True
    assert (await parties.call(SHOP, "DELETE", path)).json()["active"] is False
    assert (await parties.get(SHOP, path))["active"] is False
    heard = [(one.version, one.priority, one.route_weight, one.active) for one in await parties.said(CatalogueChanged)]
    assert heard == [(1, 2, 30, True), (2, None, 30, True), (3, None, 30, False)]


async def test_catalogues_are_listed_for_the_shop_and_for_the_supplier(parties: Parties) -> None:
    await parties.open_catalogue("B", priority=1)
    await parties.open_catalogue("A")
    await parties.open_catalogue("closed", active=False)
    await parties.open_catalogue("C", retailer=OTHER_SHOP)
    page = await parties.get(SHOP, f"{CATALOGUES}?role=RETAILER")
    assert numbers(page["content"], "externalId", "catalogName", "catalogType") == [
        ("B", "B", "Catalog"),
        ("A", "A", "Catalog"),
    ]
    assert page["page"] == {"size": 2000, "totalElements": 2, "totalPages": 1, "number": 0}
    supplied = await parties.get(SUPPLIER, f"{CATALOGUES}?role=SUPPLIER")
    assert [one["externalId"] for one in supplied["content"]] == ["B", "A", "C"]
    assert (await parties.get(SUPPLIER, f"{CATALOGUES}?role=RETAILER"))["content"] == []
    assert (await parties.get(STRANGER, CATALOGUES))["content"] == []


async def test_a_warehouse_of_version_2_is_a_catalogue(parties: Parties) -> None:
    body = {
        "externalId": "003712345678",
        "warehouseType": "Posti",
        "warehouseName": "Main",
        "contractNumber": "612345",
        "supplierId": SUPPLIER,
        "backOrderAllowed": True,
        "priority": 1,
        "routeWeight": 70,
        "printingService": {"infoCode": "A1"},
    }
    await parties.put(SHOP, "/v2/warehouses", body)
    shown = await parties.get(SHOP, f"{CATALOGUES}/003712345678")
    assert (shown["catalogType"], shown["catalogName"], shown["contractNumber"]) == ("Posti", "Main", "612345")
    assert (shown["backOrderAllowed"], shown["priority"], shown["routeWeight"], shown["infoCode"]) == (
        True,
        1,
        70,
        "A1",
    )
    answer = await parties.call(SHOP, "PUT", "/v2/warehouses", {"warehouseType": "Shed", "priority": "first"})
    assert sorted(one["field"] for one in answer.json()["errors"]) == [
        "backOrderAllowed",
        "externalId",
        "priority",
        "supplierId",
        "warehouseType",
    ]


async def test_a_catalogue_keeps_its_supplier_and_belongs_to_one_shop(parties: Parties) -> None:
    await parties.open_catalogue("W")
    assert (await parties.call(SHOP, "PUT", f"{CATALOGUES}/W", {"supplierId": STRANGER})).status_code == 409
    assert (await parties.call(SHOP, "PUT", f"{CATALOGUES}/V", {"catalogName": "x"})).status_code == 400
    assert (await parties.call(OTHER_SHOP, "GET", f"{CATALOGUES}/W")).status_code == 404
    assert (await parties.call(OTHER_SHOP, "DELETE", f"{CATALOGUES}/W")).status_code == 404
    assert (await parties.call(SUPPLIER, "PUT", f"{CATALOGUES}/W", {"active": False})).status_code == 403
    assert (await parties.client.get(CATALOGUES)).status_code == 401


async def test_nothing_new_is_published_into_a_closed_catalogue(published: Parties) -> None:
    await published.call(SHOP, "DELETE", f"{CATALOGUES}/Catalog1")
    await published.put(SUPPLIER, INVENTORY, [{"product": {"externalId": "New"}}])
    (refused,) = await published.put(SUPPLIER, BALANCES, [{**at("New", SHOP, "Catalog1"), "quantity": 1}])
    assert refused["code"] == "inactive"
    assert await published.put(SUPPLIER, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), "quantity": 1}]) == []


async def test_the_interface_describes_itself(parties: Parties) -> None:
    described = (await parties.client.get("/openapi.json")).json()
    for path, methods in (
        (INVENTORY, {"put", "get", "delete"}),
        (BALANCES, {"put", "get", "delete"}),
        (CATALOGUES, {"get"}),
        ("/v2/warehouses", {"put"}),
    ):
        assert set(described["paths"][path]) == methods


async def test_a_request_of_too_many_items_is_refused_and_balances_inside_items_count(parties: Parties) -> None:
    for path, body in (
        (BALANCES, [{}] * 20_001),
        (INVENTORY, [{"product": {"externalId": "A"}, "balances": [{}] * 20_000}]),
    ):
        answer = await parties.call(SUPPLIER, "PUT", path, body)
        assert answer.status_code == 400
        assert "has at most 20000 items" in answer.json()["message"]


async def test_of_many_wrong_items_a_hundred_errors_are_told_and_the_good_ones_applied(parties: Parties) -> None:
    await parties.publish({"W": {"A": 1}})
    good = {**at("A", SHOP, "W"), "quantity": 7}
    *told, beyond = await parties.put(SUPPLIER, BALANCES, [*[{}] * 300, good])
    assert [error["index"] for error in told] == list(range(100))
    assert beyond == {
        "index": 100,
        "field": "",
        "code": "more_errors",
        "message": "there are 200 more errors, in this item and those after it",
    }
    assert await parties.balance("W/A") == (7, None)


async def test_an_item_of_nothing_but_errors_is_told_by_the_first_of_a_list(parties: Parties) -> None:
    items: list[Any] = [
        {"product": {"externalId": "A"}, "balances": [{"quantity": -1}] * 1_000},
        {"product": {"externalId": "A", "images": [1] * 1_001}},
    ]
    errors = await parties.put(SUPPLIER, INVENTORY, items)
    assert [(error["index"], error["field"]) for error in errors] == [
        (0, "balances[0].quantity"),
        (1, "product.images"),
    ]


async def test_waiting_changes_of_one_supplier_hold_no_connections(database: str) -> None:
    signer, settings = Signer(), Settings(database=database, kafka="none", max_waiting=3)
    stock = await Database.connect(database, "inventory", size=2)
    other = await Database.connect(database, "inventory", size=1)
    service = app.build(settings)
    async with builders.client_of(service, stock, signer) as client:
        parties = Parties(client, signer, stock)
        await parties.publish({"W": {"A": 1}})
        change = [{**at("A", SHOP, "W"), "quantity": 7}]
        async with other.transaction() as replica:
            await store.change_one_at_a_time(replica, SUPPLIER)
            puts = [asyncio.create_task(parties.call(SUPPLIER, "PUT", BALANCES, change)) for _ in range(8)]
            answered = await builders.eventually(
                lambda: asyncio.sleep(0, [put.result() for put in puts if put.done()]), lambda done: len(done) == 4
            )
            assert {(answer.status_code, answer.headers["Retry-After"]) for answer in answered} == {(429, "1")}
            # One connection waits for the other replica. The second is free for whoever else needs one.
            async with asyncio.timeout(builders.PATIENCE_S), stock.transaction() as tx:
                assert await tx.fetch_value("SELECT 1") == 1
        assert sorted([(await put).status_code for put in puts]) == [200] * 4 + [429] * 4
    await stock.close()
    await other.close()
