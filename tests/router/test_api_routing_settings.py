"""A retailer's routing settings over HTTP."""

from typing import Any

import httpx
import pytest

from shared.contracts import AllocateOrder
from tests.router.conftest import SIGNER, Router
from tests.router.examples import STRANGER, balance, catalogue, order, row

SETTINGS = "/ecommerce/v3/routing/settings"
USUAL = {"strategy": "priority", "allOrNothing": False, "costPerShipment": 0}


async def given(client: httpx.AsyncClient, headers: dict[str, str], **settings: Any) -> dict[str, Any]:
    """The settings once these are given."""
    answer = await client.put(SETTINGS, json=settings, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_retailer_that_said_nothing_has_the_usual_settings(
    client: httpx.AsyncClient, retailer: dict[str, str]
) -> None:
    answer = await client.get(SETTINGS, headers=retailer)
    assert (answer.status_code, answer.json()) == (200, USUAL)


async def test_what_is_given_is_merged_into_what_was_there(client: httpx.AsyncClient, retailer: dict[str, str]) -> None:
    assert await given(client, retailer, costPerShipment=4.9) == {**USUAL, "costPerShipment": 4.9}
    assert await given(client, retailer, strategy="lowest-cost", allOrNothing=True) == {
        "strategy": "lowest-cost",
        "allOrNothing": True,
        "costPerShipment": 4.9,
    }
    now = await given(client, retailer, strategy=" Highest-Stock ", allOrNothing=None, costPerShipment="")
    assert now == {"strategy": "highest-stock", "allOrNothing": True, "costPerShipment": 4.9}
    assert (await client.get(SETTINGS, headers=retailer)).json() == now


async def test_each_retailer_has_its_own_settings(client: httpx.AsyncClient, retailer: dict[str, str]) -> None:
    stranger = SIGNER.headers(STRANGER, "retailer")
    await given(client, retailer, strategy="lowest-cost")
    await given(client, stranger, allOrNothing=True)
    assert (await client.get(SETTINGS, headers=stranger)).json() == {**USUAL, "allOrNothing": True}
    assert (await client.get(SETTINGS, headers=retailer)).json() == {**USUAL, "strategy": "lowest-cost"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"strategy": "cheapest"}, ["strategy"]),
        ({"strategy": ["priority"]}, ["strategy"]),
        ({"allOrNothing": "perhaps", "costPerShipment": -1}, ["allOrNothing", "costPerShipment"]),
        ({"strategy": "lowest-cost", "costPerShipment": "NaN"}, ["costPerShipment"]),
        ({"costPerShipment": "1e400"}, ["costPerShipment"]),
        ({"stratgy": "priority", "all_or_nothing": True, "costPerShipment": 2}, ["stratgy", "all_or_nothing"]),
        ([], [""]),
    ],
)
async def test_what_cannot_be_is_refused_by_name_and_changes_nothing(
    client: httpx.AsyncClient, retailer: dict[str, str], body: Any, fields: list[str]
) -> None:
    answer = await client.put(SETTINGS, json=body, headers=retailer)
    assert answer.status_code == 400, answer.text
    named = [error["field"] for error in answer.json()["errors"]]
    assert named == fields or fields == [""]
    assert (await client.get(SETTINGS, headers=retailer)).json() == USUAL


async def test_an_empty_body_is_refused(client: httpx.AsyncClient, retailer: dict[str, str]) -> None:
    assert (await client.put(SETTINGS, content=b" ", headers=retailer)).status_code == 400


async def test_a_cost_that_was_calculated_with_floating_point_is_what_was_meant(
    client: httpx.AsyncClient, retailer: dict[str, str]
) -> None:
    assert (await given(client, retailer, costPerShipment=4.900000000000001))["costPerShipment"] == 4.9


async def test_settings_count_for_the_orders_that_are_routed_from_then_on(
    client: httpx.AsyncClient, retailer: dict[str, str], router: Router
) -> None:
    await router.knows([catalogue("W1")], [balance("W1")])
    before, after = order(row(), external_id="A-1"), order(row(), external_id="A-2")
    await router.hears(before)
    await given(client, retailer, strategy="highest-stock", allOrNothing=True, costPerShipment=2.5)
    await router.hears(before, after)
    asked = {request.external_id: request.all_or_nothing for request in await router.said(AllocateOrder)}
    assert asked == {"A-1": False, "A-2": True}
    plans = [(await router.route(placed)).plan for placed in (before, after)]
    assert [(plan.strategy, float(plan.cost_per_shipment)) for plan in plans] == [
        ("priority", 0.0),
        ("highest-stock", 2.5),
    ]
