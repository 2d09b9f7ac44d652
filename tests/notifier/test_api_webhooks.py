"""Webhooks over HTTP: creating, changing, testing, resuming, and the log."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiohttp import web

from notifier import app
from notifier.feed import keeping
from notifier.settings import Settings
from notifier.webhooks import store
from shared.postgres import Database
from tests import builders
from tests.notifier import messages, receivers
from tests.notifier.receivers import Receiver
from tests.notifier.webhooks import couriers, hook, impatient, noted, tell, until

WEBHOOKS = "/ecommerce/v3/webhooks"

signer = builders.Signer()
retailer = signer.headers(messages.RETAILER, "retailer")
supplier = signer.headers(messages.SUPPLIER, "supplier")


@pytest.fixture
async def client(notes: Database, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    service = app.build(impatient(settings))
    async with builders.client_of(service, notes, signer) as opened:
        yield opened
    await service.app.state.posting.close()


async def put(client: httpx.AsyncClient, url: str, name: str = "hook", **more: Any) -> dict[str, Any]:
    answer = await client.put(f"{WEBHOOKS}/{name}", headers=retailer, json={"url": url, **more})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_a_webhook_is_created_with_a_secret_that_is_answered_once(
    client: httpx.AsyncClient, notes: Database, receiver: Receiver
) -> None:
    await tell(notes, 1, 2)
    created = await put(client, f" {receiver.address} ", events=["order.cancelled", "order.cancelled"])
    assert created.pop("secret").startswith("whsec_")
    assert created.pop("createdAt").endswith("Z")
    assert created == {
        "webhookId": "hook",
        "url": receiver.address,
        "events": ["order.cancelled"],
        "state": "active",
        "cursor": "2",
        "behind": 0,
        "attempts": 0,
    }
    changed = await put(client, receiver.address, events=None, cursor="0")
    assert ("secret" in changed, changed["events"], changed["cursor"], changed["behind"]) == (False, [], "0", 2)
    assert (await put(client, receiver.address))["cursor"] == "0"
    shown = (await client.get(f"{WEBHOOKS}/hook", headers=retailer)).json()
    listed = (await client.get(WEBHOOKS, headers=retailer)).json()
    assert "secret" not in shown
    assert listed["content"] == [shown]
    async with notes.transaction() as tx:
        (secret,) = (await store.webhooks_page(tx, messages.RETAILER, 0, 10))[0].secrets
    assert b"whsec" not in secret


async def test_webhooks_belong_to_their_organisation(client: httpx.AsyncClient, receiver: Receiver) -> None:
    await put(client, receiver.address)
    for method, path in (
        *(("GET", "/hook"), ("DELETE", "/hook"), ("POST", "/hook/rotate"), ("POST", "/hook/test")),
        *(("POST", "/hook/resume"), ("GET", "/hook/deliveries")),
    ):
        assert (await client.request(method, WEBHOOKS + path, headers=supplier)).status_code == 404
    assert (await client.get(WEBHOOKS, headers=supplier)).json()["content"] == []
    assert (await client.delete(f"{WEBHOOKS}/hook", headers=retailer)).status_code == 204
    assert (await client.get(f"{WEBHOOKS}/hook", headers=retailer)).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://user:word@127.0.0.1/",
        "ftp://127.0.0.1/",
        "https://no-such-host.invalid/",
        "https://127.0.0.1/#part",
        "https:///path",
        "no url",
        "",
        "   ",
        None,
        7,
        f"https://127.0.0.1/{'x' * 2_000}",
    ],
)
async def test_where_nothing_may_be_sent_is_refused_and_nothing_kept(client: httpx.AsyncClient, url: Any) -> None:
    refused = await client.put(f"{WEBHOOKS}/hook", headers=retailer, json={"url": url})
    assert refused.status_code == 400, refused.text
    assert [error["field"] for error in refused.json()["errors"]] == ["url"]
    assert (await client.get(WEBHOOKS, headers=retailer)).json()["content"] == []


async def test_every_wrong_field_is_named(client: httpx.AsyncClient, receiver: Receiver) -> None:
    refused = await client.put(f"{WEBHOOKS}/hook", headers=retailer, json={"url": 1, "events": ["order.lost", 2]})
    assert {error["field"] for error in refused.json()["errors"]} == {"url", "events[0]", "events[1]"}
    for url, events, fields in (
        (" https://10.0.0.1/ ", [], ["url", "cursor"]),
        (" https://10.0.0.1/ ", ["order.lost", float("nan")], ["events[0]", "events[1]", "url", "cursor"]),
        (receiver.address, 1, ["events", "cursor"]),
        (None, [], ["url", "cursor"]),
    ):
        written = json.dumps({"url": url, "events": events, "cursor": "99"})
        refused = await client.put(f"{WEBHOOKS}/hook", headers=retailer, content=written)
        assert [error["field"] for error in refused.json()["errors"]] == fields
    body = {"url": receiver.address, "cursor": "99"}
    assert (await client.put(f"{WEBHOOKS}/hook", headers=retailer, json=body)).status_code == 400
    for name in ("a b", "x" * 51, "ä"):
        assert (await client.put(f"{WEBHOOKS}/{name}", headers=retailer, json=body)).status_code == 400
    for path in ("rotate", "resume"):
        for content in (b"[", b"[]", b'{"hours": 1000, "cursor": 1}'):
            answer = await client.post(f"{WEBHOOKS}/hook/{path}", headers=retailer, content=content)
            assert answer.status_code == 400, answer.text


async def test_there_may_be_twenty_of_them(client: httpx.AsyncClient, receiver: Receiver) -> None:
    for number in range(20):
        await put(client, receiver.address, f"hook{number}")
    refused = await client.put(f"{WEBHOOKS}/more", headers=retailer, json={"url": receiver.address})
    assert refused.status_code == 409
    assert (await put(client, receiver.address, "hook7"))["webhookId"] == "hook7"


async def test_a_test_is_sent_at_once_signed_and_in_the_log(client: httpx.AsyncClient, receiver: Receiver) -> None:
    secret = (await put(client, receiver.address))["secret"]
    sent = (await client.post(f"{WEBHOOKS}/hook/test", headers=retailer)).json()
    (received,) = receiver.received
    event = received.verified(secret)
    assert (event["type"], event["data"]) == ("webhook.test", {"webhookId": "hook"})
    assert (sent["kind"], sent["taken"], sent["status"], sent["answer"]) == ("test", True, 200, "thanks")
    assert sent["body"].encode() == received.body
    receiver.way = receivers.says(418, "no\x00\r\n<b>tea</b>")
    refused = (await client.post(f"{WEBHOOKS}/hook/test", headers=retailer)).json()
    assert (refused["taken"], refused["status"], refused["answer"]) == (False, 418, "no <b>tea</b>")
    log = (await client.get(f"{WEBHOOKS}/hook/deliveries", headers=retailer)).json()["content"]
    assert [entry["deliveryId"] for entry in log] == [refused["deliveryId"], sent["deliveryId"]]


async def test_one_organisation_sends_three_by_hand_at_once_and_others_beside_it(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    for headers in (retailer, supplier):
        await client.put(f"{WEBHOOKS}/hook", headers=headers, json={"url": receiver.address})
    answered = asyncio.Event()
    receiver.way = receivers.waits_for(answered)
    tests = [asyncio.create_task(client.post(f"{WEBHOOKS}/hook/test", headers=retailer)) for _ in range(3)]
    await until(lambda: len(receiver.received) == 3)
    refused = await client.post(f"{WEBHOOKS}/hook/test", headers=retailer)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    tests.append(asyncio.create_task(client.post(f"{WEBHOOKS}/hook/test", headers=supplier)))
    await until(lambda: len(receiver.received) == 4)
    answered.set()
    assert [answer.json()["taken"] for answer in await asyncio.gather(*tests)] == [True] * 4
    assert (await client.post(f"{WEBHOOKS}/hook/test", headers=retailer)).status_code == 200


async def test_what_was_sent_is_shown_and_sent_again(
    client: httpx.AsyncClient, notes: Database, settings: Settings, receiver: Receiver
) -> None:
    secret = (await put(client, receiver.address))["secret"]
    await tell(notes, 1, 2)
    async with couriers(notes, impatient(settings)):
        await noted(notes, 2)
    second, first = (await client.get(f"{WEBHOOKS}/hook/deliveries", headers=retailer)).json()["content"]
    assert [(one["eventId"], one["kind"], one["attempt"]) for one in (first, second)] == [
        ("e1", "event", 1),
        ("e2", "event", 1),
    ]
    address = f"{WEBHOOKS}/hook/deliveries/{first['deliveryId']}"
    shown = (await client.get(address, headers=retailer)).json()
    assert shown == {**first, "body": receiver.received[0].body.decode()}
    again = (await client.post(f"{address}/redeliver", headers=retailer)).json()
    assert (again["kind"], again["eventId"], again["taken"]) == ("redelivery", "e1", True)
    assert receiver.received[-1].verified(secret) == receiver.received[0].verified(secret)
    assert (await hook(notes)).position == 2
    assert (await client.get(address, headers=supplier)).status_code == 404
    assert (await client.get(f"{address}99", headers=retailer)).status_code == 404


async def test_what_is_not_kept_any_more_cannot_be_sent_again(
    client: httpx.AsyncClient, notes: Database, receiver: Receiver
) -> None:
    await put(client, receiver.address)
    test = (await client.post(f"{WEBHOOKS}/hook/test", headers=retailer)).json()
    address = f"{WEBHOOKS}/hook/deliveries/{test['deliveryId']}/redeliver"
    assert (await client.post(address, headers=retailer)).status_code == 410
    async with notes.transaction() as tx:
        await tx.execute("UPDATE webhook_deliveries SET sent_at = now() - interval '31 days'")
    await keeping.prune(notes, 30)
    assert (await client.get(f"{WEBHOOKS}/hook/deliveries", headers=retailer)).json()["content"] == []


async def test_a_secret_is_changed_and_the_old_one_is_good_for_a_while(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    old = (await put(client, receiver.address))["secret"]
    new = (await client.post(f"{WEBHOOKS}/hook/rotate", headers=retailer)).json()["secret"]
    await client.post(f"{WEBHOOKS}/hook/test", headers=retailer)
    assert receiver.received[-1].verified(old) == receiver.received[-1].verified(new)
    answer = await client.post(f"{WEBHOOKS}/hook/rotate", headers=retailer, json={"hours": 0})
    await client.post(f"{WEBHOOKS}/hook/test", headers=retailer)
    assert receiver.received[-1].verified(answer.json()["secret"])
    with pytest.raises(Exception, match="No matching signature"):
        receiver.received[-1].verified(new)


@pytest.mark.parametrize("body", [b"", b" ", b'""', b"null", b"{}"])
async def test_what_needs_no_body_is_done_however_that_is_left_out(
    client: httpx.AsyncClient, receiver: Receiver, body: bytes
) -> None:
    await put(client, receiver.address)
    for path in ("rotate", "resume"):
        answer = await client.post(f"{WEBHOOKS}/hook/{path}", headers=retailer, content=body)
        assert answer.status_code == 200, answer.text


async def test_a_secret_that_is_changed_twice_leaves_both_before_it_good(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    # Whoever did not hear the answer asks again, and its receiver knows none of the new secrets yet.
    secrets = [(await put(client, receiver.address))["secret"]]
    for _ in range(2 + store.MOST_OLDER):
        secrets.append((await client.post(f"{WEBHOOKS}/hook/rotate", headers=retailer)).json()["secret"])
        await client.post(f"{WEBHOOKS}/hook/test", headers=retailer)
        for good in secrets[-2 - store.MOST_OLDER :]:
            receiver.received[-1].verified(good)
    assert len(receiver.received[-1].headers["webhook-signature"].split()) == 2 + store.MOST_OLDER
    await client.post(f"{WEBHOOKS}/hook/rotate", headers=retailer, json={"hours": 0})
    await client.post(f"{WEBHOOKS}/hook/test", headers=retailer)
    assert len(receiver.received[-1].headers["webhook-signature"].split()) == 1


async def test_a_secret_that_is_changed_twice_at_once_leaves_both_before_it_good(
    client: httpx.AsyncClient, notes: Database, receiver: Receiver
) -> None:
    await put(client, receiver.address)

    async def change(secret: bytes) -> None:
        async with notes.transaction() as tx:
            await store.change_secret(tx, messages.RETAILER, "hook", secret, 24)

    await change(b"first")
    async with notes.transaction() as tx:
        # It holds the row until it commits, and whoever comes meanwhile waits.
        await store.change_secret(tx, messages.RETAILER, "hook", b"second", 24)
        late = asyncio.create_task(change(b"third"))
        await builders.eventually(lambda: waiting_for_locks(notes), bool)
    await late
    async with notes.transaction() as tx:
        row = await tx.fetch_one("SELECT old_secret, older_secrets FROM webhooks")
    assert row is not None
    assert (row["old_secret"], row["older_secrets"][:1]) == (b"second", [b"first"])


async def waiting_for_locks(notes: Database) -> int:
    """How many statements wait for somebody else's."""
    async with notes.transaction() as tx:
        count: int = await tx.fetch_value("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return count


async def test_a_paused_webhook_goes_on_where_it_was_or_behind_a_cursor(
    client: httpx.AsyncClient, notes: Database, receiver: Receiver
) -> None:
    await put(client, receiver.address)
    await tell(notes, 1, 2, 3)
    pause = "UPDATE webhooks SET state = 'paused', why = 'gone', attempts = 3, failing_since = now()"
    async with notes.transaction() as tx:
        await tx.execute(pause)
    shown = (await client.get(f"{WEBHOOKS}/hook", headers=retailer)).json()
    assert (shown["state"], shown["why"], shown["attempts"], shown["behind"]) == ("paused", "gone", 3, 3)
    resumed = (await client.post(f"{WEBHOOKS}/hook/resume", headers=retailer)).json()
    assert (resumed["state"], resumed["cursor"], resumed["attempts"]) == ("active", "0", 0)
    resumed = (await client.post(f"{WEBHOOKS}/hook/resume", headers=retailer, json={"cursor": "2"})).json()
    assert resumed["cursor"] == "2"
    async with notes.transaction() as tx:
        await tx.execute("UPDATE events SET told_at = now() - interval '31 days'")
    await keeping.prune(notes, 30)
    refused = await client.post(f"{WEBHOOKS}/hook/resume", headers=retailer)
    assert refused.status_code == 410
    assert "cursor 3" in refused.json()["message"]
    assert (await client.post(f"{WEBHOOKS}/hook/resume", headers=retailer, json={"cursor": "3"})).status_code == 200


async def test_one_that_is_told_to_go_on_while_it_does_repeats_nothing(
    client: httpx.AsyncClient, notes: Database, settings: Settings, receiver: Receiver
) -> None:
    await put(client, receiver.address)
    ids, answered = await tell(notes, 1, 2, 3), asyncio.Event()

    async def waits_with_the_third(_: web.Request, got: receivers.Received) -> web.StreamResponse:
        if got.id == ids[2]:
            await answered.wait()
        return web.Response()

    receiver.way = waits_with_the_third
    async with couriers(notes, impatient(settings)):
        await until(lambda: len(receiver.received) == 3)
        resumed = (await client.post(f"{WEBHOOKS}/hook/resume", headers=retailer)).json()
        answered.set()
        await noted(notes, 3)
    assert (resumed["state"], receiver.took) == ("active", ids)


async def test_without_a_key_for_secrets_there_are_no_webhooks(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    service = app.build(impatient(settings, sealing_keys=""))
    async with builders.client_of(service, notes, signer) as client:
        refused = await client.put(f"{WEBHOOKS}/hook", headers=retailer, json={"url": receiver.address})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
        assert "SLUICE_SEALING_KEYS" in refused.json()["message"]
        assert (await client.get(WEBHOOKS, headers=retailer)).json()["content"] == []
