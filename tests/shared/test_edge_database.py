"""What a client is told when PostgreSQL says no."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, Request

from shared import outbox, parked, service
from shared.contracts import OrganisationChanged
from shared.inbox import Inbox
from shared.postgres import Database
from shared.settings import ServiceSettings
from shared.subscriptions import Subscriptions
from tests import builders
from tests.builders import Record, Signer
from tests.shared.echo import echo

router = APIRouter()


@router.get("/v2/failures/{code}")
async def fail(request: Request, code: str) -> None:
    """Fail as PostgreSQL does."""
    async with request.app.state.database.transaction() as tx:
        await tx.execute(f"DO $$ BEGIN RAISE 'said' USING ERRCODE = '{code}', DETAIL = upper('aino'); END $$")


@router.get("/v2/numbers/{number}")
async def number(request: Request, number: int) -> int:
    """Ask with a number."""
    async with request.app.state.database.transaction() as tx:
        found: int = await tx.fetch_value("SELECT $1::bigint", number)
        return found


@router.post("/v2/texts")
async def text(request: Request) -> str:
    """Ask with the text of a body."""
    async with request.app.state.database.transaction() as tx:
        found: str = await tx.fetch_value("SELECT $1::text", (await request.json())["text"])
        return found


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
async def client(house: Database, database: str, signer: Signer) -> AsyncIterator[httpx.AsyncClient]:
    settings = ServiceSettings(database=database, kafka="unused:9092")
    async with builders.client_of(
        service.build("router", settings, Subscriptions(), [router]), house, signer
    ) as opened:
        yield opened


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03", "57014"])
async def test_who_met_others_in_the_way_is_asked_to_come_again(client: httpx.AsyncClient, code: str) -> None:
    answer = await client.get(f"/v2/failures/{code}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["message"] == "The database is busy; send it again"


@pytest.mark.parametrize("asked", [2**63, -(2**63) - 1, 10**30])
async def test_a_number_out_of_range_is_a_bad_request(client: httpx.AsyncClient, asked: int) -> None:
    answer = await client.get(f"/v2/numbers/{asked}")
    assert answer.status_code == 400
    assert "out of range" in answer.json()["message"]


async def test_a_body_with_a_nul_is_a_bad_request(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v2/texts", json={"text": "a\x00b"})
    assert answer.status_code == 400
    assert "cannot be stored" in answer.json()["message"]


@pytest.mark.parametrize("code", ["22003", "23514", "40001"])
async def test_neither_answer_nor_log_repeats_the_detail(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    answer = await client.get(f"/v2/failures/{code}")
    logged = capsys.readouterr().out
    assert f"SQLSTATE {code}" in logged
    assert "): said" in logged
    assert "AINO" not in logged + answer.text


async def test_a_record_without_a_value_is_refused_to_who_sends_it_again(
    client: httpx.AsyncClient, house: Database, signer: Signer
) -> None:
    identity = (outbox.MESSAGE_ID, str(uuid4()).encode())
    await Inbox("router", house, OrganisationChanged, echo).take(
        [Record(OrganisationChanged.topic, 0, b"k", None, [identity])]
    )
    operator = signer.headers("1234567-1", "operator")
    (listed,) = (await client.get("/operations/router/parked", headers=operator)).json()
    answer = await client.post("/operations/router/parked/send", headers=operator, json={"ids": [listed["id"]]})
    assert answer.status_code == 400
    assert "has no value to send again" in answer.json()["message"]
    async with house.transaction() as tx:
        assert len(await parked.parked(tx)) == 1


async def test_a_parked_message_has_an_id_that_postgresql_can_hold(client: httpx.AsyncClient, signer: Signer) -> None:
    operator, address = signer.headers("1234567-1", "operator"), "/operations/router/parked"
    for parked_id in (0, 2**63):
        answers = [
            await client.get(f"{address}/{parked_id}", headers=operator),
            await client.post(f"{address}/send", headers=operator, json={"ids": [parked_id]}),
            await client.post(f"{address}/discard", headers=operator, json={"ids": [parked_id]}),
        ]
        assert [answer.status_code for answer in answers] == [400] * 3
        assert all(answer.json()["errors"] for answer in answers)
    assert (await client.get(address, headers=operator, params={"after": 2**63})).status_code == 400
    assert (await client.get(f"{address}/{2**63 - 1}", headers=operator)).status_code == 404
