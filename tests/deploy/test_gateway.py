"""The gateway: one address, and every request reaches the service that has its route, as it was sent."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.local import gateway, ports
from deploy.local.gateway import Backend, Gateway
from deploy.local.services import SERVICES

EVERY_METHOD = ["GET", "PUT", "POST", "PATCH", "DELETE"]


async def echo(request: Request) -> Response:
    """Answers what has arrived; packed when asked for."""
    if request.url.path.startswith("/ecommerce/v3/inventory"):
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return JSONResponse("plain")
        return Response(gzip.compress(b'"packed"'), headers={"content-encoding": "gzip"}, media_type="application/json")
    if "wait" in request.query_params:
        while not await request.is_disconnected():
            await asyncio.sleep(0.01)
    arrived = {
        "method": request.method,
        "path": request.url.path,
        "query": request.url.query,
        "body": (await request.body()).decode(),
        "from": request.headers.get("x-forwarded-for"),
        "authorization": request.headers.get("authorization"),
    }
    return JSONResponse(arrived, 207, {"etag": '"7"'})


@pytest.fixture(scope="module")
async def upstream() -> AsyncIterator[str]:
    """A server that stands where a service would."""
    port = ports.free_port()
    app = Starlette(routes=[Route("/{path:path}", echo, methods=EVERY_METHOD)])
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://{ports.LOOPBACK}:{port}"
    server.should_exit = True
    await serving


@pytest.fixture
async def client(upstream: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway whose router is away, and whose other services are the upstream."""
    away = f"http://{ports.LOOPBACK}:{ports.free_port()}"
    gateway = Gateway([Backend(s.described(), away if s.name == "router" else upstream) for s in SERVICES])
    gateway.ready = True
    transport = httpx.ASGITransport(gateway, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://sluice") as client:
        yield client
    await gateway.close()


async def test_a_request_is_passed_on_as_it_was_sent(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v2/orders?a=1&b=%C3%A4", content=b"{}", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer.headers["etag"]) == (207, '"7"')
    assert answer.json() == {
        "method": "PUT",
        "path": "/v2/orders",
        "query": "a=1&b=%C3%A4",
        "body": "{}",
        "from": "192.0.2.7",
        "authorization": "Bearer x",
    }


async def test_a_packed_answer_arrives_packed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ecommerce/v3/inventory", headers={"Accept-Encoding": "gzip"})
    assert (answer.headers["content-encoding"], answer.json()) == ("gzip", "packed")


async def test_a_client_that_asks_for_nothing_packed_gets_nothing_packed(client: httpx.AsyncClient) -> None:
    del client.headers["accept-encoding"]
    answer = await client.get("/ecommerce/v3/inventory")
    assert ("content-encoding" in answer.headers, answer.json()) == (False, "plain")


@pytest.mark.parametrize("path", ["/ecommerce/v3/shipments", "/v3/orders/A-1/routing/", "/ecommerce/v3/shipments/7"])
async def test_a_service_that_is_away_is_503_and_worth_another_try(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["message"]) == (503, "The service router does not answer")
    assert answer.headers["retry-after"] == "2"


async def test_an_address_nobody_serves_is_404_in_the_shape_of_errors(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.json()["error"] == "Not Found"


async def test_it_is_ready_only_when_every_service_is(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).status_code == 200
    assert (await client.get("/readyz")).status_code == 503


async def test_the_documents_describe_every_service_and_load_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    assert {"/v2/orders", "/ecommerce/v3/shipments", "/auth/token", "/ecommerce/v3/inventory"} <= described[
        "paths"
    ].keys()
    assert (await client.get("/asyncapi.json")).json()["channels"].keys() >= {"order-intake.order-placed.v1"}
    for page in ("/docs", "/asyncapi"):
        shown = await client.get(page)
        assert shown.status_code == 200
        assert "https://" not in shown.text
    assert (await client.get("/docs-files/swagger-ui-bundle.js")).status_code == 200


async def test_those_who_wait_for_events_take_no_connection_from_those_who_bring_orders(
    upstream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "POOLS", 1)
    monkeypatch.setattr(gateway, "CONNECTIONS", 1)
    monkeypatch.setattr(gateway, "ROOM_S", 0.01)
    opened = Gateway([Backend(service.described(), upstream) for service in SERVICES])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(opened), base_url="http://sluice") as client:
        paths = [f"{path}?wait=30" for path in ("/v3/events", "/ecommerce/v3/events/", "/ecommerce/v3/events/stream")]
        waiting = [asyncio.create_task(client.get(path)) for path in paths]
        assert (await asyncio.wait_for(client.put("/v2/orders", content=b"{}"), 10)).status_code == 207
        assert not any(one.done() for one in waiting)
        for one in waiting:
            one.cancel()
        await asyncio.wait(waiting)
    await opened.close()
