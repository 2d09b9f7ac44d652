"""Returns as either side registers them, the supplier receives them, and a scanner reads their labels."""

import asyncio
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import pytest

from router import handlers
from router.domain import Shipment
from router.store import returns
from shared.contracts import OrderForgotten, ReturnChanged
from tests import builders
from tests.router import papers
from tests.router.conftest import SIGNER, Router
from tests.router.examples import OTHER_SUPPLIER, RETAILER, STRANGER, SUPPLIER
from tests.router.parcels import SHIPMENTS
from tests.router.returning import RETURNS, deliver, entry, receive, register, registration
from tests.router.series import give, series

Headers = dict[str, str]

WAREHOUSE = {
    "name": "Supplier Oy, returns",
    "streetAddress": "Varastokatu 3",
    "postalCode": "33100",
    "postOffice": "Tampere",
    "country": "FI",
}


@pytest.fixture
async def delivered(client: httpx.AsyncClient, supplier: Headers, shipment: Shipment) -> Shipment:
    """The supplier's shipment of the first order, delivered by Posti: five boots and two socks."""
    await deliver(client, supplier, shipment)
    return shipment


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
    assert [(one.status, one.version) for one in told] == [("Received", 2)]
    assert [(row.received, row.restocked) for row in told[0].rows] == [(3, 2), (Decimal(0), Decimal(0))]


async def test_more_than_was_registered_cannot_have_come_and_the_row_is_named(
    client: httpx.AsyncClient, router: Router, supplier: Headers, delivered: Shipment
) -> None:
    returned = await register(client, supplier, delivered)
    refused = await receive(client, supplier, returned, {"externalId": "1", "quantity": 3, "restock": True})
    assert (refused.status_code, "row 1 (BOOTS)" in refused.json()["message"]) == (409, True)
    assert (await client.get(f"{RETURNS}/{returned['returnId']}", headers=supplier)).json() == returned
    assert len(await router.said(ReturnChanged)) == 1


async def test_only_its_supplier_receives_a_return_and_others_never_hear_of_it(
    client: httpx.AsyncClient, retailer: Headers, supplier: Headers, delivered: Shipment
) -> None:
    returned = await register(client, retailer, delivered)
    address = f"{RETURNS}/{returned['returnId']}"
    assert (await receive(client, retailer, returned, {"externalId": "1"})).status_code == 403
    both = SIGNER.headers(RETAILER, "retailer", "supplier")
    assert (await receive(client, both, returned, {"externalId": "1"})).status_code == 403
    for stranger in (SIGNER.headers(OTHER_SUPPLIER, "supplier"), SIGNER.headers(STRANGER, "retailer", "supplier")):
        assert (await receive(client, stranger, returned, {"externalId": "1"})).status_code == 404
        assert (await client.get(RETURNS, headers=stranger)).json()["content"] == []
        for method, path in (("GET", ""), ("GET", "/label"), ("POST", "/cancellation")):
            assert (await client.request(method, f"{address}{path}", headers=stranger)).status_code == 404
        foreign = await client.post(RETURNS, json=registration(delivered, entry("2", 1)), headers=stranger)
        assert foreign.json()["message"] == f"There is no shipment {delivered.shipment_id}"
    assert (await client.get(address)).status_code == 401
    assert (await client.get(address, headers=SIGNER.headers(STRANGER, "operator"))).status_code == 403


async def test_the_database_itself_lets_a_retailer_change_nothing_of_what_comes_to_others(
    client: httpx.AsyncClient, router: Router, retailer: Headers, delivered: Shipment
) -> None:
    await register(client, retailer, delivered)
    async with router.database.transaction_of(RETAILER) as tx:
        assert await tx.execute("UPDATE return_rows SET received = 2") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with router.database.transaction_of(RETAILER) as tx:
            await tx.execute("UPDATE returns SET status = 'Received'")
    await register(client, retailer, delivered, entry("2", 1), goesTo="RETAILER")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with router.database.transaction_of(RETAILER) as tx:
            await tx.execute("UPDATE return_rows SET received = 1, restocked = 1 WHERE row_id = '2'")
    async with router.database.transaction_of(STRANGER) as tx:
        assert await tx.fetch_value("SELECT count(*) FROM returns") == 0
        assert await tx.fetch_value("SELECT count(*) FROM return_rows") == 0


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


async def test_an_old_version_is_not_changed(
    client: httpx.AsyncClient, retailer: Headers, supplier: Headers, delivered: Shipment
) -> None:
    returned = await register(client, retailer, delivered)
    stale = await receive(client, supplier | {"If-Match": '"2"'}, returned, {"externalId": "1"})
    assert stale.status_code == 412
    fresh = await receive(client, supplier | {"If-Match": '"1"'}, returned, {"externalId": "1"})
    assert fresh.status_code == 200


async def test_before_it_is_delivered_nothing_of_a_shipment_comes_back(
    client: httpx.AsyncClient, retailer: Headers, shipment: Shipment
) -> None:
    refused = await client.post(RETURNS, json=registration(shipment), headers=retailer)
    assert (refused.status_code, "is Created" in refused.json()["message"]) == (409, True)


async def test_bad_input_is_named_field_by_field_and_changes_nothing(
    client: httpx.AsyncClient, router: Router, retailer: Headers, supplier: Headers, delivered: Shipment
) -> None:
    bad: dict[str, Any] = {
        "shipmentId": str(delivered.shipment_id),
        "externalId": "x" * 201,
        "rows": [
            {"externalId": "1", "quantity": 0, "reason": "Damaged"},
            {"externalId": "1", "quantity": 1, "reason": "bored"},
            {"externalId": "1", "quantity": "many"},
        ],
        "returnAddress": {"country": "Finland"},
    }
    refused = await client.post(RETURNS, json=bad, headers=retailer)
    assert refused.status_code == 400
    assert {error["field"] for error in refused.json()["errors"]} == {
        "externalId",
        "rows[0].quantity",
        "rows[1].reason",
        "rows[2].quantity",
        "rows[2].reason",
        "returnAddress.country",
    }
    unknown = registration(delivered, entry("9", 1), serviceCode="9999", returnAddress={"email": "x", "name": " "})
    refused = await client.post(RETURNS, json=unknown, headers=retailer)
    assert {error["field"] for error in refused.json()["errors"]} == {
        "rows[0].externalId",
        "serviceCode",
        "returnAddress.name",
        "returnAddress.streetAddress",
        "returnAddress.postOffice",
    }
    empties: tuple[object, ...] = ([], None, "x")
    for rows in empties:
        empty = await client.post(RETURNS, json={"shipmentId": "x", "rows": rows}, headers=retailer)
        assert empty.status_code == 400
    assert (await client.post(RETURNS, json={"shipmentId": "x", "rows": [entry("1", 1)]}, headers=retailer)).json()[
        "message"
    ] == "There is no shipment x"
    listed = await client.get(f"{RETURNS}?status=Lost", headers=retailer)
    assert (listed.status_code, listed.json()["errors"][0]["field"]) == (400, "status")
    assert await router.said(ReturnChanged) == []
    returned = await register(
        client, retailer, delivered, {"externalId": "1", "itemId": "", "quantity": None, "reason": " Other "}
    )
    assert returned["rows"][0]["quantity"] == 5
    refused = await receive(client, supplier, returned, {"externalId": "1", "restock": "perhaps", "condition": "Bad"})
    assert {error["field"] for error in refused.json()["errors"]} == {"rows[0].restock", "rows[0].condition"}


async def test_a_list_shows_what_is_asked_for(
    client: httpx.AsyncClient, router: Router, retailer: Headers, supplier: Headers, shipments: list[Shipment]
) -> None:
    await give(router, series())
    for one in shipments[:2]:
        await deliver(client, supplier, one)
    first, second, third = [
        await register(client, retailer, shipments[number], entry("1", 1), returnAddress=WAREHOUSE)
        for number in (0, 1, 0)
    ]
    await receive(client, supplier, third, {"externalId": "1"})
    for query, wanted in (
        ("orderExternalId=A-2", [second]),
        (f"shipmentId={shipments[0].shipment_id}&status=Registered", [first]),
        ("status=Registered,Cancelled", [first, second]),
        (f"trackingCode={second['trackingCodes'][0]}", [second]),
        ("orderExternalId=&status=&shipmentId=&page=1&size=1", [second]),
        ("orderExternalId=nobody", []),
        ("updatedFrom=2199-01-01T00:00:00Z", []),
    ):
        listed = await client.get(f"{RETURNS}?{query}", headers=supplier)
        assert [one["returnId"] for one in listed.json()["content"]] == [one["returnId"] for one in wanted], query
    assert (await client.get(f"{RETURNS}?shipmentId=x", headers=supplier)).status_code == 400
    changed = (await client.get(f"{RETURNS}?updatedFrom=2026-01-01T00:00:00Z", headers=supplier)).json()["content"]
    assert changed[-1]["returnId"] == third["returnId"]


async def test_a_return_gets_a_code_of_the_series_and_a_label_from_the_customer_to_the_supplier(
    client: httpx.AsyncClient, router: Router, retailer: Headers, supplier: Headers, delivered: Shipment
) -> None:
    await give(router, series())
    returned = await register(client, retailer, delivered, externalId="RMA-17", returnAddress=WAREHOUSE)
    [code] = returned["trackingCodes"]
    assert returned["trackingLinks"] == [f"https://www.posti.fi/fi/seuranta#/lahetys/{code}"]
    [document] = returned["documents"]
    labels = [await client.get(document["uri"], headers=headers) for headers in (retailer, supplier)]
    for label in labels:
        assert (label.status_code, label.headers["content-type"]) == (200, "application/pdf")
    [page] = papers.pages(labels[0].content)
    assert papers.scanned(page.picture) == [code]
    words = page.text.replace("\r\n", " ")
    sender, receiver = words.index("Kotikatu 1"), words.index("Varastokatu 3")
    assert words.index("LÄHETTÄJÄ") < sender < words.index("VASTAANOTTAJA") < receiver
    for said in ("Maija", "33100 Tampere", "2108", "Palautus RMA-17", "Tilaus A-1", "Sopimus 612345"):
        assert said in words
    zpl = await client.get(f"{document['uri']}?format=zpl&size=A5", headers=supplier)
    assert [papers.scanned(picture) for picture in papers.printed(zpl.content, "A5")] == [[code]]
    tag = {"If-None-Match": label.headers["etag"]}
    assert (await client.get(document["uri"], headers=supplier | tag)).status_code == 304
    await client.post(f"{RETURNS}/{returned['returnId']}/cancellation", json={"reason": "Kept"}, headers=supplier)
    gone = await client.get(document["uri"], headers=retailer)
    assert (gone.status_code, "is Cancelled" in gone.json()["message"]) == (404, True)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "nobody said where it goes"),
        ({"returnAddress": WAREHOUSE}, "there was no number series of Posti when it was registered"),
        ({"returnAddress": WAREHOUSE, "trackingCodes": ["MINE-1"]}, "its tracking code is not of Sluice's"),
        ({"deliveryOperator": "Bicycle"}, "no service of Bicycle for returns is offered"),
        ({"deliveryOperator": "Unifaun"}, "returns are not booked through nShift"),
    ],
)
async def test_a_return_without_a_label_says_why(
    client: httpx.AsyncClient, retailer: Headers, delivered: Shipment, given: dict[str, Any], why: str
) -> None:
    returned = await register(client, retailer, delivered, **given)
    label = await client.get(f"{RETURNS}/{returned['returnId']}/label", headers=retailer)
    assert (label.status_code, returned["documents"]) == (404, [])
    assert why in label.json()["message"]


async def test_when_the_codes_are_used_up_nothing_is_registered_unless_it_has_one_already(
    client: httpx.AsyncClient, router: Router, retailer: Headers, delivered: Shipment
) -> None:
    await give(router, series(last=1))
    await register(client, retailer, delivered, entry("1", 1), returnAddress=WAREHOUSE)
    refused = await client.post(
        RETURNS, json=registration(delivered, entry("1", 1), returnAddress=WAREHOUSE), headers=retailer
    )
    assert (refused.status_code, "nothing was registered" in refused.json()["message"]) == (409, True)
    assert len(await router.said(ReturnChanged)) == 1
    own = await register(client, retailer, delivered, entry("1", 4), returnAddress=WAREHOUSE, trackingCodes=["MINE"])
    assert own["trackingCodes"] == ["MINE"]


async def test_a_return_to_the_shop_goes_to_the_sender_and_the_shop_receives_it(
    client: httpx.AsyncClient, router: Router, retailer: Headers, supplier: Headers, delivered: Shipment
) -> None:
    letterhead = "/ecommerce/v3/papers/letterhead"
    await client.put(letterhead, json={"sender": WAREHOUSE}, headers=retailer)
    assert "returnAddress" not in await register(client, retailer, delivered, entry("1", 1))
    returned = await register(client, retailer, delivered, goesTo="retailer")
    assert (returned["goesTo"], returned["returnAddress"]) == ("RETAILER", WAREHOUSE)
    assert (await receive(client, supplier, returned, {"externalId": "1"})).status_code == 403
    shelved = await receive(client, retailer, returned, {"externalId": "1", "restock": True})
    assert (shelved.status_code, shelved.json()["errors"][0]["field"]) == (400, "rows[0].restock")
    answer = await receive(client, retailer, returned, {"externalId": "1", "condition": "Used"})
    assert (answer.status_code, answer.json()["status"]["value"]) == (200, "Received")
    assert [(int(row.received), int(row.restocked)) for row in (await router.said(ReturnChanged))[-1].rows] == [(2, 0)]


async def test_a_sender_that_no_parcel_reaches_is_none(
    client: httpx.AsyncClient, router: Router, retailer: Headers, delivered: Shipment
) -> None:
    await client.put(
        "/ecommerce/v3/papers/letterhead", json={"sender": {"telephone": "+358501234567"}}, headers=retailer
    )
    await give(router, series())
    returned = await register(client, retailer, delivered, goesTo="RETAILER")
    assert ("returnAddress" in returned, returned["trackingCodes"], returned["documents"]) == (False, [], [])
    label = await client.get(f"{RETURNS}/{returned['returnId']}/label", headers=retailer)
    assert "nobody said where it goes" in label.json()["message"]


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
