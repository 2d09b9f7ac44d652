"""Tracking codes of number series, put on parcels when their shipment is confirmed (glue-api.md A.9, 4 to 7)."""

import asyncio
from typing import Any

import httpx
import structlog.testing

from router.domain import Shipment
from shared.contracts import ShipmentChanged
from tests.router.conftest import Router
from tests.router.examples import SUPPLIER, balance, catalogue, order, row
from tests.router.parcels import SHIPMENTS, confirmation, parcel
from tests.router.series import give, series

JJFI_22, JJFI_23 = "JJFI65432100000000224", "JJFI65432100000000232"
LINK = "https://www.posti.fi/fi/seuranta#/lahetys/"


async def confirmed(
    client: httpx.AsyncClient, headers: dict[str, str], shipment: Shipment, *parcels: dict[str, Any]
) -> list[dict[str, Any]]:
    """The parcels of a shipment that was confirmed, as a whole unless parcels are given."""
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    if parcels:
        answer = await client.patch(address, json=confirmation(*parcels), headers=headers)
    else:
        answer = await client.post(f"{address}/delivered", headers=headers)
    assert answer.status_code == 200, answer.text
    shown: list[dict[str, Any]] = answer.json()["consignment"]["parcels"]
    return shown


def codes(parcels: list[dict[str, Any]]) -> list[list[str]]:
    """The codes of answered parcels."""
    return [shown["trackingCodes"] for shown in parcels]


async def test_the_fast_confirmation_gives_the_next_code_and_tells_everybody(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], retailer: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series(first=22))
    (packed,) = await confirmed(client, supplier, shipment)
    assert (packed["trackingCodes"], packed["ownTrackingCodes"]) == ([JJFI_22], False)
    assert packed["trackingLinks"] == [f"{LINK}{JJFI_22}"]
    (changed,) = await router.said(ShipmentChanged)
    assert [progress.tracking_codes for progress in changed.rows] == [(JJFI_22,), (JJFI_22,)]
    shown = (await client.get(f"{SHIPMENTS}/{shipment.shipment_id}", headers=retailer)).json()
    assert shown["consignment"]["parcels"] == [packed]
    (listed, *_) = (await client.get(SHIPMENTS, headers=supplier)).json()["content"]
    assert listed["consignment"]["parcels"] == [packed]


async def test_each_parcel_of_a_split_that_carries_something_gets_a_code_of_its_own(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series(first=22))
    parcels = await confirmed(
        client, supplier, shipment, parcel("1", BOOTS=2, SOCKS=2), parcel("2", BOOTS=0), parcel("3", BOOTS=3)
    )
    assert codes(parcels) == [[JJFI_22], [], [JJFI_23]]


async def test_a_parcel_with_its_suppliers_code_keeps_it_and_takes_no_number(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series(first=22))
    own = parcel("1", BOOTS=2) | {"trackingCodes": ["OWN 1"]}
    parcels = await confirmed(client, supplier, shipment, own, parcel("2", BOOTS=3, SOCKS=2))
    assert codes(parcels) == [["OWN 1"], [JJFI_22]]
    assert [shown["ownTrackingCodes"] for shown in parcels] == [True, False]
    assert parcels[0]["trackingLinks"] == [f"{LINK}OWN%201"]


async def test_a_confirmation_sent_twice_takes_one_number(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    await give(router, series(first=22))
    packed = parcel("1", BOOTS=5, SOCKS=2)
    for _ in range(2):
        assert codes(await confirmed(client, supplier, shipments[0], packed)) == [[JJFI_22]]
    assert codes(await confirmed(client, supplier, shipments[1])) == [[JJFI_23]]


async def test_an_answered_confirmation_may_be_put_back(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series())
    answer = await client.post(f"{SHIPMENTS}/{shipment.shipment_id}/delivered", headers=supplier)
    again = await client.put(f"{SHIPMENTS}/{shipment.shipment_id}", json=answer.json(), headers=supplier)
    assert (again.status_code, again.json()) == (200, answer.json())


async def test_a_code_is_of_the_contract_of_the_shipments_catalogue(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    assert shipment.contract_number == "612345"
    await give(router, series(), series("contract", prefix="612345", contract_number="612345"))
    ((code,),) = codes(await confirmed(client, supplier, shipment))
    assert code.startswith("JJFI612345")


async def test_a_carrier_without_series_gives_no_code_and_holds_nobody_up(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series(carrier="GLS"))
    (packed,) = await confirmed(client, supplier, shipment)
    assert packed["trackingCodes"] == []
    assert "ownTrackingCodes" not in packed
    assert "trackingLinks" not in packed


async def test_the_carrier_a_parcel_names_goes_before_that_of_its_service(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series(), series("gls", carrier="GLS", form="SSCC", prefix="36414141", check_digit="GS1"))
    one = parcel("1", BOOTS=5) | {"deliveryOperator": "gls "}
    parcels = await confirmed(client, supplier, shipment, one, parcel("2", SOCKS=2) | {"deliveryOperator": "POSTI"})
    assert codes(parcels) == [["364141410000000013"], ["JJFI65432100000000018"]]


async def test_a_used_up_series_confirms_nothing_and_says_why(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series(last=1))
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    split = confirmation(parcel("1", BOOTS=2), parcel("2", BOOTS=3, SOCKS=2))
    with structlog.testing.capture_logs() as logs:
        answer = await client.patch(address, json=split, headers=supplier)
    assert answer.status_code == 409
    assert "tracking codes of Posti for contract 612345 are used up" in answer.json()["message"]
    assert [(line["event"], line["carriers"]) for line in logs] == [("number series used up", ["Posti"])]
    assert (await router.shipments())[0].status == "Created"
    assert await router.said(ShipmentChanged) == []
    # The one number that was left is not lost by that: one parcel still has a code.
    assert len(codes(await confirmed(client, supplier, shipment))) == 1


async def test_who_confirms_with_codes_of_ones_own_needs_no_series(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    await give(router, series(last=1))
    await confirmed(client, supplier, shipments[0])
    own = parcel("1", BOOTS=5, SOCKS=2) | {"trackingCodes": ["OWN"]}
    assert codes(await confirmed(client, supplier, shipments[1], own)) == [["OWN"]]


async def test_it_is_logged_once_that_a_series_gets_low(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    await give(router, series(last=3, low_at=2), series("next", first=4, last=4))
    with structlog.testing.capture_logs() as logs:
        for shipment in (one for one in shipments if one.supplier_id == SUPPLIER):
            await confirmed(client, supplier, shipment)
    low = [line for line in logs if line["event"] == "number series low"]
    assert [(line["series"], line["left"], line["log_level"]) for line in low] == [("posti", 2, "warning")]


async def test_nothing_is_taken_for_what_is_cancelled_or_not_confirmed_yet(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    await give(router, series(first=22))
    for shipment, status in zip(shipments, ("Cancelled", "Shipping"), strict=False):
        change = confirmation(parcel("1", BOOTS=5)) | {"status": {"value": status}}
        answer = await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=change, headers=supplier)
        assert codes(answer.json()["consignment"]["parcels"]) == [[]]
    assert codes(await confirmed(client, supplier, shipments[1])) == [[JJFI_22]]


async def test_a_status_that_is_told_as_an_event_gives_codes_too(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series(first=22))
    told = {"type": "Delivered", "status": "Delivered"}
    answer = await client.post(f"{SHIPMENTS}/{shipment.shipment_id}/events", json=told, headers=supplier)
    assert codes(answer.json()["consignment"]["parcels"]) == [[JJFI_22]]


async def test_many_who_confirm_at_the_same_time_get_a_code_each(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str]
) -> None:
    await router.knows([catalogue("W1")], [balance("W1")])
    await give(router, series())
    for number in range(12):
        await router.ships(order(row("1", quantity=1), external_id=f"M-{number}"), {("W1", "BOOTS"): 99})
    found = await asyncio.gather(*(confirmed(client, supplier, one) for one in await router.shipments()))
    assert len({code for parcels in found for (code,) in codes(parcels)}) == 12


async def test_codes_of_ones_own_may_come_after_the_confirmation(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await confirmed(client, supplier, shipment)
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    late = {"consignment": {"parcels": [{"parcelId": "1", "trackingCodes": ["LATE"]}]}}
    for version in (3, 3):
        answer = await client.patch(address, json=late, headers=supplier)
        assert (answer.status_code, answer.headers["ETag"]) == (200, f'"{version}"')
    *_, changed = await router.said(ShipmentChanged)
    assert (changed.closed, [int(one.delivered) for one in changed.rows]) == (True, [5, 2])
    assert {one.tracking_codes for one in changed.rows} == {("LATE",)}
    for refused in ({"parcelId": "1", "serviceCode": "2104", "trackingCodes": ["X"]}, parcel("2", BOOTS=0)):
        answer = await client.patch(address, json={"consignment": {"parcels": [refused]}}, headers=supplier)
        assert answer.status_code == 409
    both = late | {"externalId": "S-9"}
    assert (await client.patch(address, json=both, headers=supplier)).status_code == 409


async def test_the_code_on_a_label_is_not_exchanged(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series())
    await confirmed(client, supplier, shipment)
    late = {"consignment": {"parcels": [{"parcelId": "1", "trackingCodes": ["LATE"]}]}}
    answer = await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=late, headers=supplier)
    assert answer.status_code == 409
