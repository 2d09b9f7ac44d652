"""What is said twice under one key counts once: parts of rows that are cancelled or rejected."""

import asyncio
from typing import Any

import httpx

from router import forgetting_answers
from router.domain import Shipment
from shared.contracts import ShipmentChanged
from tests.router.conftest import SIGNER, Router
from tests.router.examples import OTHER_SUPPLIER, RETAILER, STRANGER, order, row
from tests.router.parcels import SHIPMENTS

CANCELLATIONS = "/ecommerce/v3/orders/A-1/rows/1/cancellations"


def keyed(headers: dict[str, str], key: str = "one") -> dict[str, str]:
    """Headers with a key."""
    return headers | {"Idempotency-Key": key}


async def cancel(client: httpx.AsyncClient, headers: dict[str, str], quantity: Any = 2) -> httpx.Response:
    """Cancel so much of the first order's boots."""
    return await client.post(CANCELLATIONS, json={"quantity": quantity}, headers=headers)


async def kept(router: Router) -> int:
    """How many answers are kept."""
    async with router.database.transaction() as tx:
        count: int = await tx.fetch_value("SELECT count(*) FROM kept_answers")
    return count


async def a_day_passes(router: Router) -> None:
    """Let a day and a moment pass for what is kept."""
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE kept_answers SET given_at = given_at - interval '24 hours 1 second'")


async def test_a_part_that_is_cancelled_twice_under_one_key_is_cancelled_once(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], shipment: Shipment
) -> None:
    first, again = [await cancel(client, keyed(retailer)) for _ in range(2)]
    assert (first.status_code, first.json()["cancelled"], first.headers.get("Idempotent-Replayed")) == (200, 2, None)
    assert (again.status_code, again.content, again.headers["Idempotent-Replayed"]) == (200, first.content, "true")
    assert (await cancel(client, keyed(retailer, "two"), 1)).json()["cancelled"] == 3
    assert [(await cancel(client, headers, 1)).json()["cancelled"] for headers in (retailer, keyed(retailer, " "))] == [
        4,
        5,
    ]
    assert await kept(router) == 2


async def test_a_part_that_is_rejected_twice_under_one_key_is_rejected_once(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    address, rows = f"{SHIPMENTS}/{shipment.shipment_id}/rejections", {"rows": [{"externalId": "1", "quantity": 2}]}
    first, again = [await client.post(address, json=rows, headers=keyed(supplier)) for _ in range(2)]
    assert (again.status_code, again.content, again.headers["ETag"]) == (200, first.content, first.headers["ETag"])
    (changed,) = await router.said(ShipmentChanged)
    assert [int(one.quantity) for one in changed.rows] == [3, 2]
    other = await client.post(address, json={"rows": [{"externalId": "2"}]}, headers=keyed(supplier))
    assert other.status_code == 409
    assert len(await router.said(ShipmentChanged)) == 1


async def test_requests_with_one_key_at_once_count_once(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], shipment: Shipment
) -> None:
    answers = await asyncio.gather(*(cancel(client, keyed(retailer)) for _ in range(4)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert answers[0].json()["cancelled"] == 2
    assert len(await router.said(ShipmentChanged)) == 1


async def test_another_request_under_the_same_key_is_a_conflict_and_changes_nothing(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], shipments: list[Shipment]
) -> None:
    await cancel(client, keyed(retailer))
    assert (await cancel(client, keyed(retailer), 1)).status_code == 409
    elsewhere = CANCELLATIONS.replace("A-1", "A-2")
    answer = await client.post(elsewhere, json={"quantity": 2}, headers=keyed(retailer))
    assert (answer.status_code, answer.json()["message"]) == (409, "This Idempotency-Key was given to another request")
    assert len(await router.said(ShipmentChanged)) == 1


async def test_the_keys_of_two_organisations_are_two(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], shipments: list[Shipment]
) -> None:
    await cancel(client, keyed(retailer))
    theirs = order(row(), retailer_id=STRANGER)
    await router.hears(theirs)
    stranger = SIGNER.headers(STRANGER, "retailer")
    assert (await cancel(client, keyed(stranger))).json()["message"] == "The order is not routed yet; try again"
    hat = next(one for one in shipments if one.supplier_id == OTHER_SUPPLIER)
    rejected = await client.post(
        f"{SHIPMENTS}/{hat.shipment_id}/rejections",
        json={"rows": [{"externalId": "3"}]},
        headers=keyed(SIGNER.headers(OTHER_SUPPLIER, "supplier")),
    )
    assert rejected.status_code == 200


async def test_a_request_that_was_refused_may_be_sent_again_under_its_key(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], shipment: Shipment
) -> None:
    assert (await cancel(client, keyed(retailer), 0)).status_code == 400
    missing = await client.post(
        CANCELLATIONS.replace("rows/1", "rows/9"), json={"quantity": 2}, headers=keyed(retailer)
    )
    assert missing.status_code == 404
    assert await kept(router) == 0
    assert (await cancel(client, keyed(retailer))).status_code == 200


async def test_an_answer_is_kept_for_a_day(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], shipment: Shipment
) -> None:
    await cancel(client, keyed(retailer))
    await forgetting_answers.look(router.database)
    assert await kept(router) == 1
    await a_day_passes(router)
    assert (await cancel(client, keyed(retailer), 1)).json()["cancelled"] == 3
    await cancel(client, keyed(retailer, "two"), 1)
    await a_day_passes(router)
    await forgetting_answers.look(router.database)
    assert await kept(router) == 0


async def test_a_key_that_is_too_long_or_no_text_is_refused(
    client: httpx.AsyncClient, router: Router, shipment: Shipment
) -> None:
    for key in ("x" * 201, "ä"):
        answer = await client.post(
            CANCELLATIONS,
            json={"quantity": 1},
            headers={
                **{name.encode(): value.encode() for name, value in SIGNER.headers(RETAILER, "retailer").items()},
                b"Idempotency-Key": key.encode(),
            },
        )
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == ["header.Idempotency-Key"]
    assert await router.said(ShipmentChanged) == []
