"""Settings and the delivery log, as a supplier and as others see them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from notifier import app, handlers, store
from notifier.domain import Verdict
from notifier.settings import Settings
from shared.postgres import Database
from tests import builders
from tests.notifier import messages

SETTINGS = "/ecommerce/v3/notifications/settings"
LOG = "/ecommerce/v3/notifications"

signer = builders.Signer()
supplier = signer.headers(messages.SUPPLIER, "supplier")
stranger = signer.headers(messages.OTHER_SUPPLIER, "supplier")


@pytest.fixture
async def client(notes: Database, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with builders.client_of(app.build(settings), notes, signer) as opened:
        yield opened


async def test_settings_follow_the_organisation_until_the_supplier_gives_its_own(
    client: httpx.AsyncClient, notes: Database
) -> None:
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation(language="fi")], tx)
    read = await client.get(SETTINGS, headers=supplier)
    assert read.json() == {"emails": ["orders@kuppi.example"], "newShipment": True, "language": "fi"}
    given = {"emails": ["a@kuppi.example", " b@kuppi.example ", "A@kuppi.example"], "newShipment": False}
    changed = await client.put(SETTINGS, headers=supplier, json=given)
    expected = {"emails": ["a@kuppi.example", "b@kuppi.example"], "newShipment": False, "language": "fi"}
    assert (changed.status_code, changed.json()) == (200, expected)
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation(email="other@kuppi.example", version=2)], tx)
    assert (await client.get(SETTINGS, headers=supplier)).json() == expected


async def test_an_unknown_supplier_has_no_addresses(client: httpx.AsyncClient) -> None:
    read = await client.get("/v3/notifications/settings/", headers=supplier)
    assert (read.status_code, read.json()) == (200, {"emails": [], "newShipment": True, "language": "en"})


async def test_every_wrong_field_of_the_settings_is_named(client: httpx.AsyncClient) -> None:
    given = {"emails": ["nobody", "a@kuppi.example", "b@"], "newShipment": "perhaps", "language": "de"}
    refused = await client.put(SETTINGS, headers=supplier, json=given)
    assert refused.status_code == 400
    errors = {error["field"]: error["message"] for error in refused.json()["errors"]}
    assert errors.keys() == {"emails[0]", "emails[2]", "newShipment", "language"}
    assert errors["emails[0]"] == "is not an e-mail address"
    assert (await client.get(SETTINGS, headers=supplier)).json()["emails"] == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"emails": "a@b.fi"}', b'{"emails": null}'])
async def test_a_body_that_is_no_settings_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    refused = await client.put(SETTINGS, headers=supplier, content=body)
    assert refused.status_code == 400
    assert refused.json()["errors"]


async def test_more_than_twenty_addresses_are_refused(client: httpx.AsyncClient) -> None:
    emails = [f"a{number}@kuppi.example" for number in range(21)]
    refused = await client.put(SETTINGS, headers=supplier, json={"emails": emails})
    assert [error["field"] for error in refused.json()["errors"]] == ["emails"]


async def test_a_shipment_that_waited_for_an_address_goes_when_it_is_given(
    client: httpx.AsyncClient, notes: Database, settings: Settings
) -> None:
    async with notes.transaction() as tx:
        await handlers.announce_shipments(
            [messages.shipment(), messages.shipment(supplier=messages.OTHER_SUPPLIER)], tx, settings
        )
    await client.put(SETTINGS, headers=supplier, json={"emails": ["a@kuppi.example"]})
    async with notes.transaction() as tx:
        entries = {row["recipient_id"]: row["state"] for row in await store.books(tx)}
    assert entries == {messages.SUPPLIER: "pending", messages.OTHER_SUPPLIER: "waiting"}


async def test_the_log_shows_what_the_mail_server_said(
    client: httpx.AsyncClient, notes: Database, settings: Settings
) -> None:
    shipment = messages.shipment()
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation()], tx)
        await handlers.announce_shipments([shipment], tx, settings)
        (mail,) = await store.claim_due(tx, 1, 60)
        await store.note_tries(
            tx, [store.Tried(mail, "New shipment", Verdict("sent", ("orders@kuppi.example",), "250 taken"))]
        )
    page = (await client.get(LOG, headers=supplier)).json()
    (entry,) = page["content"]
    for moment in ("createdAt", "sentAt"):
        assert entry.pop(moment).endswith("Z")
    assert entry == {
        "id": mail.id,
        "kind": "new-shipment",
        "shipmentId": str(shipment.shipment_id),
        "orderExternalId": "WEB-1",
        "retailerId": messages.RETAILER,
        "state": "sent",
        "recipients": ["orders@kuppi.example"],
        "reached": ["orders@kuppi.example"],
        "subject": "New shipment",
        "messageId": f"<{shipment.shipment_id}.new-shipment@sluice.example>",
        "attempts": 1,
        "answer": "250 taken",
    }


async def test_the_log_comes_in_pages_newest_first(
    client: httpx.AsyncClient, notes: Database, settings: Settings
) -> None:
    async with notes.transaction() as tx:
        await handlers.announce_shipments([messages.shipment(order=f"WEB-{n}") for n in range(5)], tx, settings)
    page = (await client.get(f"{LOG}?page=1&size=2", headers=supplier)).json()
    everything = (await client.get(LOG, headers=supplier)).json()
    assert page["page"] == {"size": 2, "totalElements": 5, "totalPages": 3, "number": 1}
    assert [entry["id"] for entry in page["content"]] == [entry["id"] for entry in everything["content"]][2:4]
    ids = [entry["id"] for entry in everything["content"]]
    assert ids == sorted(ids, reverse=True)


async def test_a_supplier_sees_and_changes_only_its_own(
    client: httpx.AsyncClient, notes: Database, settings: Settings
) -> None:
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation()], tx)
        await handlers.announce_shipments([messages.shipment()], tx, settings)
    assert (await client.get(LOG, headers=stranger)).json()["content"] == []
    assert (await client.get(SETTINGS, headers=stranger)).json()["emails"] == []
    await client.put(SETTINGS, headers=stranger, json={"emails": ["evil@x.example"]})
    assert (await client.get(SETTINGS, headers=supplier)).json()["emails"] == ["orders@kuppi.example"]


@pytest.mark.parametrize(("method", "path"), [("GET", SETTINGS), ("PUT", SETTINGS), ("GET", LOG)])
async def test_only_suppliers_and_retailers_have_notifications(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    operator = signer.headers(messages.RETAILER, "operator")
    assert (await client.request(method, path)).status_code == 401
    assert (await client.request(method, path, headers=operator)).status_code == 403


async def test_addresses_with_what_they_have_chosen_are_answered_as_they_were_given(client: httpx.AsyncClient) -> None:
    given: dict[str, Any] = {
        "addresses": [
            {
                "email": "Stock@kuppi.example",
                "kinds": ["stock-corrected", "cancelled"],
                "timing": "daily",
                "hour": 15,
                "retailers": [{"retailerId": messages.RETAILER, "timing": "hourly"}],
            },
            {"email": "orders@kuppi.example", "hour": 9, "kinds": "", "timing": None},
        ],
        "quietHours": {"from": "20:00", "until": " 07:00"},
        "timeZone": "Europe/Stockholm",
    }
    changed = await client.put(SETTINGS, headers=supplier, json=given)
    usual = ["new-shipment", "reminder", "cancelled", "webhook-paused"]
    stock = {**given["addresses"][0], "kinds": ["cancelled", "stock-corrected"]}
    orders = {"email": "orders@kuppi.example", "kinds": usual, "timing": "instant"}
    expected = {
        "emails": ["Stock@kuppi.example", "orders@kuppi.example"],
        "addresses": [stock, orders],
        "newShipment": True,
        "quietHours": {"from": "20:00", "until": "07:00"},
        "timeZone": "Europe/Stockholm",
        "language": "en",
    }
    assert (changed.status_code, changed.json()) == (200, expected)
    again = await client.put(SETTINGS, headers=supplier, json=(await client.get(SETTINGS, headers=supplier)).json())
    assert (again.status_code, again.json()) == (200, expected)
    # Who knows of no choices changes none.
    plain = await client.put(SETTINGS, headers=supplier, json={"emails": ["orders@kuppi.example"]})
    assert plain.json() == {
        "emails": ["orders@kuppi.example"],
        "addresses": [orders],
        "newShipment": True,
        "language": "en",
    }


async def test_every_wrong_field_of_a_choice_is_named_and_nothing_is_kept(client: httpx.AsyncClient) -> None:
    one = {"email": "a@kuppi.example"}
    bodies: list[tuple[dict[str, object], set[str]]] = [
        ({"addresses": [{"email": "x\r\nBcc: y@z.fi"}, {}]}, {"addresses[0].email", "addresses[1].email"}),
        ({"addresses": [{**one, "kinds": ["gossip"]}]}, {"addresses[0].kinds[0]"}),
        ({"addresses": [{**one, "timing": "weekly", "hour": 24}]}, {"addresses[0].timing", "addresses[0].hour"}),
        ({"addresses": [one, {"email": "A@kuppi.example"}]}, {"addresses[1].email"}),
        ({"addresses": [one], "emails": ["b@kuppi.example"]}, {"addresses[0].email", "emails[0]"}),
        ({"emails": [], "quietHours": {"from": "24:00"}}, {"quietHours.from", "quietHours.until"}),
        ({"emails": [], "timeZone": "Europe/Atlantis"}, {"timeZone"}),
        ({"emails": [], "timeZone": "../etc/passwd"}, {"timeZone"}),
        (
            {"addresses": [{**one, "retailers": [{"retailerId": "", "timing": "now"}]}]},
            {"addresses[0].retailers[0].retailerId", "addresses[0].retailers[0].timing"},
        ),
        ({"addresses": [{"email": f"a{n}@x.fi"} for n in range(21)]}, {"addresses"}),
    ]
    for body, fields in bodies:
        refused = await client.put(SETTINGS, headers=supplier, json=body)
        assert refused.status_code == 400, body
        assert {error["field"] for error in refused.json()["errors"]} == fields
    assert (await client.get(SETTINGS, headers=supplier)).json()["emails"] == []


async def test_an_address_that_stays_keeps_what_it_has_chosen(client: httpx.AsyncClient) -> None:
    chosen = {"email": "a@kuppi.example", "kinds": ["cancelled"], "timing": "hourly"}
    await client.put(SETTINGS, headers=supplier, json={"addresses": [chosen]})
    kept = await client.put(SETTINGS, headers=supplier, json={"emails": ["A@kuppi.example", "b@kuppi.example"]})
    first, second = kept.json()["addresses"]
    assert (first["kinds"], first["timing"]) == (["cancelled"], "hourly")
    assert (second["kinds"], second["timing"]) == (
        ["new-shipment", "reminder", "cancelled", "webhook-paused"],
        "instant",
    )


async def test_a_retailer_that_is_named_twice_is_refused(client: httpx.AsyncClient) -> None:
    retailers = [{"retailerId": "1", "timing": timing} for timing in ("hourly", "daily")]
    given = {"addresses": [{"email": "a@kuppi.example", "retailers": retailers}]}
    refused = await client.put(SETTINGS, headers=supplier, json=given)
    assert refused.status_code == 400
    (error,) = refused.json()["errors"]
    assert (error["field"], error["code"]) == ("addresses[0].retailers[1].retailerId", "duplicate")
