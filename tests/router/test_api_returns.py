"""Returns as either side registers them, the supplier receives them, and both find them."""

import asyncio
from decimal import Decimal
from typing import Any

import httpx

from router import handlers
from router.domain import Shipment
from router.store import returns
from shared.contracts import OrderForgotten, ReturnChanged
from tests import builders
from tests.router.conftest import Router
from tests.router.examples import RETAILER, SUPPLIER
from tests.router.parcels import SHIPMENTS
from tests.router.returning import RETURNS, WAREHOUSE, Headers, deliver, entry, receive, register, registration
from tests.router.series import give, series


async def test_a_return_is_registered_by_either_side_and_shown_to_both(
    client: httpx.AsyncClient, router: Router, retailer: Headers, supplier: Headers, delivered: Shipment
) -> None:
    first = await register(client, retailer, delivered, externalId="RMA-17", comment="Two left feet")
    second = await register(
        client, supplier, delivered, entry("2", 0.5, "NotCollected"), {"itemId": "BOOTS", "reason": "Other"}
    )
    assert (first["registeredBy"], second["registeredBy"]) == (RETAILER, SUPPLIER)
    assert first | {"returnId": "", "status": {}, "createdDate": "", "updateDate": ""} == {
        "returnId": "",
        "externalId": "RMA-17",
        "shipmentId": str(delivered.shipment_id),
        "orderExternalId": "A-1",
        "retailerId": RETAILER,
        "supplierId": SUPPLIER,
        "externalWarehouseId": "W1",
        "registeredBy": RETAILER,
        "status": {},
        "createdDate": "",
        "updateDate": "",
        "comment": "Two left feet",
        "rows": [
            {
                "externalId": "1",
                "itemId": "BOOTS",
                "productEANCode": "111",
                "productDescription": "Boots",
                "quantity": 2,
                "reason": "DoesNotFit",
                "receivedQuantity": 0,
                "restockedQuantity": 0,
                "findings": [],
            }
        ],
        "goesTo": "SUPPLIER",
        "deliveryOperator": "Posti",
        "serviceCode": "2108",
        "trackingCodes": [],
        "documents": [],
    }
    assert [(row["itemId"], row["quantity"]) for row in second["rows"]] == [("SOCKS", 0.5), ("BOOTS", 3)]
    for headers in (retailer, supplier):
        listed = (await client.get(RETURNS, headers=headers)).json()
        assert (listed["content"], listed["page"]["totalElements"]) == ([first, second], 2)
        shown = await client.get(f"{RETURNS}/{first['returnId']}", headers=headers)
        assert (shown.json(), shown.headers["etag"]) == (first, '"1"')
    told = await router.said(ReturnChanged)
    assert [(one.status, one.version, [int(row.quantity) for row in one.rows]) for one in told] == [
        ("Registered", 1, [2]),
        ("Registered", 1, [0, 3]),
    ]


async def test_of_a_row_no_more_comes_back_than_was_delivered_however_it_is_asked_for(
    client: httpx.AsyncClient, retailer: Headers, supplier: Headers, delivered: Shipment
) -> None:
    answers = await asyncio.gather(
        *(
            client.post(RETURNS, json=registration(delivered), headers=(retailer, supplier)[number % 2])
            for number in range(5)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["message"] == (
        "Of row 1 (BOOTS) 5 were delivered and 4 are being returned or were. At most 1 more can come back."
    )
    first, second = (await client.get(RETURNS, headers=retailer)).json()["content"]
    cancelled = await client.post(f"{RETURNS}/{first['returnId']}/cancellation", headers=retailer)
    assert cancelled.json()["status"]["value"] == "Cancelled"
    assert (await receive(client, supplier, second, {"externalId": "1", "quantity": 1})).json()["complete"] is False
    await register(client, retailer, delivered, entry("1", 4))
    assert (await client.post(RETURNS, json=registration(delivered), headers=retailer)).status_code == 409


async def test_who_registers_a_return_waits_for_who_is_at_it(
    client: httpx.AsyncClient, router: Router, retailer: Headers, delivered: Shipment
) -> None:
    returned = await register(client, retailer, delivered, entry("1", 3))
    await client.post(f"{RETURNS}/{returned['returnId']}/cancellation", headers=retailer)

    async def waiting() -> int:
        async with router.database.transaction() as other:
            count: int = await other.fetch_value(
                "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()"
            )
            return count

    async with router.database.transaction() as tx:
        await returns.register_one_at_a_time(tx, delivered.shipment_id)
        body = registration(delivered, entry("1", 3))
        late = asyncio.create_task(client.post(RETURNS, json=body, headers=retailer))
        await builders.eventually(waiting, bool)
        await tx.execute("UPDATE returns SET status = 'Registered'")
    assert (await late).status_code == 409


async def test_what_came_is_said_in_which_condition_and_once(
    client: httpx.AsyncClient, router: Router, retailer: Headers, supplier: Headers, delivered: Shipment
) -> None:
    returned = await register(client, retailer, delivered, entry("1", 3), entry("2", 1))
    found: list[dict[str, Any]] = [
        {"externalId": "1", "quantity": 2, "restock": True, "condition": "Unopened"},
        {"externalId": "1", "condition": "Damaged", "comment": "The sole is torn"},
    ]
    answer = await receive(client, supplier, returned, *found, comment="No socks in it")
    shown = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert (shown["status"]["value"], shown["complete"], shown["receiptComment"]) == (
        "Received",
        False,
        "No socks in it",
    )
    boots, socks = shown["rows"]
    assert (boots["receivedQuantity"], boots["restockedQuantity"], socks["receivedQuantity"]) == (3, 2, 0)
    assert boots["findings"] == [
        {"quantity": 2, "restocked": True, "condition": "Unopened"},
        {"quantity": 1, "restocked": False, "condition": "Damaged", "comment": "The sole is torn"},
    ]
    again = await receive(client, supplier, returned, *found, comment="No socks in it")
    assert (again.status_code, again.json()) == (200, shown)
    otherwise = await receive(client, supplier, returned, {"externalId": "1"})
    assert (otherwise.status_code, "Received already" in otherwise.json()["message"]) == (409, True)
    late = await client.post(f"{RETURNS}/{returned['returnId']}/cancellation", headers=retailer)
    assert late.status_code == 409
    told = (await router.said(ReturnChanged))[1:]
    assert [(one.status, one.version, one.changed_by) for one in told] == [("Received", 2, returned["supplierId"])]
    assert [(row.received, row.restocked) for row in told[0].rows] == [(3, 2), (Decimal(0), Decimal(0))]


async def test_the_same_request_under_one_key_registers_one_return(
    client: httpx.AsyncClient, retailer: Headers, delivered: Shipment
) -> None:
    keyed = retailer | {"Idempotency-Key": "a-return"}
    first, second = [await client.post(RETURNS, json=registration(delivered), headers=keyed) for _ in range(2)]
    assert (first.json(), first.headers["etag"]) == (second.json(), second.headers["etag"])
    assert second.headers["idempotent-replayed"] == "true"
    other = await client.post(RETURNS, json=registration(delivered, entry("2", 1)), headers=keyed)
    assert other.status_code == 409
    assert len((await client.get(RETURNS, headers=retailer)).json()["content"]) == 1


async def test_a_list_shows_what_is_asked_for(
    client: httpx.AsyncClient, router: Router, retailer: Headers, supplier: Headers, shipments: list[Shipment]
) -> None:
    await give(router, series())
    for one in shipments[:2]:
        await deliver(client, supplier, one)
    first, second, third = [
        await register(
            client, retailer, shipments[number], entry("1", 1), returnAddress=WAREHOUSE, externalId=f"RMA-{place}"
        )
        for place, number in enumerate((0, 1, 0), 1)
    ]
    await receive(client, supplier, third, {"externalId": "1"})
    for query, wanted in (
        ("orderExternalId=A-2", [second]),
        ("externalId=RMA-2", [second]),
        ("externalId=RMA-2&orderExternalId=A-1", []),
        (f"shipmentId={shipments[0].shipment_id}&status=Registered", [first]),
        ("status=Registered,Cancelled", [first, second]),
        (f"trackingCode={second['trackingCodes'][0]}", [second]),
        ("externalId=&orderExternalId=&status=&shipmentId=&page=1&size=1", [second]),
        ("orderExternalId=nobody", []),
        ("updatedFrom=2199-01-01T00:00:00Z", []),
    ):
        listed = await client.get(f"{RETURNS}?{query}", headers=supplier)
        assert [one["returnId"] for one in listed.json()["content"]] == [one["returnId"] for one in wanted], query
    assert (await client.get(f"{RETURNS}?shipmentId=x", headers=supplier)).status_code == 400
    changed = (await client.get(f"{RETURNS}?updatedFrom=2026-01-01T00:00:00Z", headers=supplier)).json()["content"]
    assert changed[-1]["returnId"] == third["returnId"]


async def test_a_shipment_is_as_it_was_whatever_comes_back_of_it(
    client: httpx.AsyncClient, retailer: Headers, supplier: Headers, delivered: Shipment
) -> None:
    before = await client.get(f"{SHIPMENTS}/{delivered.shipment_id}", headers=supplier)
    await receive(client, supplier, await register(client, retailer, delivered), {"externalId": "1", "restock": True})
    after = await client.get(f"{SHIPMENTS}/{delivered.shipment_id}", headers=supplier)
    assert (after.json(), after.headers["etag"]) == (before.json(), before.headers["etag"])


async def test_returns_go_with_their_order(
    client: httpx.AsyncClient, router: Router, retailer: Headers, supplier: Headers, delivered: Shipment
) -> None:
    await register(client, retailer, delivered)
    async with router.database.transaction() as tx:
        await handlers.forget_orders([OrderForgotten(order_id=delivered.order_id)], tx)
        assert await tx.fetch_value("SELECT count(*) FROM returns") == 0
        assert await tx.fetch_value("SELECT count(*) FROM return_rows") == 0
    gone = await client.post(RETURNS, json=registration(delivered), headers=retailer)
    assert gone.status_code == 404
