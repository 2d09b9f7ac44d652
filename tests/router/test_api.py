"""The router's HTTP interface, as suppliers and retailers use it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from router import app
from router.domain import Shipment
from shared.contracts import AllocateOrder, ShipmentChanged
from tests import builders
from tests.builders import Signer
from tests.router.conftest import Router
from tests.router.examples import (
    OTHER_SUPPLIER,
    RETAILER,
    SETTINGS,
    STRANGER,
    SUPPLIER,
    allocate,
    balance,
    catalogue,
    order,
    row,
)

SIGNER = Signer()
SHIPMENTS = "/ecommerce/v3/shipments"


@pytest.fixture
async def client(router: Router) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the router's interface."""
    async with builders.client_of(app.build(SETTINGS), router.database, SIGNER) as opened:
        yield opened


@pytest.fixture
def supplier() -> dict[str, str]:
    """The headers of the supplier."""
    return SIGNER.headers(SUPPLIER, "supplier")


@pytest.fixture
def retailer() -> dict[str, str]:
    """The headers of the retailer."""
    return SIGNER.headers(RETAILER, "retailer")


@pytest.fixture
async def shipments(router: Router) -> list[Shipment]:
    """Three orders of five boots and two socks, a shipment of the supplier's each; the last also one of the other's."""
    await router.knows(
        [catalogue("W1", priority=1, contract_number="612345"), catalogue("W2", supplier_id=OTHER_SUPPLIER)],
        [balance("W1", ean="111", description="Boots"), balance("W1", "SOCKS"), balance("W2", "HAT")],
    )
    stock = {("W1", "BOOTS"): 99, ("W1", "SOCKS"): 99, ("W2", "HAT"): 99}
    for number in (1, 2):
        await router.ships(order(row("1"), row("2", "SOCKS", 2), external_id=f"A-{number}"), stock)
    return await router.ships(order(row("1"), row("2", "SOCKS", 2), row("3", "HAT", 1), external_id="A-3"), stock)


@pytest.fixture
def shipment(shipments: list[Shipment]) -> Shipment:
    """The supplier's shipment of the first order."""
    return shipments[0]


def confirmation(*parcels: dict[str, Any]) -> dict[str, Any]:
    """A confirmation of what is delivered."""
    return {"status": {"value": "Delivered"}, "consignment": {"parcels": list(parcels)}}


def parcel(parcel_id: str, **delivered: int) -> dict[str, Any]:
    """A parcel of W1 as a supplier sends it, which repeats what was ordered."""
    rows = [
        {"externalWarehouseId": "W1", "itemId": item, "deliveredQuantity": quantity, "quantity": 5.0}
        for item, quantity in delivered.items()
    ]
    return {"parcelId": parcel_id, "packageType": "PC", "ready": True, "rows": rows}


def delivered(body: dict[str, Any]) -> dict[str, int]:
    """How much of each product an answered shipment delivered."""
    return {shown["itemId"]: shown["deliveredQuantity"] for shown in body["consignment"]["rows"]}


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


async def test_an_opened_shipment_is_viewed_once(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    for _ in range(2):
        answer = await client.patch(
            f"{SHIPMENTS}/{shipment.shipment_id}", json={"status": {"value": "Viewed"}}, headers=supplier
        )
        assert answer.status_code == 200
        assert answer.json()["status"]["value"] == "Viewed"
        assert answer.headers["etag"] == '"2"'
    (changed,) = await router.said(ShipmentChanged)
    assert (changed.status, changed.closed, changed.version) == ("Viewed", False, 2)
    assert [(r.external_id, int(r.quantity), int(r.delivered)) for r in changed.rows] == [("1", 5, 0), ("2", 2, 0)]


async def test_a_confirmation_delivers_what_its_parcel_says_and_closes(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    packed = parcel("1", BOOTS=4, SOCKS=0) | {"trackingCodes": ["EXTERNAL-1"]}
    answer = await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=confirmation(packed), headers=supplier)
    assert answer.status_code == 200
    assert delivered(answer.json()) == {"BOOTS": 4, "SOCKS": 0}
    (changed,) = await router.said(ShipmentChanged)
    assert changed.closed
    assert [(int(r.delivered), r.tracking_codes) for r in changed.rows] == [(4, ("EXTERNAL-1",)), (0, ())]
    again = await client.get(f"{SHIPMENTS}/{shipment.shipment_id}", headers=supplier)
    assert again.json() == answer.json()


async def test_a_split_is_put_as_parcels_that_add_up(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    second = parcel("2", BOOTS=3) | {"serviceCode": "2103", "pickupPointId": "002303200", "routingServiceCode": "3200"}
    answer = await client.put(
        f"{SHIPMENTS}/{shipment.shipment_id}",
        json=confirmation(parcel("1", BOOTS=2, SOCKS=2), second),
        headers=supplier,
    )
    assert answer.status_code == 200
    assert delivered(answer.json()) == {"BOOTS": 5, "SOCKS": 2}
    parcels = answer.json()["consignment"]["parcels"]
    assert [(p["parcelId"], p["pickupPointId"], len(p["rows"])) for p in parcels] == [
        ("1", "001003200", 2),
        ("2", "002303200", 1),
    ]


async def test_what_a_supplier_was_answered_it_may_put_back(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    body = (await client.get(address, headers=supplier)).json()
    assert (await client.put(address, json=body, headers=supplier)).json() == body
    assert await router.said(ShipmentChanged) == []
    body["status"]["value"] = "Delivered"
    assert delivered((await client.put(address, json=body, headers=supplier)).json()) == {"BOOTS": 5, "SOCKS": 2}


async def test_the_fast_confirmation_needs_no_body(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    for _ in range(2):
        answer = await client.post(f"{SHIPMENTS}/{shipment.shipment_id}/delivered", headers=supplier)
        assert answer.status_code == 200
        assert delivered(answer.json()) == {"BOOTS": 5, "SOCKS": 2}
    assert len(await router.said(ShipmentChanged)) == 1


async def test_a_cancelled_shipment_is_closed_and_cannot_be_delivered(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    cancelled = await client.patch(address, json={"status": {"value": "Cancelled"}}, headers=supplier)
    assert cancelled.json()["status"]["value"] == "Cancelled"
    refused = await client.post(f"{address}/delivered", headers=supplier)
    assert refused.status_code == 409
    assert refused.json()["message"] == "The shipment is Cancelled, which is final"
    (changed,) = await router.said(ShipmentChanged)
    assert changed.closed
    assert [int(shown.delivered) for shown in changed.rows] == [0, 0]


async def test_wrong_fields_are_all_named_and_change_nothing(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    answer = await client.patch(
        f"{SHIPMENTS}/{shipment.shipment_id}",
        json=confirmation(parcel("1", SOCKS=2, BOOTS=6), parcel("2", HAT=1)),
        headers=supplier,
    )
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [
        "consignment.parcels[0].rows[1].deliveredQuantity",
        "consignment.parcels[1].rows[0].itemId",
    ]
    assert await router.said(ShipmentChanged) == []
    assert (await router.shipments())[0].status == "Created"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ("", ["body"]),
        ("{", ["body"]),
        ("[]", ["body"]),
        ('{"status": "Viewed"}', ["status"]),
        ('{"status": {"value": "Sent"}}', ["status.value"]),
        ('{"externalId": "a\\u0000b"}', ["externalId"]),
        (
            '{"consignment": {"parcels": [{"rows": [{"deliveredQuantity": -1}], "trackingCodes": [""]}]}}',
            [
                "consignment.parcels[0].parcelId",
                "consignment.parcels[0].trackingCodes[0]",
                "consignment.parcels[0].rows[0].deliveredQuantity",
            ],
        ),
        (
            '{"consignment": {"parcels": [{"parcelId": "1", "rows": [{"deliveredQuantity": 1e30}]}]}}',
            ["consignment.parcels[0].rows[0].deliveredQuantity"],
        ),
    ],
)
async def test_a_body_that_cannot_be_read_names_what_is_wrong(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment, body: str, fields: list[str]
) -> None:
    answer = await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", content=body, headers=supplier)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == fields


async def test_additional_services_are_read_in_either_spelling(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    for name, code in (("additionalServices", "3104"), ("addtionalServices", "3174")):
        change = {"consignment": {"parcels": [{"parcelId": "1", name: [{"serviceCode": code}]}]}}
        answer = await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=change, headers=supplier)
        services = answer.json()["consignment"]["parcels"][0]["additionalServices"]
        assert [service["serviceCode"] for service in services] == [code]


async def test_the_suppliers_own_reference_is_not_shown_to_the_retailer(
    client: httpx.AsyncClient, supplier: dict[str, str], retailer: dict[str, str], shipment: Shipment
) -> None:
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    answer = await client.patch(address, json={"externalId": "S-1"}, headers=supplier)
    assert answer.json()["externalId"] == "S-1"
    assert "externalId" not in (await client.get(address, headers=retailer)).json()


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


async def test_a_change_made_from_an_old_version_is_refused(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    address = f"{SHIPMENTS}/{shipment.shipment_id}"

    async def change(status: str, if_match: str) -> int:
        answer = await client.patch(
            address, json={"status": {"value": status}}, headers=supplier | {"If-Match": if_match}
        )
        return answer.status_code

    assert await change("Viewed", '"1"') == 200
    assert await change("Picking", '"1"') == 412
    assert await change("Picking", 'W/"1", "2"') == 200
    assert await change("Packing", "*") == 200


async def test_a_change_that_another_overtakes_is_decided_again_on_what_is_there_then(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    waiting = (
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND datname = current_database()"
    )
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE shipments SET status = 'Delivered', version = 2 WHERE id = $1", shipment.shipment_id)
        cancel = asyncio.create_task(client.patch(address, json={"status": {"value": "Cancelled"}}, headers=supplier))
        while not await tx.fetch_value(waiting):
            assert not cancel.done()
    answer = await cancel
    assert answer.status_code == 409
    assert answer.json()["message"] == "The shipment is Delivered, which is final"
    assert await router.said(ShipmentChanged) == []


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


async def test_the_interface_describes_itself(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    change = document["paths"]["/ecommerce/v3/shipments/{shipment_id}"]["patch"]
    schema = change["requestBody"]["content"]["application/json"]["schema"]
    assert "$ref" not in str(schema)
    assert set(schema["properties"]) == {"status", "externalId", "consignment"}
    assert "/ecommerce/v3/orders/{external_id}/routing" in document["paths"]


@pytest.mark.parametrize(
    ("parcels", "says"),
    [
        ([{}] * 201, "has at most 200 parcels, not 201"),
        ([{"parcelId": "1", "rows": [{}] * 2_501}, {"rows": [{}] * 2_500}], "has at most 5000 rows in all parcels"),
    ],
)
async def test_a_change_of_too_many_parts_is_counted_and_not_read(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment, parcels: list[dict[str, Any]], says: str
) -> None:
    answer = await client.patch(
        f"{SHIPMENTS}/{shipment.shipment_id}", json={"consignment": {"parcels": parcels}}, headers=supplier
    )
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"], error["code"]) == (400, "consignment.parcels", "too_long")
    assert says in error["message"]


@pytest.mark.parametrize(
    "parcels", [[{"ready": "?", "parcelId": ""}] * 200, [{"parcelId": "1", "rows": [{"itemId": "HAT"}] * 400}]]
)
async def test_of_many_wrong_fields_a_hundred_are_told_and_the_others_counted(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment, parcels: list[dict[str, Any]]
) -> None:
    answer = await client.patch(
        f"{SHIPMENTS}/{shipment.shipment_id}", json={"consignment": {"parcels": parcels}}, headers=supplier
    )
    assert answer.status_code == 400
    *told, beyond = answer.json()["errors"]
    assert len(told) == 100
    assert beyond == {"field": "body", "code": "more_errors", "message": "has 300 more errors"}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2201-01-01T00:00:00Z"])
async def test_a_search_from_the_ends_of_the_calendar_is_refused(
    client: httpx.AsyncClient, supplier: dict[str, str], moment: str
) -> None:
    answer = await client.get(SHIPMENTS, params={"from": moment}, headers=supplier)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "from"
    assert "in the years 1900 to 2200" in answer.json()["message"]
