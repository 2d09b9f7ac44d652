"""Pickup points over HTTP, as shops ask for them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from deploy.local import demo_points
from router import app
from shared.service import Service
from tests import builders
from tests.builders import Signer
from tests.router.conftest import Router
from tests.router.examples import RETAILER, SETTINGS, STRANGER, SUPPLIER
from tests.router.pickup_points import load, point

SIGNER = Signer()
POINTS = "/ecommerce/v3/pickup-points"


@pytest.fixture
async def client(router: Router, service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A shop's client, where the points of the demo are loaded."""
    await demo_points.load(router.database)
    async with builders.client_of(service, router.database, SIGNER) as opened:
        opened.headers.update(SIGNER.headers(RETAILER, "retailer"))
        yield opened


async def asked(client: httpx.AsyncClient, query: str) -> list[dict[str, Any]]:
    """What is answered to a query, which is a plain array."""
    answer = await client.get(f"{POINTS}?{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    assert isinstance(found, list)
    return found


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["externalId"] for one in found]


async def test_a_shop_finds_the_points_near_an_address(client: httpx.AsyncClient) -> None:
    found = await asked(
        client,
        "serviceCode=2103&postalCode=00100&postOffice=Helsinki&streetAddress=Mannerheiminaukio+1&country=FI"
        "&type=%21STORE&capability=%21outdoors&countryFrom=FI&postalCodeFrom=00230",
    )
    assert len(found) == 18
    assert ids(found)[:3] == ["001003200", "001013201", "001003201"]
    assert {one["serviceProvider"] for one in found} == {"Posti"}
    assert not any("outdoors" in one["capabilities"] for one in found)
    assert [one["postOffice"] for one in found][-1] != "Helsinki"


async def test_a_shop_finds_points_by_free_text(client: httpx.AsyncClient) -> None:
    found = await asked(client, "serviceCode=2103&search=Helsinki&country=FI&type=&capability=")
    assert {one["postOffice"] for one in found} == {"Helsinki"}
    assert len(found) == 12


async def test_a_point_is_told_with_all_that_a_shop_shows(client: httpx.AsyncClient) -> None:
    (found, *_) = await asked(client, "search=tullikatu")
    assert found == {
        "externalId": "331003200",
        "type": "POSTOFFICE",
        "serviceProvider": "Posti",
        "name": "Posti, Keskusta",
        "streetAddress": "Tullikatu 6",
        "postalCode": "33100",
        "postOffice": "Tampere",
        "country": "FI",
        "latitude": 61.4978247,
        "longitude": 23.777128,
        "capabilities": [],
    }


async def test_the_shops_of_a_retailer_are_points_without_a_carrier(client: httpx.AsyncClient) -> None:
    found = await asked(client, "type=STORE&postalCode=33100&country=FI")
    assert ids(found) == ["nordic-tampere", "koti-espoo", "nordic-helsinki"]
    assert {one["serviceProvider"] for one in found} == {""}
    assert ids(await asked(client, "serviceCode=STORE&postalCode=33100")) == ids(found)
    assert await asked(client, "serviceCode=2103&type=STORE&postalCode=33100") == []


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("serviceCode=90080&postalCode=33100", "5038"),
        ("serviceCode=90080,80010&postalCode=33210", "6679"),
        ("serviceCode=80010%2C9999&postalCode=00530", "6681"),
        ("type=PRIVATE_LOCKER", "001803209"),
        ("capability=outdoors&postalCode=36200", "362003201"),
        ("latitude=60.2054&longitude=24.9220", "002303200"),
        ("search=ILMALA", "002303200"),
        ("search=Toolo", "002503201"),
        ("search=T%C3%B6%C3%B6l%C3%B6", "002503201"),
        ("search=00230+Helsinki", "002303200"),
        ("streetAddress=Postintaival+7", "002303200"),
        ("postalCode=00230?size=1", "002303200"),
        ("postalCode=00230&country=FI:18", "002303200"),
        ("postalCode=00230&country=fi", "002303200"),
        ("postOffice=nokia&postalCode=", "371003201"),
    ],
)
async def test_the_nearest_point_that_fits_comes_first(client: httpx.AsyncClient, query: str, first: str) -> None:
    assert ids(await asked(client, query))[0] == first


@pytest.mark.parametrize(
    "query",
    [
        "search=Nowhere",
        "search=%25",
        "serviceCode=9999",
        "serviceCode=2104&postalCode=00100",
        "country=SE",
        "country=Finland",
        "type=CASTLE",
        "capability=flying",
        "postalCode=99999",
        "postOffice=Rovaniemi",
    ],
)
async def test_where_nothing_fits_nothing_is_found(client: httpx.AsyncClient, query: str) -> None:
    assert await asked(client, query) == []


async def test_without_a_place_points_come_by_country_and_postal_code(client: httpx.AsyncClient) -> None:
    codes = [one["postalCode"] for one in await asked(client, "serviceCode=&postalCode=&size=100&type=")]
    assert len(codes) == 31
    assert codes == sorted(codes)


async def test_twenty_points_are_told_unless_more_are_wanted(client: httpx.AsyncClient) -> None:
    assert len(await asked(client, "")) == 20
    assert len(await asked(client, "size=")) == 20
    assert len(await asked(client, "size=3")) == 3
    assert len(await asked(client, "size=1000000")) == 31


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("size=0", ["size"]),
        ("size=many", ["size"]),
        ("latitude=60", ["longitude"]),
        ("longitude=25&latitude=", ["latitude"]),
        ("latitude=91&longitude=east", ["latitude", "longitude"]),
        ("latitude=nan&longitude=25", ["latitude"]),
        (f"search={'x' * 201}", ["search"]),
    ],
)
async def test_a_query_that_cannot_be_read_is_named(client: httpx.AsyncClient, query: str, fields: list[str]) -> None:
    answer = await client.get(f"{POINTS}?{query}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == fields


@pytest.mark.parametrize(
    ("organisation", "role"), [(RETAILER, "retailer"), (SUPPLIER, "supplier"), (STRANGER, "operator")]
)
async def test_everybody_with_a_key_may_ask(client: httpx.AsyncClient, organisation: str, role: str) -> None:
    answer = await client.get(POINTS, headers=SIGNER.headers(organisation, role))
    assert answer.status_code == 200
    assert (await client.get(POINTS, headers={"Authorization": ""})).status_code == 401


async def test_points_of_a_carrier_that_were_replaced_are_found_at_once(
    client: httpx.AsyncClient, router: Router
) -> None:
    await load(router.database, point("kallio", "new"))
    assert ids(await asked(client, "serviceCode=2103&postalCode=00100")) == ["new"]
    assert ids(await asked(client, "serviceCode=90080&postalCode=00100"))[0] == "5410"


async def test_the_demo_leaves_points_alone_that_are_there(router: Router) -> None:
    await load(router.database, point("kallio", "own"))
    await demo_points.load(router.database)
    async with builders.client_of(app.build(SETTINGS), router.database, SIGNER) as client:
        answer = await client.get(POINTS, headers=SIGNER.headers(RETAILER, "retailer"))
    assert ids(answer.json()) == ["own"]
