"""The public examples of shipments, word for word (glue-api.md D.4 to D.9)."""

from typing import Any

import httpx
import pytest

from router.domain import Shipment
from tests.router.conftest import Router
from tests.router.examples import balance, catalogue, order, row
from tests.router.parcels import SHIPMENTS

PRODUCT, WAREHOUSE = "0109357-9-5002", "01093579"
ROW = f'{{"externalWarehouseId":"{WAREHOUSE}","itemId":"{PRODUCT}"'
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
async def warehouse(router: Router) -> None:
    """The warehouse of the examples, with their product."""
    await router.knows([catalogue(WAREHOUSE, contract_number="612345")], [balance(WAREHOUSE, PRODUCT)])


async def ordered(router: Router, quantity: int, number: int = 1) -> Shipment:
    """The shipment of a new order of so many."""
    placed = order(row(product_id=PRODUCT, quantity=quantity), external_id=f"BAR{number}")
    return (await router.ships(placed, {(WAREHOUSE, PRODUCT): 99}))[-1]


async def send(client: httpx.AsyncClient, method: str, address: str, headers: dict[str, str], body: str = "") -> Any:
    """What is answered to a body as it is written; it is the whole shipment."""
    answer = await client.request(method, f"{SHIPMENTS}/{address}", content=body, headers=headers | JSON)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_d4_a_poll_answers_an_envelope_of_twenty(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str]
) -> None:
    for number in range(3):
        await ordered(router, 1, number)
    answer = await client.get(f"{SHIPMENTS}?from=2026-01-02T00:00:00Z&status=Created,Viewed", headers=supplier)
    assert answer.json()["page"] == {"size": 20, "totalElements": 3, "totalPages": 1, "number": 0}
    assert len(answer.json()["content"]) == 3


async def test_d5_a_seen_shipment_is_viewed(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str]
) -> None:
    made = await ordered(router, 1)
    seen = await send(client, "PATCH", str(made.shipment_id), supplier, '{"status":{"value":"Viewed"}}')
    assert seen["status"]["value"] == "Viewed"
    assert seen["consignment"]["reference"] == "BAR1"


@pytest.mark.parametrize("codes", ["", ',"trackingCodes":["EXTERNALLY GENERATED TRACKING CODE"]'])
async def test_d6_a_confirmed_shipment_is_delivered(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], codes: str
) -> None:
    made = await ordered(router, 1)
    body = (
        '{"status":{"value":"Delivered"},"consignment":{"parcels":[{"parcelId":"1","packageType":"PC","ready":true'
        f'{codes},\n "rows":[{ROW},"deliveredQuantity":1,"quantity":1.0}}]}}]}}}}'
    )
    confirmed = await send(client, "PATCH", str(made.shipment_id), supplier, body)
    (parcel,) = confirmed["consignment"]["parcels"]
    assert confirmed["status"]["value"] == "Delivered"
    assert (parcel["ready"], parcel["rows"][0]["deliveredQuantity"]) == (True, 1)
    assert parcel["trackingCodes"] == (["EXTERNALLY GENERATED TRACKING CODE"] if codes else [])
    assert confirmed["consignment"]["rows"][0]["trackingCodes"] == parcel["trackingCodes"]


async def test_d7_a_split_shipment_is_delivered_in_two_parcels(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str]
) -> None:
    made = await ordered(router, 5)
    body = (
        '{"status":{"value":"Delivered"},"consignment":{"parcels":[{"parcelId":"1","packageType":"PC","ready":true,'
        f'"rows":[{ROW},"deliveredQuantity":2,"quantity":5.0}}]}},'
        '{"parcelId":"2","packageType":"PC","serviceCode":"2103","pickupPointId":"002303200",'
        f'"routingServiceCode":"3200","ready":true,"rows":[{ROW},"deliveredQuantity":3,"quantity":5.0}}]}}]}}}}'
    )
    split = await send(client, "PUT", str(made.shipment_id), supplier, body)
    assert split["consignment"]["rows"][0]["deliveredQuantity"] == 5
    assert [
        (p["parcelId"], p["pickupPointId"], p["rows"][0]["deliveredQuantity"], p["rows"][0]["quantity"])
        for p in split["consignment"]["parcels"]
    ] == [("1", "001003200", 2, 5), ("2", "002303200", 3, 5)]


@pytest.mark.parametrize("body", ["", '""', "null"])
async def test_d8_a_fast_confirmation_needs_no_body_and_delivers_all(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], body: str
) -> None:
    made = await ordered(router, 5)
    confirmed = await send(client, "POST", f"{made.shipment_id}/delivered", supplier, body)
    assert confirmed["status"]["value"] == "Delivered"
    assert confirmed["consignment"]["rows"][0]["deliveredQuantity"] == 5


async def test_d9_a_cancelled_shipment_delivers_nothing(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str]
) -> None:
    made = await ordered(router, 5)
    cancelled = await send(client, "PATCH", str(made.shipment_id), supplier, '{"status":{"value":"Cancelled"}}')
    assert cancelled["status"]["value"] == "Cancelled"
    assert cancelled["consignment"]["rows"][0]["deliveredQuantity"] == 0


async def test_an_example_with_a_stray_comma_is_refused_with_the_place(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str]
) -> None:
    made = await ordered(router, 5)
    answer = await client.patch(
        f"{SHIPMENTS}/{made.shipment_id}", content='{"status":{"value":"Cancelled"},}', headers=supplier | JSON
    )
    assert answer.status_code == 400
    assert "is not valid JSON" in answer.json()["message"]
