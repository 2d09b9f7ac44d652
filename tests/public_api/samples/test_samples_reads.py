"""The reads that clients were seen to send, percent-encoded as they were (glue-api.md A.2, A.10, D.1, D.12)."""

import re
from typing import Any

import pytest

from deploy.local import demo_points, demo_world
from tests.journeys.running import Running
from tests.journeys.world import Caller
from tests.public_api.samples import shopping, wire
from tests.public_api.samples.parties import Parties

PAGES = {
    "/ecommerce/v3/catalogs?role=RETAILER": 2000,
    "/ecommerce/v3/inventory?retailerId=0109357-9&catalogExternalId=01093579": 2000,
    "/ecommerce/v3/inventory?productExternalId=WOO-A,WOO-B": 2000,
    "/ecommerce/v3/catalogs/01093579/balances?modifiedFromDate=2026-11-21T16%3A09%3A50.259Z&size=2000&page=0": 2000,
    "/ecommerce/v3/catalogs/balances?modifiedFromDate=2026-11-21T16%3A09%3A50.333%2B00%3A00&size=100&page=0": 100,
    "/ecommerce/v3/orders?warehouseExternalId=01093579&updatedFrom=2026-11-20T16%3A14%3A50%2B00%3A00": 2000,
    "/ecommerce/v3/orders?modifiedFromDate=2026-11-21T16%3A09%3A50.333%2B00%3A00&size=30&page=0": 30,
    "/ecommerce/v3/orders?refName=SO&refValue=SO-1": 2000,
}
"""The lists of D.12 and the size of the page that each answers."""

SERVICES = "/ecommerce/v3/services?workflow=WAREHOUSE"
BY_ADDRESS = (
    "/ecommerce/v3/pickup-points?serviceCode=2103&postalCode=00100&postOffice=Helsinki"
    "&streetAddress=Mannerheiminaukio+1&country=FI&type=%21STORE&capability=%21outdoors&countryFrom=FI"
    "&postalCodeFrom=00230"
)
BY_WORDS = "/ecommerce/v3/pickup-points?serviceCode=2103&search=Helsinki&country=FI&type=&capability="


@pytest.fixture(scope="module")
async def shop(parties: Parties, running: Running) -> Caller:
    """The shop of the samples, with what they ask for: two products, an order with a reference, pickup points."""
    shop = parties.supplier
    for product in ("WOO-A", "WOO-B", "BAR-1"):
        body = wire.printed("products-by-shop.json").replace("WOO-1", product)
        stocked = body.replace('"wholesalePrice":12.5', '"wholesalePrice":12.5,"quantity":50')
        assert await wire.told(shop, "PUT", "/ecommerce/v3/inventory", stocked) == []
    await demo_points.load(running.databases["router"])
    await running.settled()
    await wire.told(shop, "POST", shopping.ORDERS, shopping.by_library())
    await running.settled()
    return shop


async def test_d1_a_token_is_fetched_as_both_generations_of_clients_fetch_it(shop: Caller) -> None:
    key = (shop.party.account, demo_world.SECRET)
    accept = {"Accept": "application/json"}
    for method, path in (
        ("GET", "/auth/token"),
        ("POST", "/auth/token"),
        ("POST", "/oauth/token?grant_type=client_credentials"),
    ):
        answered = await shop.client.request(method, path, auth=key, headers=accept)
        assert answered.status_code == 200, answered.text
        token = answered.json()
        assert isinstance(token["access_token"], str)
        assert (token["token_type"], token["expires_in"]) == ("bearer", 3600)
        assert isinstance(token["scope"], str)
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        assert (await shop.client.get("/ecommerce/v3/catalogs?role=RETAILER", headers=headers)).status_code == 200
    refused = await shop.client.get("/auth/token", auth=("nobody", "nothing"), headers=accept)
    assert refused.status_code == 401
    assert (refused.json()["error"], refused.json()["message"]) == ("Unauthorized", "Bad credentials")


@pytest.mark.parametrize("address", PAGES)
async def test_d12_a_list_is_answered_as_an_envelope(shop: Caller, address: str) -> None:
    page = await wire.told(shop, "GET", address)
    assert page.keys() == {"links", "content", "page"}
    total = page["page"]["totalElements"]
    assert page["page"] == {
        "size": PAGES[address],
        "totalElements": total,
        "totalPages": -(-total // PAGES[address]),
        "number": 0,
    }
    assert len(page["content"]) == total


async def test_b11_the_librarys_pages_with_their_second_question_mark_are_what_they_mean(shop: Caller) -> None:
    address = "/ecommerce/v3/inventory?retailerId=0109357-9&catalogExternalId=01093579?size=1"
    first = await wire.told(shop, "GET", address)
    second = await wire.told(shop, "GET", f"{address}?size=1&page=1")
    assert [(page["page"]["size"], page["page"]["number"]) for page in (first, second)] == [(1, 0), (1, 1)]
    assert first["page"]["totalPages"] == second["page"]["totalElements"] >= 3
    [one], [other] = first["content"], second["content"]
    assert one["product"]["externalId"] != other["product"]["externalId"]


async def test_d12_what_is_asked_for_is_found(shop: Caller) -> None:
    found = {address: (await wire.told(shop, "GET", address))["content"] for address in PAGES}
    catalogues, of_catalogue, two, *_, by_reference = found.values()
    assert ("01093579", "0109357-9") in [(one["externalId"], one["retailerId"]) for one in catalogues]
    assert {"WOO-A", "WOO-B", "BAR-1"} <= {item["product"]["externalId"] for item in of_catalogue}
    assert sorted(item["product"]["externalId"] for item in two) == ["WOO-A", "WOO-B"]
    assert [order["externalId"] for order in by_reference] == ["BAR1"]


async def test_b10_services_are_a_bare_array_with_every_field_there_is(shop: Caller) -> None:
    for address in (SERVICES, "/ecommerce/v3/services?workflow=DROPSHIPPING", "/ecommerce/v3/services"):
        services = await wire.told(shop, "GET", address)
        assert isinstance(services, list)
        assert len({service["id"] for service in services}) == len(services) > 0
        for service in services:
            described = (service, *service["additionalServices"])
            texts = [service["id"], service["provider"], service["deliveryOperator"], *service["tags"]]
            texts += [extra["code"] for extra in service["additionalServices"]]
            texts += [one["description"]["en"] for one in described]
            assert all(isinstance(text, str) and text for text in texts)
    by_id = {service["id"]: service for service in await wire.told(shop, "GET", SERVICES)}
    assert "PICKUP_POINT" in by_id["2103"]["tags"]
    tickable = {extra["code"] for extra in by_id["2103"]["additionalServices"] if "specifiers" not in extra}
    assert {"3104", "3376"} <= tickable
    assert "3101" not in tickable, "cash on delivery needs an amount"


@pytest.mark.parametrize("address", [BY_ADDRESS, BY_WORDS])
async def test_b10_pickup_points_are_a_bare_array_with_every_field_there_is(shop: Caller, address: str) -> None:
    points: list[dict[str, Any]] = await wire.told(shop, "GET", address)
    assert isinstance(points, list)
    assert points
    for point in points:
        assert re.fullmatch(r"[A-Za-z0-9-]+", point["externalId"])
        names = ("type", "serviceProvider", "name", "streetAddress", "postalCode", "postOffice", "country")
        assert all(isinstance(point[name], str) and point[name] for name in names), point
        assert all(isinstance(point[name], float) for name in ("latitude", "longitude")), point
        assert point["country"] == "FI"
    if address is BY_ADDRESS:
        assert all(point["type"] != "STORE" for point in points)
        assert all("outdoors" not in point["capabilities"] for point in points)


async def test_a10_no_shop_of_the_retailers_is_an_empty_array(shop: Caller) -> None:
    none = "/ecommerce/v3/pickup-points?serviceCode=2103&postalCode=00100&postOffice=&country=FI&type=STORE"
    assert await wire.told(shop, "GET", none) == []
