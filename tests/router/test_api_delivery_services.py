"""Delivery services over HTTP: those that are built in, and what an operator makes of them."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from router.delivery import service_file, services
from shared.service import Service
from tests import builders
from tests.builders import Signer
from tests.router.conftest import Router
from tests.router.examples import RETAILER, STRANGER, SUPPLIER

SIGNER = Signer()
SERVICES = "/ecommerce/v3/services"


@pytest.fixture
async def client(router: Router, service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A shop's client."""
    async with builders.client_of(service, router.database, SIGNER) as opened:
        opened.headers.update(SIGNER.headers(RETAILER, "retailer"))
        yield opened


async def listed(client: httpx.AsyncClient, query: str = "") -> dict[str, dict[str, Any]]:
    """The services by id, of an answer that is a plain array."""
    answer = await client.get(f"{SERVICES}{query}")
    assert answer.status_code == 200, answer.text
    assert isinstance(answer.json(), list)
    found = {service["id"]: service for service in answer.json()}
    assert len(found) == len(answer.json())
    return found


async def load(router: Router, *given: dict[str, Any], replace_all: bool = False) -> None:
    """What the operator's command does."""
    async with router.database.transaction() as tx:
        await services.load(tx, service_file.read(json.dumps(given).encode()), replace_all=replace_all)


def entry(code: str, **fields: Any) -> dict[str, Any]:
    """A service as a file has it."""
    return {"id": code, "provider": "Polku", "deliveryOperator": "Polku", "description": {"en": "By bicycle"}} | fields


async def test_services_are_there_without_anybody_loading_them(client: httpx.AsyncClient) -> None:
    found = await listed(client)
    assert list(found) == sorted(found)
    assert found["2461"] == {
        "id": "2461",
        "provider": "Posti",
        "deliveryOperator": "Posti",
        "description": found["2461"]["description"],
        "tags": ["PICKUP_POINT"],
        "additionalServices": found["2461"]["additionalServices"],
    }
    assert {operator for one in found.values() if (operator := one["deliveryOperator"]) != "Store"} == {
        "Posti", "Matkahuolto", "DB Schenker", "GLS"
    }  # fmt: skip


async def test_an_additional_service_that_its_code_says_all_of_has_no_specifiers(client: httpx.AsyncClient) -> None:
    extras = {extra["code"]: extra for extra in (await listed(client))["2103"]["additionalServices"]}
    assert extras["3104"] == {"code": "3104", "description": extras["3104"]["description"]}
    assert [one["name"] for one in extras["3101"]["specifiers"]] == ["amount", "account", "reference", "bic"]
    assert {"en", "fi", "sv"} == set(extras["3101"]["description"])


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("", {"both", "warehouse", "suppliers"}),
        ("?workflow=", {"both", "warehouse", "suppliers"}),
        ("?workflow=WAREHOUSE", {"both", "warehouse"}),
        ("?workflow=DROPSHIPPING", {"both", "suppliers"}),
        ("?workflow=dropshipping", {"both", "suppliers"}),
    ],
)
async def test_only_the_services_of_a_workflow_are_listed(
    client: httpx.AsyncClient, router: Router, query: str, there: set[str]
) -> None:
    await load(
        router,
        entry("both"),
        entry("warehouse", workflows=["WAREHOUSE"]),
        entry("suppliers", workflows=["DROPSHIPPING"]),
        replace_all=True,
    )
    assert set(await listed(client, query)) == there


async def test_a_workflow_that_is_none_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{SERVICES}?workflow=SHOP")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["workflow"]


async def test_what_the_operator_loads_goes_before_what_is_built_in(client: httpx.AsyncClient, router: Router) -> None:
    before = await listed(client)
    await load(router, entry("2103", deliveryOperator="Own"), entry("9000"))
    after = await listed(client)
    assert set(after) == {*before, "9000"}
    assert (after["2103"]["deliveryOperator"], after["2104"]) == ("Own", before["2104"])
    await load(router, entry("2103", deliveryOperator="Other"))
    assert (await listed(client))["2103"]["deliveryOperator"] == "Other"


async def test_an_operator_may_offer_nothing_but_its_own(client: httpx.AsyncClient, router: Router) -> None:
    await load(router, entry("8000"), entry("2104"))
    await load(router, entry("9000"), entry("2103"), replace_all=True)
    assert set(await listed(client)) == {"9000", "2103"}
    await load(router, entry("2104"))
    assert set(await listed(client)) == {"9000", "2103", "2104"}


async def test_what_is_listed_can_be_loaded(client: httpx.AsyncClient, router: Router) -> None:
    before = await listed(client)
    await load(router, *before.values(), replace_all=True)
    assert await listed(client) == before


@pytest.mark.parametrize(
    ("organisation", "role"), [(RETAILER, "retailer"), (SUPPLIER, "supplier"), (STRANGER, "operator")]
)
async def test_everybody_with_a_key_may_ask(client: httpx.AsyncClient, organisation: str, role: str) -> None:
    answer = await client.get(SERVICES, headers=SIGNER.headers(organisation, role))
    assert answer.status_code == 200
    assert (await client.get(SERVICES, headers={"Authorization": ""})).status_code == 401
