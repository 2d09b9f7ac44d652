"""The addresses of catalogues, as the shop that opens one and the supplier it names see them."""

import asyncio

import pytest

from shared.contracts import CatalogueChanged
from tests.inventory.examples import FIRST, STRANGER, at, numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties


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
        "activation": "requested",
    }
    assert await parties.put(SHOP, path, {"priority": 2}) == made
    assert (await parties.put(SHOP, path, {"priority": None, "backOrderAllowed": True})).get("priority") is None
    assert (await parties.get(SUPPLIER, path))["backOrderAllowed"] is True
    assert (await parties.call(SHOP, "DELETE", path)).json()["active"] is False
    assert (await parties.get(SHOP, path))["active"] is False
    heard = [(one.version, one.priority, one.route_weight, one.active) for one in await parties.said(CatalogueChanged)]
    assert heard == [(1, 2, 30, False), (2, None, 30, False), (3, None, 30, False)]


async def test_the_router_hears_that_a_catalogue_is_used_once_both_sides_want_it(parties: Parties) -> None:
    await parties.open_catalogue("W")
    await parties.open_catalogue("OWN", supplier=SHOP)
    await parties.put(SUPPLIER, f"{CATALOGUES}/W/activation", {"state": "active"})
    await parties.put(SUPPLIER, f"{CATALOGUES}/W/activation", {"state": "active"})
    await parties.call(SHOP, "DELETE", f"{CATALOGUES}/W")
    await parties.put(SHOP, f"{CATALOGUES}/W", {"active": True})
    await parties.call(SUPPLIER, "DELETE", f"{CATALOGUES}/W/activation")
    heard = [(one.catalogue_id, one.version, one.active) for one in await parties.said(CatalogueChanged)]
    assert heard == [
        ("W", 1, False),
        ("OWN", 1, True),
        ("W", 2, True),
        ("W", 3, False),
        ("W", 4, True),
        ("W", 5, False),
    ]


async def test_every_field_of_a_catalogue_is_kept_and_answered(parties: Parties) -> None:
    given = {
        "catalogType": "Posti",
        "catalogName": "Pohjoinen",
        "supplierId": SUPPLIER,
        "backOrderAllowed": True,
        "priority": 0,
        "routeWeight": 70,
        "contractNumber": "612345",
        "invoicingReference": "01234",
        "infoCode": "A1",
    }
    made = await parties.put(SHOP, f"{CATALOGUES}/01093579", given)
    assert made == await parties.get(SHOP, f"{CATALOGUES}/01093579")
    assert made == {
        **given,
        "externalId": "01093579",
        "retailerId": SHOP,
        "public": False,
        "active": True,
        "activation": "requested",
        "printingService": {"infoCode": "A1"},
    }
    nothing = dict.fromkeys(given, None) | {"priority": "", "catalogName": " ", "active": None, "public": ""}
    emptied = await parties.put(SHOP, f"{CATALOGUES}/01093579", nothing)
    assert emptied == {
        "externalId": "01093579",
        "catalogType": "Posti",
        "catalogName": "01093579",
        "supplierId": SUPPLIER,
        "retailerId": SHOP,
        "backOrderAllowed": True,
        "public": False,
        "active": True,
        "activation": "requested",
    }


async def test_a_number_may_come_as_a_number_and_an_info_code_where_version_2_has_it(parties: Parties) -> None:
    given = {"supplierId": SUPPLIER, "catalogType": "Posti", "contractNumber": 612345, "invoicingReference": 12345}
    made = await parties.put(SHOP, f"{CATALOGUES}/W", {**given, "printingService": {"infoCode": "B2"}})
    assert numbers([made], "contractNumber", "invoicingReference", "infoCode") == [("612345", "12345", "B2")]


async def test_a_catalogue_is_not_called_as_the_list_of_all_balances_is(parties: Parties) -> None:
    given = {"supplierId": SUPPLIER}
    version_2 = {**given, "externalId": "balances", "warehouseType": "Store", "backOrderAllowed": False, "priority": 1}
    for path, body, field in (
        (f"{CATALOGUES}/balances", given, "catalogue_id"),
        ("/v2/warehouses", version_2, "externalId"),
    ):
        answer = await parties.call(SHOP, "PUT", path, body)
        assert answer.status_code == 400
        assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, "reserved")]
    assert (await parties.get(SHOP, CATALOGUES))["content"] == []
    assert (await parties.put(SHOP, f"{CATALOGUES}/Balances", given))["externalId"] == "Balances"


async def test_each_wrong_field_of_a_catalogue_is_named_and_nothing_is_stored(parties: Parties) -> None:
    wrong = {
        "supplierId": "a/b",
        "catalogType": "Shed",
        "priority": -1,
        "routeWeight": "much",
        "backOrderAllowed": "perhaps",
        "invoicingReference": "1234",
        "catalogName": "x" * 301,
    }
    answer = await parties.call(SHOP, "PUT", f"{CATALOGUES}/W", wrong)
    assert answer.status_code == 400
    assert sorted(one["field"] for one in answer.json()["errors"]) == sorted(wrong)
    assert (await parties.call(SHOP, "GET", f"{CATALOGUES}/W")).status_code == 404


async def test_a_contract_is_checked_against_the_type_also_when_only_the_type_changes(parties: Parties) -> None:
    await parties.open_catalogue("W", contractNumber="ABC-1")
    answer = await parties.call(SHOP, "PUT", f"{CATALOGUES}/W", {"catalogType": "Posti"})
    assert [one["field"] for one in answer.json()["errors"]] == ["contractNumber"]
    assert (await parties.get(SHOP, f"{CATALOGUES}/W"))["catalogType"] == "Catalog"
    both = {"catalogType": "Posti", "contractNumber": "612345"}
    assert (await parties.put(SHOP, f"{CATALOGUES}/W", both))["contractNumber"] == "612345"


async def test_a_closed_catalogue_opens_again_without_asking_anyone(parties: Parties) -> None:
    await parties.publish({"W": {"A": 1}})
    await parties.call(SHOP, "DELETE", f"{CATALOGUES}/W")
    assert (await parties.get(SHOP, f"{CATALOGUES}?role=RETAILER"))["content"] == []
    opened = await parties.put(SHOP, f"{CATALOGUES}/W", {"active": True})
    assert (opened["active"], opened["activation"]) == (True, "active")


async def test_the_same_catalogue_made_twice_at_once_is_made_once(parties: Parties) -> None:
    body = {"supplierId": SUPPLIER, "priority": 1}
    answers = await asyncio.gather(*(parties.call(SHOP, "PUT", f"{CATALOGUES}/W", body) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert [one.version for one in await parties.said(CatalogueChanged)] == [1]


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
    assert (await parties.call(SUPPLIER, "DELETE", f"{CATALOGUES}/W")).status_code == 404
    assert (await parties.client.get(CATALOGUES)).status_code == 401


async def test_nothing_new_is_published_into_a_closed_catalogue(published: Parties) -> None:
    await published.call(SHOP, "DELETE", f"{CATALOGUES}/Catalog1")
    await published.put(SUPPLIER, INVENTORY, [{"product": {"externalId": "New"}}])
    (refused,) = await published.put(SUPPLIER, BALANCES, [{**at("New", SHOP, "Catalog1"), "quantity": 1}])
    assert refused["code"] == "inactive"
    assert await published.put(SUPPLIER, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), "quantity": 1}]) == []


@pytest.mark.parametrize(
    "path",
    [
        f"{CATALOGUES}/%01",
        f"{CATALOGUES}?role=OWNER",
        f"{CATALOGUES}?activation=perhaps",
        f"{CATALOGUES}?public=perhaps",
    ],
)
async def test_a_filter_that_cannot_be_read_is_refused(parties: Parties, path: str) -> None:
    answer = await parties.call(STRANGER, "GET", path)
    assert answer.status_code == 400, answer.text


async def test_the_interface_describes_its_catalogues(parties: Parties) -> None:
    described = (await parties.client.get("/openapi.json")).json()
    for path, methods in (
        (CATALOGUES, {"get"}),
        (f"{CATALOGUES}/{{catalogue_id}}", {"get", "put", "delete"}),
        (f"{CATALOGUES}/{{catalogue_id}}/activation", {"get", "put", "delete"}),
        ("/v2/warehouses", {"put"}),
    ):
        assert set(described["paths"][path]) == methods


async def test_a_shop_says_how_long_a_supplier_may_be_silent(parties: Parties) -> None:
    path = f"{CATALOGUES}/W"
    await parties.put(SHOP, path, {"supplierId": SUPPLIER, "acceptanceHours": 8})
    assert (await parties.get(SUPPLIER, path))["acceptanceHours"] == 8
    assert (await parties.put(SHOP, path, {"priority": 1}))["acceptanceHours"] == 8
    warehouse = {
        "externalId": "W",
        "warehouseType": "Catalog",
        "supplierId": SUPPLIER,
        "backOrderAllowed": False,
        "priority": 1,
        "acceptanceHours": 0.5,
    }
    assert (await parties.put(SHOP, "/v2/warehouses", warehouse))["acceptanceHours"] == 0.5
    assert "acceptanceHours" not in await parties.put(SHOP, path, {"acceptanceHours": None})
    assert [one.acceptance_hours for one in await parties.said(CatalogueChanged)] == [8, 8, 0.5, None]


@pytest.mark.parametrize("hours", [0, -1, 8760.5, "soon", [1]])
async def test_an_acceptance_time_that_cannot_be_is_refused(parties: Parties, hours: object) -> None:
    answer = await parties.call(SHOP, "PUT", f"{CATALOGUES}/W", {"supplierId": SUPPLIER, "acceptanceHours": hours})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, ["acceptanceHours"])
