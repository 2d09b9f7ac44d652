"""Labels of returns: their codes, where they bring the goods, and why there is none."""

from typing import Any

import httpx
import pytest

from router.domain import Shipment
from shared.contracts import ReturnChanged
from tests.router import papers
from tests.router.conftest import Router
from tests.router.returning import RETURNS, WAREHOUSE, Headers, entry, receive, register, registration
from tests.router.series import give, series


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
