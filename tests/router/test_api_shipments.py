"""Shipments as suppliers poll them, and as retailers look at them."""

import json

import httpx
import pytest

from router.api.shipment_shown import ShipmentShown
from router.domain import Shipment
from shared.contracts import ShipmentChanged
from tests.router.conftest import SIGNER, Router
from tests.router.examples import OTHER_SUPPLIER, RETAILER, STRANGER, SUPPLIER
from tests.router.parcels import SHIPMENTS, parcel


async def test_a_supplier_polls_its_new_shipments(
    client: httpx.AsyncClient, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    polled = await client.get(
        SHIPMENTS, params={"from": "2026-01-02T00:00:00Z", "status": "Created,Viewed"}, headers=supplier
    )
    assert polled.status_code == 200
    body = polled.json()
    assert body["page"] == {"size": 20, "totalElements": 3, "totalPages": 1, "number": 0}
    assert [found["consignment"]["reference"] for found in body["content"]] == ["A-1", "A-2", "A-3"]
    own = [found for found in shipments if found.supplier_id == SUPPLIER]
    assert [found["shipmentId"] for found in body["content"]] == [str(found.shipment_id) for found in own]


async def test_a_shipment_shows_all_a_supplier_needs_and_nothing_of_others(
    client: httpx.AsyncClient, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    last = [found for found in shipments if found.supplier_id == SUPPLIER][-1]
    answer = await client.get(f"{SHIPMENTS}/{last.shipment_id}", headers=supplier)
    body = answer.json()
    created = body["createdDate"]
    assert body == {
        "shipmentId": str(last.shipment_id),
        "clientId": SUPPLIER,
        "metadata": {
            "sourceOrganization": RETAILER,
            "documentType": "SalesOrder",
            "insertDate": created,
            "updateDate": created,
        },
        "references": [],
        "createdDate": created,
        "acceptBy": body["acceptBy"],
        "status": {"value": "Created", "timestamp": created},
        "events": [],
        "consignment": {
            "reference": "A-3",
            "contractNumber": "612345",
            "orderDate": "2026-01-02T08:00:00.000Z",
            "client": {"name": "Maija", "email": "maija@example.com"},
            "deliveryAddress": {
                "name": "Maija",
                "streetAddress": "Kotikatu 1",
                "postalCode": "00100",
                "country": "FI",
            },
            "comments": [],
            "rows": [
                {
                    "externalId": "1",
                    "itemId": "BOOTS",
                    "productEANCode": "111",
                    "externalWarehouseId": "W1",
                    "quantity": 5,
                    "deliveredQuantity": 0,
                    "productDescription": "Boots",
                    "trackingCodes": [],
                },
                {
                    "externalId": "2",
                    "itemId": "SOCKS",
                    "externalWarehouseId": "W1",
                    "quantity": 2,
                    "deliveredQuantity": 0,
                    "trackingCodes": [],
                },
            ],
            "parcels": [
                {
                    "parcelId": "1",
                    "packageType": "PC",
                    "serviceCode": "2103",
                    "additionalServices": [],
                    "pickupPointId": "001003200",
                    "ready": False,
                    "trackingCodes": [],
                    "documents": [{"type": "note", "uri": f"{SHIPMENTS}/{last.shipment_id}/parcels/1/note"}],
                    "rows": [
                        {"externalId": "1", "itemId": "BOOTS", "externalWarehouseId": "W1", "quantity": 5},
                        {"externalId": "2", "itemId": "SOCKS", "externalWarehouseId": "W1", "quantity": 2},
                    ],
                }
            ],
        },
    }
    assert answer.headers["etag"] == '"1"'


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "Viewed"}, []),
        ({"status": "Delivered, Created"}, ["A-1", "A-2", "A-3"]),
        ({"from": "2100-01-01T00:00:00Z"}, []),
        ({"size": "2"}, ["A-1", "A-2"]),
        ({"size": "2", "page": "1"}, ["A-3"]),
        ({"page": "9"}, []),
        ({"from": "", "updatedFrom": " ", "modifiedFromDate": "", "role": "", "status": ""}, ["A-1", "A-2", "A-3"]),
        ({"updatedFrom": "2026-01-02T08:00:00+02:00"}, ["A-1", "A-2", "A-3"]),
        ({"modifiedFromDate": "2100-01-01T00:00:00.000Z"}, []),
        ({"updatedFrom": "2100-01-01T00:00:00Z", "modifiedFromDate": "2026-01-02T00:00:00Z"}, []),
    ],
)
async def test_a_list_is_filtered_and_paged(
    client: httpx.AsyncClient,
    supplier: dict[str, str],
    shipments: list[Shipment],
    query: dict[str, str],
    expected: list[str],
) -> None:
    assert len(shipments) == 4
    body = (await client.get(SHIPMENTS, params=query, headers=supplier)).json()
    assert [found["consignment"]["reference"] for found in body["content"]] == expected


async def test_pages_name_their_neighbours(
    client: httpx.AsyncClient, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    assert len(shipments) == 4
    body = (await client.get(SHIPMENTS, params={"size": "1", "page": "1"}, headers=supplier)).json()
    neighbours = {link["rel"]: link["href"] for link in body["links"]}
    assert neighbours == {"prev": f"{SHIPMENTS}?page=0&size=1", "next": f"{SHIPMENTS}?page=2&size=1"}


@pytest.mark.parametrize(
    ("query", "field"), [({"status": "Lost"}, "status"), ({"from": "yesterday"}, "from"), ({"size": "0"}, "size")]
)
async def test_a_query_that_cannot_be_read_is_named(
    client: httpx.AsyncClient, supplier: dict[str, str], query: dict[str, str], field: str
) -> None:
    answer = await client.get(SHIPMENTS, params=query, headers=supplier)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2201-01-01T00:00:00Z"])
async def test_a_search_from_the_ends_of_the_calendar_is_refused(
    client: httpx.AsyncClient, supplier: dict[str, str], moment: str
) -> None:
    answer = await client.get(SHIPMENTS, params={"from": moment}, headers=supplier)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "from"
    assert "in the years 1900 to 2200" in answer.json()["message"]


async def test_a_retailer_sees_the_shipments_of_its_orders_and_changes_none(
    client: httpx.AsyncClient, retailer: dict[str, str], shipments: list[Shipment]
) -> None:
    body = (await client.get(SHIPMENTS, headers=retailer)).json()
    assert {found["shipmentId"] for found in body["content"]} == {str(found.shipment_id) for found in shipments}
    address = f"{SHIPMENTS}/{shipments[0].shipment_id}"
    assert (await client.patch(address, json={"status": {"value": "Viewed"}}, headers=retailer)).status_code == 403
    both = SIGNER.headers(RETAILER, "retailer", "supplier")
    assert (await client.patch(address, json={"status": {"value": "Viewed"}}, headers=both)).status_code == 403
    assert (await client.get(SHIPMENTS, headers=both)).json()["content"] == []
    assert len((await client.get(SHIPMENTS, params={"role": "RETAILER"}, headers=both)).json()["content"]) == 4


@pytest.mark.parametrize("organisation", [OTHER_SUPPLIER, STRANGER])
async def test_to_other_suppliers_a_shipment_is_not_there(
    client: httpx.AsyncClient, router: Router, shipment: Shipment, organisation: str
) -> None:
    headers = SIGNER.headers(organisation, "supplier", "retailer")
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    answers = [
        await client.get(address, headers=headers),
        await client.patch(address, json={"status": {"value": "Viewed"}}, headers=headers),
        await client.put(address, json={"status": {"value": "Viewed"}}, headers=headers),
        await client.post(f"{address}/delivered", headers=headers),
        await client.get("/ecommerce/v3/orders/A-1/routing", headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert await router.said(ShipmentChanged) == []


@pytest.mark.parametrize("made_up", ["8f80c905-3fa5-4a24-a94c-d4ff4f5375da", "1", "a%00b"])
async def test_a_shipment_that_never_was_is_not_found(
    client: httpx.AsyncClient, supplier: dict[str, str], made_up: str
) -> None:
    assert (await client.get(f"{SHIPMENTS}/{made_up}", headers=supplier)).status_code == 404


async def test_without_a_token_nothing_is_shown(client: httpx.AsyncClient) -> None:
    assert (await client.get(SHIPMENTS)).status_code == 401
    assert (await client.get("/ecommerce/v3/orders/A-1/routing")).status_code == 401


@pytest.mark.parametrize("name", ["updatedFrom", "modifiedFromDate"])
async def test_what_has_changed_is_listed_as_it_changed(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipments: list[Shipment], name: str
) -> None:
    own = [found for found in shipments if found.supplier_id == SUPPLIER]
    async with router.database.transaction() as tx:
        await tx.execute(
            "UPDATE shipments SET updated_at = '2026-01-02T08:00:00Z', created_at = '2026-01-02T08:00:00Z'"
        )
    before = (await client.get(f"{SHIPMENTS}/{own[2].shipment_id}", headers=supplier)).json()["metadata"]["updateDate"]
    assert before == "2026-01-02T08:00:00.000Z"
    seen = {"status": {"value": "Viewed"}}
    first = await client.patch(f"{SHIPMENTS}/{own[2].shipment_id}", json=seen, headers=supplier)
    await client.patch(f"{SHIPMENTS}/{own[0].shipment_id}", json=seen, headers=supplier)
    since = first.json()["metadata"]["updateDate"]
    body = (await client.get(SHIPMENTS, params={name: since}, headers=supplier)).json()
    assert [found["consignment"]["reference"] for found in body["content"]] == ["A-3", "A-1"]
    assert body["page"]["totalElements"] == 2


async def test_an_answer_is_what_the_description_of_the_interface_says(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    services = [{"serviceCode": "3139", "email": "maija@example.com", "attributes": [{"name": "a", "value": "b"}]}]
    change = {
        "externalId": "S-1",
        "status": {"value": "Error", "reason": "No such street"},
        "consignment": {"parcels": [parcel("1", BOOTS=2) | {"additionalServices": services, "trackingCodes": ["A"]}]},
    }
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    await client.patch(address, json=change, headers=supplier)
    event = {"type": "InTransit", "comment": "…", "location": "Tampere", "parcelId": "1"}
    body = (await client.post(f"{address}/events", json=event, headers=supplier)).json()
    described = ShipmentShown.model_validate(body)
    assert json.loads(described.model_dump_json(by_alias=True, exclude_none=True)) == body
    assert body["consignment"]["parcels"][0]["additionalServices"] == services
    (listed,) = (await client.get(SHIPMENTS, params={"status": "Error"}, headers=supplier)).json()["content"]
    assert listed == body
