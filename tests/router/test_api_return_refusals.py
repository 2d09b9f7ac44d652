"""Returns that are refused: of what did not go out or come, by the wrong one, or badly written."""

from typing import Any

import asyncpg
import httpx
import pytest

from router.domain import Shipment
from shared.contracts import ReturnChanged
from tests.router.conftest import SIGNER, Router
from tests.router.examples import OTHER_SUPPLIER, RETAILER, STRANGER
from tests.router.returning import RETURNS, Headers, entry, receive, register, registration


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


@pytest.mark.parametrize("body", [b"", b" ", b'""', b"null", b"{}"])
async def test_a_return_is_cancelled_without_a_reason_however_that_is_left_out(
    client: httpx.AsyncClient, retailer: Headers, delivered: Shipment, body: bytes
) -> None:
    returned = await register(client, retailer, delivered)
    answer = await client.post(f"{RETURNS}/{returned['returnId']}/cancellation", content=body, headers=retailer)
    assert (answer.status_code, answer.json()["status"]["value"]) == (200, "Cancelled")
    wrong = await client.post(f"{RETURNS}/{returned['returnId']}/cancellation", content=b"[]", headers=retailer)
    assert wrong.status_code == 400
