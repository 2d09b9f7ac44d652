"""A retailer wants less of a row than it ordered: what that is answered, and what follows."""

import asyncio
from typing import Any

import httpx

from router.domain import Shipment
from shared.contracts import OrderRouted, ReleaseParts, ShipmentChanged
from tests.router.conftest import SIGNER, Router
from tests.router.examples import amended, balance, catalogue, order, row
from tests.router.parcels import SHIPMENTS, confirmation, delivered, parcel

ORDERS = "/ecommerce/v3/orders"


async def cancel(
    client: httpx.AsyncClient, headers: dict[str, str], quantity: Any, external_id: str = "A-1", row_id: str = "1"
) -> httpx.Response:
    """Cancel so much of a row."""
    return await client.post(
        f"{ORDERS}/{external_id}/rows/{row_id}/cancellations", json={"quantity": quantity}, headers=headers
    )


async def one_warehouse(router: Router) -> None:
    """W1 has boots."""
    await router.knows([catalogue("W1")], [balance("W1")])


async def test_what_is_not_delivered_is_cancelled_and_everybody_is_told(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], supplier: dict[str, str], shipment: Shipment
) -> None:
    answer = await cancel(client, retailer, 2)
    assert answer.status_code == 200
    assert answer.json() == {
        "externalId": "A-1",
        "rowExternalId": "1",
        "requested": 2,
        "released": 2,
        "cancelled": 2,
        "remaining": 3,
    }
    (changed,) = await router.said(ShipmentChanged)
    assert (changed.shipment_id, changed.closed, changed.version) == (shipment.shipment_id, False, 2)
    assert [int(progress.quantity) for progress in changed.rows] == [3, 2]
    told = [routed for routed in await router.said(OrderRouted) if routed.order_id == shipment.order_id][-1]
    assert (told.round, int(told.rows[0].cancelled), int(told.rows[0].routed[0].quantity)) == (2, 2, 3)
    shown = (await client.get(f"{SHIPMENTS}/{shipment.shipment_id}", headers=supplier)).json()
    assert shown["consignment"]["rows"][0]["quantity"] == 3
    assert shown["events"][-1]["comment"] == "cancelled by the retailer"
    record = (await client.get(f"{ORDERS}/A-1/routing", headers=retailer)).json()
    assert record["history"][-1]["cause"] == "2 cancelled by the retailer"
    assert (record["rows"][0]["quantity"], record["rows"][0]["standing"]["cancelled"]) == (5, 2)


async def test_a_shipment_with_nothing_left_is_cancelled(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], shipment: Shipment
) -> None:
    await cancel(client, retailer, 5)
    assert not (await router.shipments())[0].closed
    await cancel(client, retailer, 9, row_id="2")
    closed = (await router.shipments())[0]
    assert (closed.status, closed.status_reason) == ("Cancelled", "cancelled by the retailer")


async def test_what_was_delivered_stays(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], supplier: dict[str, str], shipment: Shipment
) -> None:
    await client.post(f"{SHIPMENTS}/{shipment.shipment_id}/delivered", headers=supplier)
    said = len(await router.said(OrderRouted))
    answer = (await cancel(client, retailer, 5)).json()
    assert (answer["released"], answer["cancelled"], answer["remaining"]) == (0, 0, 5)
    assert len(await router.said(OrderRouted)) == said


async def test_no_more_than_is_left_can_be_delivered(
    client: httpx.AsyncClient, retailer: dict[str, str], supplier: dict[str, str], shipment: Shipment
) -> None:
    await cancel(client, retailer, 2)
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    much = await client.patch(address, json=confirmation(parcel("1", BOOTS=5, SOCKS=2)), headers=supplier)
    assert much.status_code == 400
    assert delivered((await client.post(f"{address}/delivered", headers=supplier)).json()) == {"BOOTS": 3, "SOCKS": 2}


async def test_what_nobody_serves_goes_first(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    await one_warehouse(router)
    await router.ships(order(row(quantity=7)), {("W1", "BOOTS"): 5})
    assert (await cancel(client, retailer, 1)).json()["released"] == 1
    assert await router.said(ShipmentChanged) == []
    assert (await cancel(client, retailer, 2)).json() == {
        "externalId": "A-1",
        "rowExternalId": "1",
        "requested": 2,
        "released": 2,
        "cancelled": 3,
        "remaining": 4,
    }
    (changed,) = await router.said(ShipmentChanged)
    assert int(changed.rows[0].quantity) == 4


async def test_of_a_held_order_inventory_lets_go(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    await one_warehouse(router)
    await router.ships(order(row(), held=True), {("W1", "BOOTS"): 5})
    assert (await cancel(client, retailer, 2)).json()["released"] == 2
    (released,) = await router.said(ReleaseParts)
    (part,) = released.parts
    assert (part.row_id, part.lot, part.catalogue_id, int(part.quantity)) == ("1", 1, "W1", 2)
    told = (await router.said(OrderRouted))[-1]
    assert (int(told.rows[0].reserved), int(told.rows[0].cancelled)) == (3, 2)


async def test_two_who_cancel_at_once_get_no_more_than_there_is(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], shipment: Shipment
) -> None:
    answers = await asyncio.gather(*(cancel(client, retailer, 2) for _ in range(4)))
    assert sorted(answer.json()["released"] for answer in answers) == [0, 1, 2, 2]
    assert {answer.json()["remaining"] for answer in answers} == {3, 1, 0}


async def test_an_order_that_is_not_decided_or_not_wanted_any_more_is_a_conflict(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    await one_warehouse(router)
    undecided, unwanted = order(row(), external_id="A-2"), order(row())
    await router.hears(undecided)
    await router.ships(unwanted, {("W1", "BOOTS"): 5})
    await router.hears_a_change(amended(unwanted, cancelled=True))
    answer = await cancel(client, retailer, 1, "A-2")
    assert (answer.status_code, answer.json()["message"]) == (409, "The order is not routed yet; try again")
    answer = await cancel(client, retailer, 1)
    assert (answer.status_code, answer.json()["message"]) == (409, "The order is cancelled by the retailer")


async def test_a_quantity_that_cannot_be_is_refused(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], shipment: Shipment
) -> None:
    for quantity in (0, -1, "x", None, "", 1.0000001, 10**13):
        answer = await cancel(client, retailer, quantity)
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, ["quantity"])
    assert await router.said(ShipmentChanged) == []


async def test_a_body_that_is_none_is_refused_and_changes_nothing(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], supplier: dict[str, str], shipment: Shipment
) -> None:
    addresses = {
        "/ecommerce/v3/orders/A-1/rows/1/cancellations": retailer,
        f"{SHIPMENTS}/{shipment.shipment_id}/rejections": supplier,
    }
    bodies = (b"", b"null", b"[]", b"1", b'{"quantity": NaN}', b'{"quantity": 1e999}', b'{"rows": [7]}', b"\xff{")
    for address, headers in addresses.items():
        for body in bodies:
            answer = await client.post(address, content=body, headers=headers | {"Content-Type": "application/json"})
            assert (answer.status_code, bool(answer.json()["errors"])) == (400, True)
    assert await router.said(ShipmentChanged) == []


async def test_others_orders_and_unknown_rows_are_not_found(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], supplier: dict[str, str], shipment: Shipment
) -> None:
    stranger = SIGNER.headers("9999999-2", "retailer")
    assert (await cancel(client, stranger, 1)).status_code == 404
    assert (await cancel(client, retailer, 1, external_id="A-9")).status_code == 404
    assert (await cancel(client, retailer, 1, row_id="9")).status_code == 404
    assert (await cancel(client, supplier, 1)).status_code == 403
    assert await router.said(ShipmentChanged) == []


GIFT = row("gift", "WRAPPING", 1, product_type="serviceProduct")


async def followed(router: Router) -> list[tuple[int, int, int, int]]:
    """Of the gift wrapping, whenever it was told: how much is routed, rerouting, unserved and cancelled."""
    told = [one for routed in await router.said(OrderRouted) for one in routed.rows if one.external_id == "gift"]
    return [
        (int(sum(part.quantity for part in one.routed)), int(one.rerouting), int(one.unserved), int(one.cancelled))
        for one in told
    ]


async def test_a_service_does_not_stay_in_a_shipment_that_all_goods_have_left(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    await one_warehouse(router)
    await router.ships(order(row(), GIFT), {("W1", "BOOTS"): 5})
    await cancel(client, retailer, 4)
    await cancel(client, retailer, 1)
    (shipment,) = await router.shipments()
    assert (shipment.status, shipment.status_reason) == ("Cancelled", "cancelled by the retailer")
    assert [(one.external_id, one.stocked) for one in (await router.said(ShipmentChanged))[-1].rows] == [
        ("1", True),
        ("gift", False),
    ]
    assert await followed(router) == [(1, 0, 0, 0), (1, 0, 0, 0), (0, 0, 0, 1)]


async def test_a_service_whose_goods_are_cancelled_goes_along_with_goods_that_come_later(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    await router.knows([catalogue("W1", back_order_allowed=True)], [balance("W1"), balance("W1", "SOCKS")])
    await router.ships(order(row(), row("2", "SOCKS", 2), GIFT), {("W1", "BOOTS"): 5})
    await cancel(client, retailer, 5)
    assert await followed(router) == [(1, 0, 0, 0), (0, 0, 1, 0)]
    await cancel(client, retailer, 2, row_id="2")
    assert (await followed(router))[-1] == (0, 0, 0, 1)


async def test_a_held_service_without_goods_is_not_shipped_alone(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    await one_warehouse(router)
    held = order(row(), GIFT, held=True)
    await router.ships(held, {("W1", "BOOTS"): 5})
    await cancel(client, retailer, 5)
    await router.hears_a_change(amended(held, held=False))
    assert await router.shipments() == []
    assert (await followed(router))[-1] == (0, 0, 0, 1)
