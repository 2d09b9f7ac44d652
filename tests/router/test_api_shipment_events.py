"""What is noted of shipments on their way."""

from typing import Any

import httpx
import pytest

from router import domain
from router.domain import Shipment
from shared.contracts import ShipmentChanged
from tests.router.conftest import SIGNER, Router
from tests.router.examples import STRANGER
from tests.router.parcels import SHIPMENTS, delivered

NOON = "2026-01-02T12:00:00.000Z"


async def note(client: httpx.AsyncClient, shipment: Shipment, headers: dict[str, str], **event: Any) -> httpx.Response:
    """The answer to an event."""
    return await client.post(f"{SHIPMENTS}/{shipment.shipment_id}/events", json=event, headers=headers)


async def test_an_event_is_shown_with_the_shipment_and_leaves_it_where_it_is(
    client: httpx.AsyncClient,
    router: Router,
    supplier: dict[str, str],
    retailer: dict[str, str],
    shipment: Shipment,
) -> None:
    event = {"type": "InTransit", "timestamp": NOON, "comment": "In\nTampere", "location": "Tampere", "parcelId": "1"}
    answer = await note(client, shipment, supplier, **event)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["events"], body["status"]["value"], answer.headers["etag"]) == ([event], "Created", '"2"')
    seen = await client.get(f"{SHIPMENTS}/{shipment.shipment_id}", headers=retailer)
    assert seen.json()["events"] == [event]
    assert [changed.version for changed in await router.said(ShipmentChanged)] == [2]


async def test_the_same_event_told_again_is_noted_once(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await note(client, shipment, supplier, type="InTransit", timestamp=NOON)
    answer = await note(client, shipment, supplier, type="InTransit", timestamp=NOON)
    await note(client, shipment, supplier, type="InTransit", timestamp="2026-01-02T13:00:00Z")
    assert len(answer.json()["events"]) == 1
    assert [changed.version for changed in await router.said(ShipmentChanged)] == [2, 3]


@pytest.mark.parametrize(
    "event",
    [
        {"status": "Delivered"},
        {"type": "Delivered"},
        {"status": {"value": "Delivered"}},
        {"type": "Handed over", "status": "Delivered"},
    ],
)
async def test_an_event_with_a_status_moves_the_shipment_as_a_change_would(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment, event: dict[str, Any]
) -> None:
    body = (await note(client, shipment, supplier, **event)).json()
    assert body["status"]["value"] == "Delivered"
    assert delivered(body) == {"BOOTS": 5, "SOCKS": 2}
    assert [shown["status"] for shown in body["events"]] == ["Delivered"]
    (changed,) = await router.said(ShipmentChanged)
    assert (changed.closed, changed.version) == (True, 2)


async def test_the_carriers_news_of_a_delivered_shipment_is_noted_too(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    await client.post(f"{SHIPMENTS}/{shipment.shipment_id}/delivered", headers=supplier)
    answer = await note(client, shipment, supplier, type="ReadyForPickup")
    assert (answer.status_code, answer.json()["status"]["value"]) == (200, "Delivered")
    assert delivered(answer.json()) == {"BOOTS": 5, "SOCKS": 2}
    assert (await note(client, shipment, supplier, status="Viewed")).status_code == 409


async def test_an_error_may_be_told_as_an_event_with_its_reason(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    body = (await note(client, shipment, supplier, status="Error", comment="No such street")).json()
    assert (body["status"]["value"], body["status"]["reason"]) == ("Error", "No such street")


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({}, "body"),
        ({"type": "", "status": None}, "body"),
        ({"status": "Sent"}, "status"),
        ({"type": "InTransit", "timestamp": "noon"}, "timestamp"),
        ({"type": "InTransit", "parcelId": "9"}, "parcelId"),
        ({"type": "a\u0000b"}, "type"),
        ({"type": "InTransit", "comment": "x" * 1_001}, "comment"),
    ],
)
async def test_an_event_that_cannot_be_names_what_is_wrong_and_is_not_noted(
    client: httpx.AsyncClient,
    router: Router,
    supplier: dict[str, str],
    shipment: Shipment,
    event: dict[str, Any],
    field: str,
) -> None:
    answer = await note(client, shipment, supplier, **event)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await router.said(ShipmentChanged) == []


async def test_an_event_that_says_nothing_is_told_what_it_needs(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    answer = await note(client, shipment, supplier, comment="Where is it?")
    assert answer.json()["errors"] == [{"field": "body", "code": "says_nothing", "message": "needs a type or a status"}]


async def test_a_shipment_keeps_so_many_events_and_no_more(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    async with router.database.transaction() as tx:
        await tx.execute(
            "UPDATE shipments SET events = (SELECT jsonb_agg(jsonb_build_object('type', n::text, 'at', now()))"
            " FROM generate_series(1, $1::int) AS n)",
            domain.MOST_EVENTS,
        )
    answer = await note(client, shipment, supplier, type="InTransit")
    assert answer.status_code == 409
    assert "no more are kept" in answer.json()["message"]


async def test_events_are_noted_by_the_supplier_of_the_shipment_alone(
    client: httpx.AsyncClient, supplier: dict[str, str], retailer: dict[str, str], shipment: Shipment
) -> None:
    assert (await note(client, shipment, retailer, type="InTransit")).status_code == 403
    assert (await note(client, shipment, SIGNER.headers(STRANGER, "supplier"), type="InTransit")).status_code == 404
    assert (await note(client, shipment, supplier | {"If-Match": '"7"'}, type="InTransit")).status_code == 412
    assert (await note(client, shipment, {}, type="InTransit")).status_code == 401
