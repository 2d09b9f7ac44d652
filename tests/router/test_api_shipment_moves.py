"""How suppliers move their shipments on: open, pack, confirm and cancel them."""

import asyncio
from typing import Any

import httpx
import pytest

from router.domain import Shipment
from shared.contracts import ShipmentChanged
from tests.router.conftest import Router
from tests.router.parcels import SHIPMENTS, confirmation, delivered, parcel


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


async def test_the_interface_describes_itself(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    change = document["paths"]["/ecommerce/v3/shipments/{shipment_id}"]["patch"]
    schema = change["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {"status", "externalId", "consignment"}
    assert "$defs" not in str(document)
    assert "/ecommerce/v3/orders/{external_id}/routing" in document["paths"]


async def test_an_error_is_said_with_its_reason_and_ends_when_the_work_goes_on(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    stuck = await client.patch(
        address, json={"status": {"value": "Error", "reason": "No such street"}}, headers=supplier
    )
    assert (stuck.json()["status"]["value"], stuck.json()["status"]["reason"]) == ("Error", "No such street")
    listed = (await client.get(SHIPMENTS, params={"status": "Error"}, headers=supplier)).json()["content"]
    assert listed == [stuck.json()]
    on = await client.patch(address, json={"status": {"value": "Picking"}}, headers=supplier)
    assert on.json()["status"] == {"value": "Picking", "timestamp": on.json()["status"]["timestamp"]}
    assert [changed.status for changed in await router.said(ShipmentChanged)] == ["Error", "Picking"]


async def test_the_fast_confirmation_of_what_goes_through_nshift_is_a_conflict(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    operator = {"consignment": {"parcels": [{"parcelId": "1", "deliveryOperator": "Unifaun"}]}}
    await client.patch(address, json=operator, headers=supplier)
    answer = await client.post(f"{address}/delivered", headers=supplier)
    assert answer.status_code == 409
    assert "goes through Unifaun" in answer.json()["message"]


async def test_blank_fields_and_null_say_nothing(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    parcels = [
        {
            "parcelId": "1",
            "serviceCode": " ",
            "pickupPointId": "",
            "routingServiceCode": None,
            "additionalServices": None,
            "ready": "",
            "rows": None,
        }
    ]
    change = {"status": None, "externalId": "  ", "metadata": None, "consignment": {"parcels": parcels, "rows": None}}
    answer = await client.put(f"{SHIPMENTS}/{shipment.shipment_id}", json=change, headers=supplier)
    assert answer.status_code == 200
    assert answer.json()["consignment"]["parcels"][0]["serviceCode"] == "2103"
    assert await router.said(ShipmentChanged) == []


async def test_the_kind_of_order_is_answered_in_the_right_spelling_whatever_is_put_back(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    change = {"metadata": {"documentTyepe": "SalesOrder"}, "externalId": "S-1"}
    answer = await client.put(f"{SHIPMENTS}/{shipment.shipment_id}", json=change, headers=supplier)
    assert answer.json()["metadata"]["documentType"] == "SalesOrder"
    assert "documentTyepe" not in answer.text
