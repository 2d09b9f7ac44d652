"""Why an order went where it went, as its retailer reads it."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx

from shared.contracts import AllocateOrder, OrderAllocated, RowAllocated, Seen, Taking
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
    numbers = {"allocated": 0, "held": 0, "safetyStock": 0, "waiting": 0, "backOrderRoom": 0}
    sent = {shipment.catalogue_id: str(shipment.shipment_id) for shipment in await router.shipments()}
    assert body == {
        "externalId": "A-1",
        "outcome": "full",
        "decidedAt": body["decidedAt"],
        "rules": "2026.4",
        "strategy": "priority",
        "allOrNothing": False,
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
                "wouldChange": body["rows"][0]["wouldChange"],
                "standing": {
                    "pieces": [
                        {"externalWarehouseId": "W2", "quantity": 3, "shipmentId": sent["W2"]},
                        {"externalWarehouseId": "W1", "quantity": 2, "shipmentId": sent["W1"]},
                    ],
                    "waiting": 0,
                    "rerouting": 0,
                    "unserved": 0,
                    "cancelled": 0,
                    "declinedBy": [],
                },
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


async def test_a_record_tells_what_would_have_sent_the_row_elsewhere(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    await router.knows(
        [catalogue("W2", priority=1), catalogue("W1", priority=2), catalogue("W3", active=False)],
        [balance("W1"), balance("W2"), balance("W3")],
    )
    # Which of two with the same priority comes first depends on the order's id.
    placed = order(row(), order_id=UUID("019b7d62-e400-7000-8000-000000000001"))
    await router.ships(placed, {("W2", "BOOTS"): 3, ("W1", "BOOTS"): 6})
    body = (await client.get("/ecommerce/v3/orders/A-1/routing", headers=retailer)).json()
    assert body["rows"][0]["wouldChange"] == [
        {"externalWarehouseId": "W2", "units": 2, "sentence": "2 more units"},
        {"externalWarehouseId": "W1", "priority": 1, "sentence": "priority 1, before W2"},
        {"externalWarehouseId": "W3", "sentence": "nothing: inactive"},
    ]


async def test_a_record_tells_where_the_row_is_by_now(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], supplier: dict[str, str]
) -> None:
    await router.knows([catalogue("W1")], [balance("W1")])
    (shipment,) = await router.ships(order(row(quantity=7)), {("W1", "BOOTS"): 5})
    rejected = {"rows": [{"externalId": "1", "quantity": 2}]}
    await client.post(f"/ecommerce/v3/shipments/{shipment.shipment_id}/rejections", json=rejected, headers=supplier)
    await router.hears_of_shipments()
    body = (await client.get("/ecommerce/v3/orders/A-1/routing", headers=retailer)).json()
    standing = body["rows"][0]["standing"]
    assert (body["rows"][0]["unserved"], standing["cancelled"], standing["declinedBy"]) == (2, 2, ["W1"])
    assert standing["pieces"] == [{"externalWarehouseId": "W1", "quantity": 3, "shipmentId": str(shipment.shipment_id)}]
    assert body["history"] != []


async def test_a_record_tells_what_waits_where_there_is_room_and_what_never_runs_out(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    await router.knows([catalogue("W1", priority=1), catalogue("W2")], [balance("W1"), balance("W2")])
    await router.hears(order(row(back_order=True)))
    (asked,) = await router.said(AllocateOrder)
    none = Decimal(0)
    numbers: dict[str, Any] = {
        "quantity": none,
        "allocated": none,
        "held": none,
        "safety_stock": none,
        "product_id": "BOOTS",
    }
    waits = Taking(catalogue_id="W1", product_id="BOOTS", quantity=Decimal(2))
    takes = Taking(catalogue_id="W2", product_id="BOOTS", quantity=Decimal(3))
    seen = (
        Seen(catalogue_id="W1", taken=none, waiting=Decimal(2), back_order_room=None, verdict="waiting", **numbers),
        Seen(catalogue_id="W2", taken=Decimal(3), unlimited=True, verdict="taken", **numbers),
    )
    answer = RowAllocated(external_id="1", taken=(takes,), waiting=(waits,), short=none, seen=seen)
    await router.is_answered(OrderAllocated(order_id=asked.order_id, round=1, outcome="backordered", rows=(answer,)))
    (shown,) = (await client.get("/ecommerce/v3/orders/A-1/routing", headers=retailer)).json()["rows"]
    assert shown["waiting"] == [{"externalWarehouseId": "W1", "quantity": 2}]
    first, second = shown["candidates"]
    assert (first["verdict"], first["waiting"], "backOrderRoom" in first, "unlimited" in first) == (
        *("waiting", 2),
        *(False, False),
    )
    assert (second["verdict"], second["unlimited"], second["backOrderRoom"]) == ("taken", True, 0)
    assert shown["standing"]["waiting"] == 2
