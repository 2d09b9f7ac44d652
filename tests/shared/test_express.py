"""A lane past the framework answers what the framework would: the same body, the same errors, the same bounds."""

from collections.abc import AsyncIterator
from typing import Annotated

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, Depends, Request, Response

from shared import auth, edge, problems, service
from shared.express import Lane
from shared.postgres import Database
from shared.settings import ServiceSettings
from shared.subscriptions import Subscriptions
from shared.wire import WireModel
from tests import builders

LIMIT = 2_000
signer, other_signer = builders.Signer(), builders.Signer()
router = APIRouter()
retailer = auth.caller_with("retailer")


class Body(WireModel):
    """A body."""

    name: str


@router.put("/v2/things")
async def put_thing(request: Request, caller: Annotated[auth.Caller, Depends(retailer)]) -> Response:
    """Say who said what, or fail as the body wants it."""
    body = Body.model_validate_json(await edge.read_body(request))
    if body.name == "conflict":
        raise problems.conflict("There is another")
    if body.name == "away":
        raise asyncpg.CannotConnectNowError("starting")
    if body.name == "crash":
        raise ZeroDivisionError("a secret of the inside")
    return Response(f"{caller.organisation}: {body.name}", media_type="text/plain")


async def opened(house: Database, signer: builders.Signer, *lanes: Lane) -> AsyncIterator[httpx.AsyncClient]:
    settings = ServiceSettings(
        database="postgresql://unused", kafka="unused:9092", max_body_bytes=LIMIT, max_bodies_bytes=LIMIT
    )
    built = service.build("router", settings, Subscriptions(), [router], lanes=lanes)
    async with builders.client_of(built, house, signer) as client:
        yield client


@pytest.fixture
async def in_the_lane(house: Database) -> AsyncIterator[httpx.AsyncClient]:
    async for client in opened(house, signer, Lane("PUT", "/v2/things", retailer, put_thing)):
        yield client


@pytest.fixture
async def through_the_framework(house: Database) -> AsyncIterator[httpx.AsyncClient]:
    async for client in opened(house, other_signer):
        yield client


GOOD = b'{"name": "boots"}'


@pytest.mark.parametrize(
    ("role", "body", "status"),
    [
        ("retailer", GOOD, 200),
        ("retailer", b'{"name": "conflict"}', 409),
        ("retailer", b'{"name": "away"}', 503),
        ("retailer", b'{"name": "crash"}', 500),
        ("retailer", b'{"name": 7}', 400),
        ("retailer", b"{", 400),
        ("retailer", b"", 400),
        ("retailer", b'{"name": "' + b"x" * LIMIT + b'"}', 413),
        ("supplier", GOOD, 403),
        (None, GOOD, 401),
    ],
    ids=["good", "conflict", "away", "crash", "wrong", "no json", "empty", "large", "other role", "nobody"],
)
async def test_a_lane_answers_what_the_framework_would(
    in_the_lane: httpx.AsyncClient,
    through_the_framework: httpx.AsyncClient,
    role: str | None,
    body: bytes,
    status: int,
) -> None:
    headers = {} if role is None else {"Authorization": f"Bearer {signer.token('2345678-9', role)}"}
    answers = [
        await client.put("/v2/things", content=body, headers=headers) for client in (in_the_lane, through_the_framework)
    ]
    assert [answer.status_code for answer in answers] == [status, status]
    if status == 200:
        assert {answer.text for answer in answers} == {"2345678-9: boots"}
    else:
        said = [{**answer.json(), "timestamp": None} for answer in answers]
        assert said[0] == said[1]
    named = [{name for name in answer.headers if name != "vary"} for answer in answers]
    # Where the framework is beaten itself, its answer has lost the request's name.
    assert named[0] - {"x-request-id"} == named[1] - {"x-request-id"}


@pytest.mark.parametrize("address", ["/v2/things/", "/ecommerce/v2/things", "/v2/things?"])
async def test_other_spellings_of_its_address_are_served_too(in_the_lane: httpx.AsyncClient, address: str) -> None:
    headers = {"Authorization": f"Bearer {signer.token('2345678-9', 'retailer')}"}
    assert (await in_the_lane.put(address, content=GOOD, headers=headers)).status_code == 200


async def test_a_lane_is_one_method_only(in_the_lane: httpx.AsyncClient) -> None:
    assert (await in_the_lane.get("/v2/things")).status_code == 405
