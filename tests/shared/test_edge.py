"""Addresses as real clients write them, bounded bodies, and one shape for every error."""

import asyncio
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, Request, Response
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from shared import edge, problems, room, service, wire
from shared.room import Room
from shared.settings import ServiceSettings
from shared.subscriptions import Subscriptions

LIMIT = 2_000
router = APIRouter()


class Row(wire.WireModel):
    """A part of a body."""

    external_id: str
    quantity: Annotated[wire.Number, Field(gt=0)]


class Body(wire.WireModel):
    """A body."""

    name: wire.Text = None
    at: wire.Moment | None = None
    rows: tuple[Row, ...]


@router.post("/ecommerce/v3/things")
async def post_thing(request: Request) -> Response:
    """Say a body again."""
    return wire.answer(Body.model_validate_json(await edge.read_body(request)))


@router.get("/ecommerce/v3/things")
async def list_things(
    request: Request,
    asked: Annotated[wire.PageRequest, Depends(wire.page_request(2))],
    role: str = "none",
) -> Response:
    """Five things."""
    things = [Row(external_id=f"{role} {n}", quantity=Decimal(n + 1)) for n in range(5)]
    page = things[asked.offset : asked.offset + asked.size]
    return wire.answer(wire.page_of(page, len(things), asked, request.url))


@router.get("/v2/crash")
async def crash() -> None:
    """Fail."""
    raise ZeroDivisionError("a secret of the inside")


@router.get("/v2/conflict")
async def conflict() -> None:
    """Refuse."""
    raise problems.conflict("Order 7 is there already and differs")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    settings = ServiceSettings(
        database="postgresql://unused", kafka="unused:9092", max_body_bytes=LIMIT, max_bodies_bytes=LIMIT
    )
    app = service.build("router", settings, Subscriptions(), [router]).app
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://sluice.test") as opened:
        yield opened


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/v3/orders/7", "/ecommerce/v3/orders/7"),
        ("/ecommerce/v3/orders/7", "/ecommerce/v3/orders/7"),
        ("/ecommerce/v2/orders", "/v2/orders"),
        ("/v2/orders/", "/v2/orders"),
        ("/v3/catalogs/C1/products//", "/ecommerce/v3/catalogs/C1/products"),
        ("/", "/"),
        ("", "/"),
        ("/v30/orders", "/v30/orders"),
    ],
)
def test_an_address_has_one_spelling(written: str, meant: str) -> None:
    assert edge.canonical(written) == meant


@given(st.text("/v23ecomr", max_size=30))
def test_the_one_spelling_of_an_address_is_its_own(path: str) -> None:
    assert edge.canonical(edge.canonical(f"/{path}")) == edge.canonical(f"/{path}")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"", b""),
        (b"page=1", b"page=1"),
        (b"page=1&size=30", b"page=1&size=30"),
        (b"page=1?size=30", b"page=1&size=30"),
        (b"size=30&size=100", b"size=100"),
        (b"from=2026-01-01T00%3A00%3A00%2B02%3A00&page=0", b"from=2026-01-01T00%3A00%3A00%2B02%3A00&page=0"),
        (b"name=%C3%A4&page=0", b"name=%C3%A4&page=0"),
        (b"a=&b=1", b"b=1"),
        (b"page=", b""),
        (b"page=+%20", b""),
        (b"type=&capability&size=1", b"size=1"),
        (b"role=RETAILER?page=1", b"role=RETAILER&page=1"),
        (b"from=2026-01-01T00:00:00+02:00", b"from=2026-01-01T00%3A00%3A00+02%3A00"),
    ],
)
def test_a_query_is_read_as_it_was_meant(written: bytes, meant: bytes) -> None:
    assert edge.repaired_query(written) == meant


async def test_an_old_address_with_a_second_question_mark_works(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v3/things/?role=supplier?size=3")
    assert answer.status_code == 200
    assert [thing["externalId"] for thing in answer.json()["content"]] == ["supplier 0", "supplier 1", "supplier 2"]


async def test_a_parameter_that_is_blank_is_not_given(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v3/things?page=&size=&role=")
    assert answer.status_code == 200
    assert [thing["externalId"] for thing in answer.json()["content"]] == ["none 0", "none 1"]


async def test_an_address_tells_what_can_be_done_there(client: httpx.AsyncClient) -> None:
    asked = await client.options("/v3/things")
    refused = await client.delete("/v3/things")
    assert (asked.status_code, asked.content) == (204, b"")
    assert refused.json()["message"] == "DELETE is not possible here"
    assert asked.headers["allow"] == refused.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert (await client.options("/nowhere")).status_code == 404


async def test_head_answers_as_get_does_without_the_body(client: httpx.AsyncClient) -> None:
    head, get = await client.head("/v3/things?size=3"), await client.get("/v3/things?size=3")
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.content))
    assert (await client.head("/nowhere")).status_code == 404


async def test_every_wrong_field_is_named_as_the_client_wrote_it(client: httpx.AsyncClient) -> None:
    rows = [{"externalId": "1", "quantity": 0}, {"quantity": "many"}, {"externalId": "3", "quantity": 1}]
    answer = await client.post("/v3/things", json={"name": 7, "at": "yesterday", "rows": rows})
    body = answer.json()
    assert answer.status_code == body["status"] == 400
    assert {error["field"] for error in body["errors"]} == {
        *("name", "at", "rows[0].quantity", "rows[1].externalId", "rows[1].quantity"),
    }
    assert all(error["code"] and error["message"] for error in body["errors"])
    assert body["path"] == "/ecommerce/v3/things"


@pytest.mark.parametrize("body", [b"", b" ", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"rows": [}', b"{}"])
async def test_a_body_that_cannot_be_read_is_a_bad_request(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v3/things", content=body)
    assert answer.status_code == 400
    assert answer.json()["errors"]


async def test_a_wrong_query_is_a_bad_request_that_names_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v3/things?page=-1&size=many")
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"page", "size"}


async def parts_of(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100):
        yield b" " * 100


async def test_a_body_over_the_bound_is_refused_whether_or_not_it_says_its_size(client: httpx.AsyncClient) -> None:
    said = await client.post("/v3/things", content=b" " * (LIMIT + 1))
    unsaid = await client.post("/v3/things", content=parts_of(LIMIT + 100))
    fits = await client.post("/v3/things", content=b'{"rows":[]}'.ljust(LIMIT))
    assert [said.status_code, unsaid.status_code, fits.status_code] == [413, 413, 200]
    assert said.json()["message"] == unsaid.json()["message"] == f"The body is larger than {LIMIT} bytes"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("DELETE", "/v3/things", 405),
        ("GET", "/v2/conflict", 409),
        ("GET", "/v2/crash", 500),
        ("POST", "/v3/things", 400),
        ("GET", "/readyz", 503),
    ],
)
async def test_every_error_has_the_one_shape(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await client.request(method, path)
    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert body.keys() == {"timestamp", "status", "error", "message", "path", "errors"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["timestamp"])
    assert "secret of the inside" not in answer.text
    assert "Traceback" not in answer.text


async def test_an_address_with_a_nul_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v3/things/7%00")
    assert answer.status_code == 404
    assert "NUL" in answer.json()["message"]


@pytest.mark.parametrize("query", ["role=a%00b&page=0", "page=0?role=%00", "role=%00"])
async def test_a_query_with_a_nul_is_a_bad_request_that_names_it(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/v3/things?{query}")
    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [("role", "nul")]


async def test_a_request_keeps_the_name_it_has_or_gets_one(client: httpx.AsyncClient) -> None:
    named = await client.get("/livez", headers={"X-Request-Id": "shop-2026-0001"})
    unnamed = await client.get("/livez")
    forged = await client.get("/livez", headers={"X-Request-Id": "a b; evil=1"})
    assert named.headers["x-request-id"] == "shop-2026-0001"
    assert len({named.headers["x-request-id"], unnamed.headers["x-request-id"], forged.headers["x-request-id"]}) == 3
    assert " " not in forged.headers["x-request-id"]


async def test_a_long_answer_is_compressed_for_who_reads_that(client: httpx.AsyncClient) -> None:
    body = {"name": "x" * 1_500, "rows": []}
    packed = await client.post("/v3/things", json=body, headers={"Accept-Encoding": "gzip"})
    plain = await client.post("/v3/things", json=body, headers={"Accept-Encoding": "identity"})
    assert packed.headers.get("content-encoding") == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


async def test_metrics_are_served(client: httpx.AsyncClient) -> None:
    await client.get("/v3/things")
    assert 'route="/ecommerce/v3/things"' in (await client.get("/metrics")).text


async def opened_by_and_by(text: bytes, go_on: asyncio.Event, begun: asyncio.Event) -> AsyncIterator[bytes]:
    """A body of which all but the last byte comes at once."""
    yield text[:-1]
    begun.set()
    await go_on.wait()
    yield text[-1:]


async def test_bodies_that_together_are_too_much_are_sent_away_to_come_again(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SMALL", 100)
    body = b'{"name": "' + b"x" * (LIMIT * 3 // 4) + b'", "rows": []}'
    go_on, begun = asyncio.Event(), asyncio.Event()
    slow = asyncio.create_task(client.post("/v3/things", content=opened_by_and_by(body, go_on, begun)))
    await begun.wait()
    refused = await client.post("/v3/things", content=body)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["message"] == "Too much is being sent at once; send it again"
    small = await client.post("/v3/things", content=b'{"rows": []}')
    assert small.status_code == 200
    go_on.set()
    assert (await slow).status_code == 200
    assert (await client.post("/v3/things", content=body)).status_code == 200


async def test_a_body_that_never_ends_is_given_up_and_its_room_is_free_again() -> None:
    settings = ServiceSettings(
        database="postgresql://unused", kafka="unused:9092", max_bodies_bytes=LIMIT, max_body_seconds=0.01
    )
    app = service.build("router", settings, Subscriptions(), [router]).app
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    body = b'{"name": "' + b"x" * (LIMIT - 100) + b'", "rows": []}'
    async with httpx.AsyncClient(transport=transport, base_url="http://sluice.test") as client:
        never = opened_by_and_by(body, asyncio.Event(), asyncio.Event())
        given_up = await client.post("/v3/things", content=never)
        assert (given_up.status_code, given_up.headers["connection"]) == (408, "close")
        assert (await client.post("/v3/things", content=body)).status_code == 200


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 60_000)), max_size=40))
def test_a_request_that_is_alone_or_small_always_has_room_and_large_ones_together_never_have_too_much(
    steps: list[tuple[int, int]],
) -> None:
    bodies, own = Room(100_000), dict.fromkeys(range(5), 0)
    for request, more in steps:
        others = sum(own.values()) - own[request]
        try:
            bodies.take(more, own[request])
        except problems.Refused:
            assert others > 0
            assert others + own[request] + more > 100_000
            assert own[request] + more > room.SMALL
            bodies.leave(own[request])
            own[request] = 0
        else:
            own[request] += more
            assert not others or bodies.taken <= 100_000 or own[request] <= room.SMALL
        assert bodies.taken == sum(own.values())
