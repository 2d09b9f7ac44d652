"""Concurrent requests share one transaction, and none of them pays for another's fault."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import asyncpg
import pytest

from order_intake import placing
from order_intake.gathering import Gathering
from order_intake.placing import NewOrder, Placement
from shared import problems
from shared.postgres import Database
from tests.order_intake.orders import document, new_order


class Writing:
    """Writes numbers when it is let, and keeps the batches; what is in `faults` fails."""

    def __init__(self, faults: dict[int, Exception] | None = None) -> None:
        self.batches: list[list[int]] = []
        self.faults = faults or {}
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        """Answer each number with ten times itself."""
        self.batches.append(list(items))
        await self.may.wait()
        for item in items:
            if item in self.faults:
                raise self.faults[item]
        return [item * 10 for item in items]


async def started(*requests: asyncio.Task[int]) -> None:
    """Let requests get as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_arrives_while_one_is_written_goes_together_into_the_next() -> None:
    writing = Writing()
    gathering = Gathering(writing, 100)
    writing.may.clear()
    first = asyncio.create_task(gathering.join(1))
    await started(first)
    others = [asyncio.create_task(gathering.join(item)) for item in (2, 3, 4)]
    await started(*others)
    writing.may.set()
    assert await asyncio.gather(first, *others) == [10, 20, 30, 40]
    assert writing.batches == [[1], [2, 3, 4]]


async def test_a_request_that_goes_away_leaves_the_others_alone() -> None:
    writing = Writing()
    gathering = Gathering(writing, 100)
    writing.may.clear()
    first = asyncio.create_task(gathering.join(1))
    await started(first)
    gone, stays = asyncio.create_task(gathering.join(2)), asyncio.create_task(gathering.join(3))
    await started(gone, stays)
    first.cancel()
    gone.cancel()
    await started()
    writing.may.set()
    await started(stays)
    assert stays.done()
    assert stays.result() == 30
    assert writing.batches == [[1], [3]]
    assert await gathering.join(5) == 50


async def test_a_request_that_goes_away_while_the_database_fails_leaves_the_others_their_answer() -> None:
    writing = Writing({1: ConnectionResetError()})
    gathering = Gathering(writing, 100)
    writing.may.clear()
    gone, stays = asyncio.create_task(gathering.join(1)), asyncio.create_task(gathering.join(2))
    await started(gone, stays)
    gone.cancel()
    await started()
    writing.may.set()
    await started(stays)
    assert stays.done()
    assert isinstance(stays.exception(), problems.Refused)


async def test_one_item_that_cannot_be_written_does_not_spoil_the_others() -> None:
    writing = Writing({2: ValueError("not a number")})
    answers = await asyncio.gather(*map(Gathering(writing, 100).join, (1, 2, 3)), return_exceptions=True)
    assert answers[::2] == [10, 30]
    assert isinstance(answers[1], ValueError)


@pytest.mark.parametrize(
    "error", [ConnectionResetError(), TimeoutError(), asyncpg.DeadlockDetectedError("x"), asyncpg.DiskFullError("x")]
)
async def test_a_failing_database_sends_all_away_to_come_again(error: Exception) -> None:
    writing = Writing({2: error})
    answers = await asyncio.gather(*map(Gathering(writing, 100).join, (1, 2, 3)), return_exceptions=True)
    assert writing.batches == [[1, 2, 3]]
    for answer in answers:
        assert isinstance(answer, problems.Refused)
        assert answer.status == 503
        assert "Retry-After" in answer.headers


async def test_no_more_than_a_bounded_number_waits() -> None:
    writing = Writing()
    gathering = Gathering(writing, 2)
    writing.may.clear()
    first = asyncio.create_task(gathering.join(1))
    await started(first)
    others = [asyncio.create_task(gathering.join(item)) for item in (2, 3)]
    await started(*others)
    one_too_many = asyncio.create_task(gathering.join(4))
    await started(one_too_many)
    assert one_too_many.done()
    refusal = one_too_many.exception()
    assert isinstance(refusal, problems.Refused)
    assert refusal.status == 503
    writing.may.set()
    assert await asyncio.gather(first, *others) == [10, 20, 30]


async def test_an_order_the_database_refuses_does_not_spoil_its_neighbours(book: Database) -> None:
    async def place(asked: Sequence[NewOrder]) -> list[Placement]:
        return await placing.place_orders(book, asked)

    asked = [new_order(document(f"A-{number}")) for number in range(4)]
    rows = tuple(row.model_copy(update={"quantity": Decimal(0)}) for row in asked[2].placed.rows)
    asked[2] = NewOrder(asked[2].placed.model_copy(update={"rows": rows}), asked[2].posted)
    answers = await asyncio.gather(*map(Gathering(place, 100).join, asked), return_exceptions=True)
    assert isinstance(answers[2], asyncpg.CheckViolationError)
    assert [answer.outcome for answer in answers if isinstance(answer, Placement)] == ["new"] * 3
    async with book.transaction() as tx:
        stored = await tx.fetch("SELECT external_id FROM orders ORDER BY 1")
    assert [row["external_id"] for row in stored] == ["A-0", "A-1", "A-3"]
