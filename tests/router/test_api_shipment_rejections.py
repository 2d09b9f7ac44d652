"""How suppliers say which rows they cannot send, before they send the others."""

from typing import Any

import httpx

from router.domain import Shipment
from shared.contracts import AllocateOrder, OrderRouted, ReleaseParts, ShipmentChanged
from tests.router.conftest import Router
from tests.router.examples import allocate, balance, catalogue, order, row
from tests.router.parcels import SHIPMENTS, confirmation, delivered, parcel


async def reject(
    client: httpx.AsyncClient, headers: dict[str, str], shipment: Shipment, *rows: dict[str, Any], **fields: Any
) -> httpx.Response:
    """Reject rows of a shipment."""
    body = {"rows": list(rows), **fields}
    return await client.post(f"{SHIPMENTS}/{shipment.shipment_id}/rejections", json=body, headers=headers)


def quantities(body: dict[str, Any]) -> dict[str, int]:
    """How much of each product an answered shipment has to send."""
    return {shown["itemId"]: shown["quantity"] for shown in body["consignment"]["rows"]}


async def test_a_part_of_a_row_is_rejected_and_the_rest_counts_as_opened(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    answer = await reject(client, supplier, shipment, {"externalId": "1", "quantity": 2}, reason="Broken")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"]["value"], quantities(body)) == ("Viewed", {"BOOTS": 3, "SOCKS": 2})
    assert body["events"][-1]["comment"] == "rejected by the supplier: Broken"
    (changed,) = await router.said(ShipmentChanged)
    assert (changed.closed, changed.version, [int(r.quantity) for r in changed.rows]) == (False, 2, [3, 2])
    again = await client.get(f"{SHIPMENTS}/{shipment.shipment_id}", headers=supplier)
    assert again.json() == body


async def test_what_is_left_after_a_rejection_is_delivered_and_no_more(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    packed = {"consignment": {"parcels": [parcel("1", BOOTS=3), parcel("2", BOOTS=2, SOCKS=2)]}}
    await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=packed, headers=supplier)
    await reject(client, supplier, shipment, {"externalId": "1", "quantity": 1}, {"externalId": "2"})
    too_much = await client.patch(
        f"{SHIPMENTS}/{shipment.shipment_id}", json=confirmation(parcel("2", BOOTS=2)), headers=supplier
    )
    assert too_much.status_code == 400
    done = await client.patch(
        f"{SHIPMENTS}/{shipment.shipment_id}", json={"status": {"value": "Delivered"}}, headers=supplier
    )
    assert delivered(done.json()) == {"BOOTS": 4, "SOCKS": 0}


async def test_rejecting_every_row_cancels_the_shipment_with_the_reason(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    answer = await reject(client, supplier, shipment, {"externalId": "1"}, {"externalId": "2"}, reason="Burnt down")
    status = answer.json()["status"]
    assert (status["value"], status["reason"]) == ("Cancelled", "rejected by the supplier: Burnt down")
    (changed,) = await router.said(ShipmentChanged)
    assert changed.closed
    late = await reject(client, supplier, shipment, {"externalId": "1"})
    assert late.status_code == 409
    assert "rejected by the supplier: Burnt down" in late.json()["message"]


async def test_a_row_that_is_rejected_twice_is_rejected_once(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    answers = [await reject(client, supplier, shipment, {"externalId": "2"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(await router.said(ShipmentChanged)) == 1


async def test_what_is_on_its_way_is_not_rejected_any_more(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json={"status": {"value": "Shipping"}}, headers=supplier)
    answer = await reject(client, supplier, shipment, {"externalId": "1"})
    assert answer.status_code == 409
    assert "delivering less" in answer.json()["message"]
    assert len(await router.said(ShipmentChanged)) == 1


async def test_a_rejection_that_cannot_be_changes_nothing_and_is_told_field_by_field(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    bodies: list[tuple[dict[str, Any], str, str]] = [
        ({}, "rows", "missing"),
        ({"rows": []}, "rows", "too_short"),
        ({"rows": [{"quantity": 1}]}, "rows[0].externalId", "missing"),
        ({"rows": [{"externalId": "9"}]}, "rows[0].externalId", "unknown_row"),
        ({"rows": [{"externalId": "1"}, {"externalId": "1", "quantity": 1}]}, "rows[1].externalId", "duplicate"),
        ({"rows": [{"externalId": "1", "quantity": 5.5}]}, "rows[0].quantity", "too_much"),
        ({"rows": [{"externalId": "1", "quantity": 0}]}, "rows[0].quantity", "greater_than"),
        ({"rows": [{"externalId": "1", "quantity": "many"}]}, "rows[0].quantity", "decimal_parsing"),
    ]
    for body, field, code in bodies:
        answer = await client.post(f"{SHIPMENTS}/{shipment.shipment_id}/rejections", json=body, headers=supplier)
        assert answer.status_code == 400
        assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    assert await router.said(ShipmentChanged) == []


async def test_a_rejection_is_the_suppliers_and_of_the_version_it_names(
    client: httpx.AsyncClient, supplier: dict[str, str], retailer: dict[str, str], shipment: Shipment
) -> None:
    row = {"externalId": "1"}
    assert (await reject(client, retailer, shipment, row)).status_code == 403
    assert (await reject(client, supplier | {"If-Match": '"7"'}, shipment, row)).status_code == 412
    assert (await reject(client, supplier | {"If-Match": '"1"'}, shipment, row)).status_code == 200


async def test_what_is_rejected_is_asked_of_somebody_else_and_of_him_no_more(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], retailer: dict[str, str]
) -> None:
    await router.knows([catalogue("W1", priority=1), catalogue("W2")], [balance("W1"), balance("W2")])
    (shipment,) = await router.ships(order(row()), {("W1", "BOOTS"): 9})
    await reject(client, supplier, shipment, {"externalId": "1", "quantity": 2}, reason="Broken")
    for _ in range(2):
        await router.hears_of_shipments()
    _, again = await router.said(AllocateOrder)
    (demand,) = again.rows
    assert (again.round, int(demand.quantity), [c.catalogue_id for c in demand.candidates]) == (2, 2, ["W2"])
    await router.is_answered(allocate(again, {("W2", "BOOTS"): 9}))
    told = (await router.said(OrderRouted))[-1]
    assert {part.catalogue_id: int(part.quantity) for part in told.rows[0].routed} == {"W1": 3, "W2": 2}
    record = (await client.get("/ecommerce/v3/orders/A-1/routing", headers=retailer)).json()
    assert record["rows"][0]["standing"]["declinedBy"] == ["W1"]


async def test_what_is_cancelled_before_its_rejection_was_noted_is_not_routed_again(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], retailer: dict[str, str]
) -> None:
    await router.knows([catalogue("W1", priority=1), catalogue("W2")], [balance("W1"), balance("W2")])
    (shipment,) = await router.ships(order(row()), {("W1", "BOOTS"): 9})
    await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json={"status": {"value": "Cancelled"}}, headers=supplier)
    answer = await client.post("/ecommerce/v3/orders/A-1/rows/1/cancellations", json={"quantity": 4}, headers=retailer)
    assert answer.json()["released"] == 4
    await router.hears_of_shipments()
    _, again = await router.said(AllocateOrder)
    await router.is_answered(allocate(again, {("W2", "BOOTS"): 9}))
    told = (await router.said(OrderRouted))[-1]
    assert {part.catalogue_id: int(part.quantity) for part in told.rows[0].routed} == {"W2": 1}
    (released,) = await router.said(ReleaseParts)
    assert [(part.lot, int(part.quantity)) for part in released.parts] == [(2, 4)]
