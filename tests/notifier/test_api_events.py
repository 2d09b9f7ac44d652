"""The feed over HTTP: by cursor, waiting, and as a stream."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import httpx
import pytest
from starlette.types import Message

from notifier import app
from notifier.api import event_stream
from notifier.feed import keeping, news, reading, store
from notifier.feed.telling import Entry
from notifier.settings import Settings
from shared.postgres import Database
from shared.service import Service
from tests import builders
from tests.notifier import messages

EVENTS = "/ecommerce/v3/events"

signer = builders.Signer()
retailer = signer.headers(messages.RETAILER, "retailer")
supplier = signer.headers(messages.SUPPLIER, "supplier")


@pytest.fixture
async def service(settings: Settings) -> Service:
    return app.build(settings)


@pytest.fixture
async def client(notes: Database, service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with builders.client_of(service, notes, signer) as opened:
        yield opened


async def tell(notes: Database, *numbers: int, organisation: str = messages.RETAILER) -> None:
    """Put events with these numbers into a feed."""
    entries = [
        Entry(organisation, f"e{n}", "order.accepted", json.dumps({"id": f"e{n}", "type": "order.accepted"}).encode())
        for n in numbers
    ]
    async with notes.transaction() as tx:
        await store.save_events(tx, entries)


async def read(client: httpx.AsyncClient, headers: dict[str, str] = retailer, **query: Any) -> tuple[list[str], Any]:
    """The ids of the events on a page, and the rest of it."""
    answer = await client.get(EVENTS, headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    return [event["id"] for event in page.pop("events")], page


async def test_a_feed_is_read_page_by_page_and_again_from_any_cursor(
    client: httpx.AsyncClient, notes: Database
) -> None:
    assert await read(client) == ([], {"cursor": "0", "more": False})
    await tell(notes, *range(1, 6))
    await tell(notes, 9, organisation=messages.SUPPLIER)
    first, rest = await read(client, limit=2)
    assert (first, rest["more"]) == (["e1", "e2"], True)
    second, rest = await read(client, limit=3, cursor=rest["cursor"])
    assert (second, rest["more"]) == (["e3", "e4", "e5"], True)
    assert await read(client, cursor=rest["cursor"]) == ([], {"cursor": rest["cursor"], "more": False})
    assert (await read(client, cursor="2"))[0] == second
    assert (await read(client, cursor="end"))[0] == []
    assert (await read(client, supplier))[0] == ["e9"]


@pytest.mark.parametrize("cursor", ["-1", "x", "1.0", "6", "9" * 30, "١", "1 2"])
async def test_a_cursor_that_no_answer_has_given_is_refused(
    client: httpx.AsyncClient, notes: Database, cursor: str
) -> None:
    await tell(notes, *range(1, 6))
    for address in (EVENTS, f"{EVENTS}/stream"):
        refused = await client.get(address, headers=retailer, params={"cursor": cursor})
        assert refused.status_code == 400, refused.text
        assert [error["field"] for error in refused.json()["errors"]] == ["cursor"]


async def test_wrong_limits_and_waits_are_named(client: httpx.AsyncClient) -> None:
    refused = await client.get(EVENTS, headers=retailer, params={"limit": 1_001, "wait": 31})
    assert refused.status_code == 400
    assert {error["field"] for error in refused.json()["errors"]} == {"limit", "wait"}
    assert (await client.get(EVENTS, headers=retailer, params={"limit": "", "wait": " ", "cursor": ""})).is_success


async def test_a_cursor_behind_which_events_are_gone_is_told_where_to_go_on(
    client: httpx.AsyncClient, notes: Database
) -> None:
    await tell(notes, *range(1, 6))
    async with notes.transaction() as tx:
        await tx.execute("UPDATE events SET told_at = now() - interval '31 days' WHERE position <= 3")
    await keeping.prune(notes, 30)
    refused = await client.get(EVENTS, headers=retailer, params={"cursor": "2"})
    assert refused.status_code == 410
    assert "after cursor 3" in refused.json()["message"]
    assert (await read(client, cursor="3"))[0] == ["e4", "e5"]
    assert (await read(client))[0] == ["e4", "e5"]


async def test_one_who_waits_is_answered_when_something_happens(client: httpx.AsyncClient, notes: Database) -> None:
    waiting = asyncio.create_task(read(client, wait=20))
    await builders.eventually(_listeners, lambda found: found == [messages.RETAILER])
    await tell(notes, 7, organisation=messages.SUPPLIER)
    await tell(notes, 1)
    assert (await waiting)[0] == ["e1"]
    assert news.waited_for() == []


async def test_what_another_replica_writes_is_heard_of(client: httpx.AsyncClient, notes: Database) -> None:
    part = keeping.Keeping(0.02, 30)
    waiting = asyncio.create_task(read(client, wait=20))
    await builders.eventually(_listeners, lambda found: found == [messages.RETAILER])
    looking = asyncio.create_task(part._again_and_again(part._look, 0.02, notes))
    async with notes.transaction() as tx:
        await store.save_events(tx, [Entry(messages.RETAILER, "e1", "order.accepted", b'{"id":"e1"}')])
        tx.after_commit.clear()
    assert (await waiting)[0] == ["e1"]
    looking.cancel()


async def test_more_than_twenty_who_wait_for_one_feed_are_asked_to_come_later(
    client: httpx.AsyncClient, notes: Database
) -> None:
    waiting = [asyncio.create_task(read(client, wait=20)) for _ in range(reading.MOST_READING)]
    await builders.eventually(_waiting, lambda found: found == reading.MOST_READING)
    for address, query in ((EVENTS, {"wait": "20"}), (f"{EVENTS}/stream", {})):
        refused = await client.get(address, headers=retailer, params=query)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    await tell(notes, 1)
    assert {tuple(ids) for ids, _ in await asyncio.gather(*waiting)} == {("e1",)}


async def test_one_who_has_hung_up_has_no_place_among_those_who_wait(notes: Database, service: Service) -> None:
    hung_up = asyncio.Event()
    came: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not came:
            await hung_up.wait()
        return came.pop() if came else {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    scope = {
        "type": "http",
        "method": "GET",
        "path": EVENTS,
        "raw_path": EVENTS.encode(),
        "query_string": b"wait=30",
        "headers": [(name.lower().encode(), value.encode()) for name, value in retailer.items()],
        "asgi": {"spec_version": "2.3"},
    }
    async with builders.client_of(service, notes, signer):
        asking = asyncio.ensure_future(service.app(scope, receive, send))
        await builders.eventually(_waiting, lambda found: found == 1)
        hung_up.set()
        async with asyncio.timeout(5):
            await asking
    assert news.waited_for() == []


async def test_who_waits_is_let_go_when_the_service_stops(notes: Database, service: Service) -> None:
    service.ready = True
    waiting = asyncio.create_task(reading.wait(service, notes, messages.RETAILER, 0, 10, 600))
    await builders.eventually(_waiting, lambda found: found == 1)
    service.ready = False
    assert (await waiting).events == []


async def test_a_stream_tells_what_is_there_and_what_comes_and_goes_on_where_it_was(
    client: httpx.AsyncClient, notes: Database, service: Service
) -> None:
    await tell(notes, 1, 2)
    stream = event_stream.follow(service, notes, messages.RETAILER, 0, 60)
    assert await anext(stream) == b"retry: 2000\n\n"
    event = b'id: %d\nevent: order.accepted\ndata: {"id": "e%d", "type": "order.accepted"}\n\n'
    assert await anext(stream) == event % (1, 1) + event % (2, 2)
    coming = asyncio.ensure_future(anext(stream))
    await builders.eventually(_waiting, lambda found: found == 1)
    await tell(notes, 3)
    assert await coming == event % (3, 3)
    await stream.aclose()  # type: ignore[attr-defined]
    assert news.waited_for() == []


async def test_a_stream_is_served_as_one_and_resumes_by_the_last_event(
    client: httpx.AsyncClient, notes: Database, service: Service, settings: Settings
) -> None:
    await tell(notes, *range(1, 4))

    service.app.state.settings = settings.model_copy(update={"stream_seconds": 0.1})
    headers = {**retailer, "Last-Event-ID": "2", "Accept-Encoding": "gzip"}
    answer = await client.get(f"{EVENTS}/stream", headers=headers, params={"cursor": "1"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in answer.headers
    assert [line for line in answer.text.splitlines() if line.startswith("id")] == ["id: 3"]


async def test_a_stream_that_nobody_reads_has_its_place_until_it_ends_and_ends_soon(
    client: httpx.AsyncClient, notes: Database, service: Service
) -> None:
    begun = 0

    async def unread(message: Message) -> None:
        nonlocal begun
        if message["type"] == "http.response.body":
            begun += 1
            await asyncio.Event().wait()

    async def connected() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    def stream(unread_s: float) -> Awaitable[None]:
        told = event_stream.follow(service, notes, messages.RETAILER, 0, 60)
        scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
        return event_stream.Stream(messages.RETAILER, told, unread_s)(scope, connected, unread)

    async def begin() -> int:
        return begun

    streams = [asyncio.ensure_future(stream(600)) for _ in range(reading.MOST_READING)]
    await builders.eventually(begin, lambda found: found == reading.MOST_READING)
    for address in (f"{EVENTS}?wait=1", f"{EVENTS}/stream"):
        assert (await client.get(address, headers=retailer)).status_code == 429
    assert (await client.get(EVENTS, headers=retailer)).status_code == 200
    for one in streams:
        one.cancel()
    await asyncio.wait(streams)
    await stream(0.01)
    assert (await client.get(f"{EVENTS}?wait=1", headers=retailer)).status_code == 200


async def test_a_page_is_bounded_in_bytes_too_and_never_empty_for_that(
    client: httpx.AsyncClient, notes: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(notes, *range(1, 6))
    one = len(b'{"id": "e1", "type": "order.accepted"}')
    for most_bytes, wanted in ((1, ["e1"]), (2 * one, ["e1", "e2"]), (2 * one + 1, ["e1", "e2", "e3"])):
        monkeypatch.setattr(reading, "MOST_BYTES", most_bytes)
        ids, rest = await read(client)
        assert (ids, rest) == (wanted, {"cursor": str(len(wanted)), "more": True})


async def _listeners() -> list[str]:
    return news.waited_for()


async def _waiting() -> int:
    return news.waiting(messages.RETAILER)


async def test_a_client_that_hangs_up_while_its_stream_is_read_disturbs_no_connection(
    service: Service, notes: Database
) -> None:
    await tell(notes, 1)
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
    is_gone = asyncio.Event()

    async def receive() -> Message:
        await is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    told = event_stream.follow(service, notes, messages.RETAILER, 0, 60)
    stream = event_stream.Stream(messages.RETAILER, told)
    async with notes.transaction() as tx:
        await tx.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        streaming = asyncio.create_task(stream({"type": "http", "asgi": {}}, receive, send))
        while not await tx.fetch_value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
        is_gone.set()
        await asyncio.sleep(0.1)
    await streaming
    await notes.close()
    assert complaints == []
