"""Files of tracking codes that suppliers got elsewhere."""

from typing import Any

import httpx
import pytest

from router.domain import Shipment
from shared.contracts import ShipmentChanged
from tests.router.conftest import SIGNER, Router
from tests.router.examples import OTHER_SUPPLIER, balance, catalogue, order, row
from tests.router.parcels import SHIPMENTS, confirmation, parcel
from tests.router.series import give, series

CODES = "/ecommerce/v3/tracking/codes"


async def load(
    client: httpx.AsyncClient, headers: dict[str, str], *lines: str, partly: str = "", delimiter: str = ","
) -> httpx.Response:
    """Send a file of these lines, the first of which is the header."""
    content = "\r\n".join(line.replace(",", delimiter) for line in lines).encode()
    return await client.post(CODES, content=content, params={"partly": partly}, headers=headers)


def wrong(answer: httpx.Response) -> list[tuple[str, str]]:
    """What is wrong with which lines, by place and kind."""
    assert answer.status_code == 400, answer.text
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


async def codes_of(router: Router) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The codes of the parcels of each shipment that has any, by its order's number."""
    return {
        one.order_external_id: tuple(parcel.tracking_codes for parcel in one.parcels)
        for one in await router.shipments()
        if one.parcels
    }


async def test_shipments_are_named_by_id_by_ones_own_reference_or_by_the_order(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    await client.patch(f"{SHIPMENTS}/{shipments[1].shipment_id}", json={"externalId": "S-2"}, headers=supplier)
    answer = await load(
        client,
        supplier,
        "Shipment_ID,external id,reference,trackingCode",
        f"{str(shipments[0].shipment_id).upper()},,,ONE",
        ",S-2,,TWO",
        ",,A-3,THREE",
        ",,A-3,FOUR",
        ",,,",
    )
    assert (answer.status_code, answer.json()) == (200, {"lines": 4, "changed": 3, "errors": []})
    assert await codes_of(router) == {"A-1": (("ONE",),), "A-2": (("TWO",),), "A-3": (("THREE", "FOUR"),)}
    told = {one.shipment_id: one for one in await router.said(ShipmentChanged)}
    assert {row.tracking_codes for one in told.values() for row in one.rows} == {("ONE",), ("TWO",), ("THREE", "FOUR")}


async def test_a_file_sent_again_changes_nothing(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    for changed in (1, 0):
        answer = await load(client, supplier, "reference;trackingCode", "A-1;ONE", delimiter=";")
        assert answer.json()["changed"] == changed
    assert len(await router.said(ShipmentChanged)) == 1


async def test_every_bad_line_is_named_and_nothing_is_loaded(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    await client.patch(
        f"{SHIPMENTS}/{shipments[1].shipment_id}", json={"status": {"value": "Cancelled"}}, headers=supplier
    )
    file = [
        "shipmentId,reference,parcelId,trackingCode",
        ",A-1,1,GOOD",
        ",A-9,1,X",
        "12,,1,X",
        ",A-1,2,X",
        ",A-2,1,X",
        ",,1,X",
        ",A-1,1,",
        ",A-1,1,6.43E+19",
        ',A-1,1,="0064"',
        ",A-1,1",
        f",A-1,1,{'X' * 101}",
        ",A-1,1,A\x07B",
    ]
    assert wrong(await load(client, supplier, *file)) == [
        ("line 3: reference", "unknown_shipment"),
        ("line 4: shipmentId", "unknown_shipment"),
        ("line 5: trackingCode", "conflict"),
        ("line 6: trackingCode", "conflict"),
        ("line 7: shipmentId", "not_given"),
        ("line 8: trackingCode", "not_given"),
        ("line 9: trackingCode", "shortened"),
        ("line 11: line", "cells"),
        ("line 12: trackingCode", "longer"),
        ("line 13: trackingCode", "characters"),
    ]
    assert not any(codes for parcels in (await codes_of(router)).values() for codes in parcels)
    answer = await load(client, supplier, *file, partly="true")
    assert answer.status_code == 200
    assert (answer.json()["lines"], answer.json()["changed"], len(answer.json()["errors"])) == (0, 0, 12)
    assert answer.json()["errors"][1] == {
        "line": 3,
        "field": "reference",
        "code": "unknown_shipment",
        "message": "A-9 is no shipment of yours",
    }
    assert not any(codes for parcels in (await codes_of(router)).values() for codes in parcels)


async def test_a_parcel_with_a_bad_line_keeps_what_it_had_and_the_others_are_loaded(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    for number, headers in ((1, (parcel("1", BOOTS=5), parcel("2", SOCKS=2))), (2, (parcel("1", BOOTS=5, SOCKS=2),))):
        sent = confirmation(*headers)
        await client.patch(f"{SHIPMENTS}/{shipments[number].shipment_id}", json=sent, headers=supplier)
    head = "reference,parcelId,trackingCode"
    await load(client, supplier, head, "A-1,,OLD-A", "A-1,,OLD-B", "A-2,1,OLD", "A-2,2,OLD", "A-3,1,OLD")
    answer = await load(
        client, supplier, head, "A-1,,A", "A-1,,6.43E+19", "A-2,1,", "A-2,1,ONE", "A-2,2,TWO", "A-3,1,", partly="true"
    )
    assert (answer.json()["lines"], answer.json()["changed"]) == (1, 1)
    assert [(error["line"], error["code"]) for error in answer.json()["errors"]] == [
        (2, "held_back"),
        (3, "shortened"),
        (4, "not_given"),
        (5, "held_back"),
        (7, "not_given"),
    ]
    assert answer.json()["errors"][0]["message"] == (
        "is not loaded, because line 3, which may be about the same parcel, is wrong"
    )
    assert await codes_of(router) == {"A-1": (("OLD-A", "OLD-B"),), "A-2": (("OLD",), ("TWO",)), "A-3": (("OLD",),)}
    unsaid = await load(client, supplier, head, "A-2,,A", "A-2,2,B", "A-3,1,NEW", partly="true")
    assert [error["code"] for error in unsaid.json()["errors"]] == ["not_given", "held_back"]
    assert (await codes_of(router))["A-3"] == (("NEW",),)


async def test_a_line_that_names_two_shipments_is_wrong_and_keeps_its_parcel_as_it_was(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    ours = [one for one in shipments if one.catalogue_id == "W1"]
    ids = [str(one.shipment_id) for one in sorted(ours, key=lambda one: one.order_external_id)]
    await client.patch(f"{SHIPMENTS}/{ids[1]}", json={"externalId": "S-2"}, headers=supplier)
    head = "shipmentId,externalId,reference,trackingCode"
    lines = (f"{ids[0]},OF-OURS,A-1,ONE", f"{ids[1]},S-2,A-2,TWO", f"{ids[2]},,A-3,THREE")
    assert (await load(client, supplier, head, *lines)).json()["lines"] == 3
    sorted_apart = (f"{ids[0]},,A-2,X", f"{ids[0]},,A-1,Y", f"{ids[1]},S-3,A-2,Z", f"{ids[2]},,A-3,NEW")
    answer = await load(client, supplier, head, *sorted_apart)
    assert wrong(answer) == [("line 2: reference", "contradiction"), ("line 4: externalId", "contradiction")]
    told = answer.json()["errors"][0]["message"]
    assert told == f"A-2 is not the shipment that {ids[0]} names, which has A-1"
    partly = await load(client, supplier, head, *sorted_apart, partly="true")
    assert [(error["line"], error["code"]) for error in partly.json()["errors"]] == [
        (2, "contradiction"),
        (3, "held_back"),
        (4, "contradiction"),
    ]
    assert await codes_of(router) == {"A-1": (("ONE",),), "A-2": (("TWO",),), "A-3": (("NEW",),)}


async def test_the_parcel_must_be_named_where_there_are_several(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    split = confirmation(parcel("1", BOOTS=2, SOCKS=2), parcel("2", BOOTS=3))
    await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=split, headers=supplier)
    answer = await load(client, supplier, "reference,trackingCode", "A-1,ONE")
    assert wrong(answer) == [("line 2: parcelId", "not_given")]
    assert answer.json()["errors"][0]["message"] == "is required, because the shipment has the parcels 1, 2"
    # The shipment is Delivered by now, and its codes may still come.
    await load(client, supplier, "reference,parcelId,trackingCode", "A-1,2,TWO", "A-1,1,ONE")
    assert await codes_of(router) == {"A-1": (("ONE",), ("TWO",))}


async def test_an_order_that_several_shipments_serve_does_not_name_one(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str]
) -> None:
    await router.knows([catalogue("W1"), catalogue("W2")], [balance("W1"), balance("W2", "HAT")])
    made = await router.ships(order(row("1"), row("2", "HAT")), {("W1", "BOOTS"): 9, ("W2", "HAT"): 9})
    answer = await load(client, supplier, "reference,trackingCode", "A-1,ONE")
    assert wrong(answer) == [("line 2: reference", "several_shipments")]
    assert all(str(one.shipment_id) in answer.json()["errors"][0]["message"] for one in made)
    first = made[0].shipment_id
    await client.patch(f"{SHIPMENTS}/{first}", json={"status": {"value": "Cancelled"}}, headers=supplier)
    assert (await load(client, supplier, "reference,trackingCode", "A-1,ONE")).json()["changed"] == 1


async def test_a_parcel_with_a_label_of_sluices_keeps_its_code(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series(first=22))
    await client.post(f"{SHIPMENTS}/{shipment.shipment_id}/delivered", headers=supplier)
    answer = await load(client, supplier, "reference,trackingCode", "A-1,OWN")
    assert answer.status_code == 400
    assert "has JJFI65432100000000224 of posti on its label" in answer.json()["errors"][0]["message"]
    same = await load(client, supplier, "reference,trackingCode", "A-1,JJFI65432100000000224")
    assert same.json() == {"lines": 1, "changed": 0, "errors": []}


async def test_others_shipments_are_not_there(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], shipments: list[Shipment]
) -> None:
    stranger = SIGNER.headers(OTHER_SUPPLIER, "supplier")
    lines = (f"{shipments[0].shipment_id},ONE", f"{shipments[1].shipment_id},TWO")
    answer = await load(client, stranger, "shipmentId,trackingCode", *lines)
    assert wrong(answer) == [("line 2: shipmentId", "unknown_shipment"), ("line 3: shipmentId", "unknown_shipment")]
    assert (await load(client, retailer, "shipmentId,trackingCode", *lines)).status_code == 403
    assert (await client.post(CODES, content="x")).status_code == 401
    assert await codes_of(router) == {}


@pytest.mark.parametrize(
    ("content", "place", "says"),
    [
        (b"", "body", "is required"),
        (b"trackingCode,reference\n", "body", "no lines"),
        ("trackingCode,reference\nÄ,A-1\n".encode("latin-1"), "body", "line 2 is not UTF-8"),
        (b"trackingCode,reference\n\xff", "body", "line 2 is not UTF-8"),
        (b'trackingCode,reference\n"X"Y,A-1\n', "body", "line 2 is not valid CSV"),
        (b"code,reference\nX,A-1\n", "line 1", "the column 'code' is not known"),
        (b"trackingCode,trackingCode,reference\nX,X,A-1\n", "line 1", "is there twice"),
        (b"trackingCode\nX\n", "line 1", "none of the columns shipmentId, externalId, reference"),
        (b"\n\n\n", "body", "is required"),
        (b"trackingCode,reference\n" + b"X,A-1\n" * 2_001, "body", "has more than 2000 lines"),
    ],
)
async def test_what_is_no_such_file_is_told_so(
    client: httpx.AsyncClient, supplier: dict[str, str], content: bytes, place: str, says: str
) -> None:
    answer = await client.post(CODES, content=content, headers=supplier)
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert any(error["field"] == place and says in error["message"] for error in errors), errors


async def test_no_parcel_gets_more_codes_than_it_could_be_sent(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    lines: list[Any] = [f"A-1,C{number}" for number in range(101)]
    answer = await load(client, supplier, "reference,trackingCode", *lines)
    assert len(wrong(answer)) == 101
    assert "101 codes, and at most 100" in answer.json()["errors"][0]["message"]
