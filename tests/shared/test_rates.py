"""One key's broken loop must not take a service from all others."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends
from hypothesis import given
from hypothesis import strategies as st

from shared import auth, rates, service
from shared.postgres import Database
from shared.rates import Rates
from shared.settings import ServiceSettings
from shared.subscriptions import Subscriptions
from tests import builders
from tests.builders import Signer

router = APIRouter()


@router.get("/who")
async def who(caller: Annotated[auth.Caller, Depends(auth.caller_with("supplier"))]) -> str:
    """Say who is asking."""
    return caller.account


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_key_may_send_its_burst_at_once_and_then_has_to_wait(clock: Clock) -> None:
    bounded = Rates(10, 5, clock)
    assert [bounded.wait("a") for _ in range(5)] == [0.0] * 5
    assert bounded.wait("a") == pytest.approx(0.1)


def test_who_waits_as_long_as_told_may_go_on(clock: Clock) -> None:
    bounded = Rates(10, 5, clock)
    for _ in range(100):
        while wait := bounded.wait("a"):
            clock.now += wait
    assert clock.now == pytest.approx(1_000 + (100 - 5) / 10)


def test_one_key_does_not_wait_for_another(clock: Clock) -> None:
    bounded = Rates(1, 1, clock)
    assert (bounded.wait("a"), bounded.wait("b")) == (0.0, 0.0)
    assert bounded.wait("a") > 0


def test_what_is_refused_costs_nothing(clock: Clock) -> None:
    bounded = Rates(1, 1, clock)
    bounded.wait("a")
    assert {bounded.wait("a") for _ in range(100)} == {1.0}


def test_no_bound_is_no_bound(clock: Clock) -> None:
    unbounded = Rates(0, 1, clock)
    assert not any(unbounded.wait("a") for _ in range(10_000))


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 20), st.integers(1, 20))
def test_in_any_time_a_key_gets_its_burst_and_what_has_flowed_in_since(
    pauses: list[float], per_second: int, burst: int
) -> None:
    clock = Clock()
    bounded = Rates(per_second, burst, clock)
    taken = 0
    for pause in pauses:
        clock.now += pause
        taken += not bounded.wait("a")
        assert taken <= burst + (clock.now - 1_000) * per_second + 1e-2


def test_keys_that_have_long_been_quiet_are_forgotten(clock: Clock) -> None:
    bounded = Rates(1, 10, clock)
    for number in range(rates.KEPT):
        bounded.wait(str(number))
    clock.now += 60
    bounded.wait("one more")
    assert len(bounded._full_at) == 1


@asynccontextmanager
async def served(house: Database, signer: Signer, **bounds: float) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with these settings."""
    settings = ServiceSettings(database="postgresql://unused", kafka="unused:9092", **bounds)  # type: ignore[arg-type]
    async with builders.client_of(
        service.build("router", settings, Subscriptions(), [router]), house, signer
    ) as opened:
        yield opened


async def test_a_key_over_its_bound_is_told_when_to_come_back_and_others_are_served(house: Database) -> None:
    signer = Signer()
    loud, quiet = signer.headers("2345678-9", "supplier"), signer.headers("1234567-1", "supplier")
    async with served(house, signer, requests_per_second=0.001, requests_burst=3) as client:
        answers = [await client.get("/who", headers=loud) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["error"] == "Too Many Requests"
        assert math.isclose(int(answers[-1].headers["retry-after"]), 1_000, rel_tol=0.1)
        assert (await client.get("/who", headers=quiet)).status_code == 200
        # Who is not known has no bucket to empty, and nobody's is emptied in their name.
        assert (await client.get("/who")).status_code == 401


async def test_the_bound_can_be_taken_away(house: Database) -> None:
    signer = Signer()
    headers = signer.headers("2345678-9", "supplier")
    async with served(house, signer, requests_per_second=0, requests_burst=1) as client:
        answers = await asyncio.gather(*(client.get("/who", headers=headers) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
