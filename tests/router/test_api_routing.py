"""Why an order went where it went, as its retailer reads it."""

import httpx

from shared.contracts import AllocateOrder
from tests.router.conftest import Router
from tests.router.examples import allocate, balance, catalogue, order, row


async def test_a_routing_record_tells_every_candidate_and_what_became_of_it(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    await router.knows(
        [catalogue("W2", priority=1), catalogue("W1", priority=2), catalogue("W3", active=False)],
        [balance("W1"), balance("W2"), balance("W3")],
    )
    await router.hears(order(row()))
    assert (await client.get("/ecommerce/v3/orders/A-1/routing", headers=retailer)).status_code == 404
    asked = (await router.said(AllocateOrder))[0]
    await router.is_answered(allocate(asked, {("W2", "BOOTS"): 3, ("W1", "BOOTS"): 4}))
    answer = await client.get("/v3/orders/A-1/routing/", headers=retailer)
    assert answer.status_code == 200
    body = answer.json()
    numbers = {"allocated": 0, "held": 0, "safetyStock": 0}
    assert body == {
        "externalId": "A-1",
        "outcome": "full",
        "decidedAt": body["decidedAt"],
        "rules": "2026.1",
        "strategy": "priority",
        "rows": [
            {
                "externalId": "1",
                "quantity": 5,
                "taken": [
                    {"externalWarehouseId": "W2", "quantity": 3},
                    {"externalWarehouseId": "W1", "quantity": 2},
                ],
                "waiting": [],
                "unserved": 0,
                "candidates": [
                    {"externalWarehouseId": "W2", "rank": 1, "quantity": 3, "taken": 3, "verdict": "taken"} | numbers,
                    {"externalWarehouseId": "W1", "rank": 2, "quantity": 4, "taken": 2, "verdict": "taken"} | numbers,
                    {"externalWarehouseId": "W3", "verdict": "inactive"},
                ],
            }
        ],
        "history": [],
    }


async def test_an_order_id_may_hold_slashes_and_signs(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    await router.hears(order(row("1", "WRAP", product_type="serviceProduct"), external_id="A/1 +ä?"))
    answer = await client.get("/ecommerce/v3/orders/A%2F1%20%2B%C3%A4%3F/routing", headers=retailer)
    assert answer.json()["externalId"] == "A/1 +ä?"
    assert (await client.get("/ecommerce/v3/orders/A%00/routing", headers=retailer)).status_code == 404
