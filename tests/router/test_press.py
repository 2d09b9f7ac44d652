"""The press: one process beside the service, which may die, dawdle or have too much to do."""

import asyncio
import gc
import os
import signal
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.papers import press
from router.papers.press import Press
from tests.router import presswork


@pytest.fixture
async def own_press() -> AsyncIterator[Press]:
    """A press that nobody waits for longer than ten seconds."""
    opened = Press(most_waiting=3, longest_s=10.0)
    yield opened
    await opened.stop()


async def test_work_is_done_in_one_other_process(own_press: Press) -> None:
    assert await own_press.make(presswork.shout, b"loud") == b"LOUD"
    first, second = await asyncio.gather(own_press.make(presswork.who), own_press.make(presswork.who))
    assert first == second != str(os.getpid()).encode()


async def test_what_the_work_finds_fault_with_is_told_and_the_process_goes_on(own_press: Press) -> None:
    before = await own_press.make(presswork.who)
    with pytest.raises(ValueError, match="no such thing"):
        await own_press.make(presswork.refuse, "no such thing")
    with pytest.raises(press.Failed):
        await own_press.make(presswork.break_down)
    assert await own_press.make(presswork.print_and_say) == b"signal"
    assert await own_press.make(presswork.who) == before


async def test_a_process_that_was_killed_is_replaced_and_its_work_done_again(own_press: Press, tmp_path: Path) -> None:
    pid = int(await own_press.make(presswork.who))
    os.kill(pid, signal.SIGKILL)
    assert await own_press.make(presswork.shout, b"still here") == b"STILL HERE"
    assert await own_press.make(presswork.die_once, str(tmp_path / "died")) == b"made at last"


async def test_work_that_ends_the_process_each_time_is_given_up(own_press: Press) -> None:
    with pytest.raises(press.Failed):
        await own_press.make(presswork.die)
    assert await own_press.make(presswork.shout, b"next") == b"NEXT"


async def test_work_that_takes_too_long_is_ended_and_the_next_is_done() -> None:
    impatient = Press(longest_s=0.5)
    with pytest.raises(press.Failed, match=r"within 0\.5 s"):
        await impatient.make(presswork.dawdle)
    impatient.longest_s = 10.0
    assert await impatient.make(presswork.shout, b"next") == b"NEXT"
    await impatient.stop()


async def test_no_more_than_so_many_wait(own_press: Press) -> None:
    waiting = [asyncio.create_task(own_press.make(presswork.shout, b"x")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(press.Busy):
        await own_press.make(presswork.shout, b"one too many")
    assert await asyncio.gather(*waiting) == [b"X"] * 3
    assert await own_press.make(presswork.shout, b"again") == b"AGAIN"


async def test_who_gives_up_waiting_does_not_mix_up_the_answers(own_press: Press) -> None:
    given_up = asyncio.create_task(own_press.make(presswork.shout, b"first"))
    second = asyncio.create_task(own_press.make(presswork.shout, b"second"))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await second == b"SECOND"


async def test_a_paper_that_was_made_is_kept_until_others_need_the_room(
    own_press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await own_press.paper("a", presswork.who)
    os.kill(int(first), signal.SIGKILL)
    assert await own_press.paper("a", presswork.who) == first
    monkeypatch.setattr(press, "KEPT_BYTES", len(first) + 1)
    other = await own_press.paper("b", presswork.who)
    assert other != first
    assert await own_press.paper("a", presswork.who) == other


async def test_a_paper_that_cannot_be_made_is_not_tried_again_for_a_while(own_press: Press, tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    for _ in range(2):
        with pytest.raises(press.Failed):
            await own_press.paper("a", presswork.break_down_and_count, str(tries))
    assert tries.read_text() == "x"
    with pytest.raises(press.Failed):
        await own_press.paper("b", presswork.break_down_and_count, str(tries))
    assert tries.read_text() == "xx"
    own_press.again_after_s = 0.0
    for _ in range(2):
        with pytest.raises(press.Failed):
            await own_press.paper("c", presswork.break_down_and_count, str(tries))
    assert tries.read_text() == "xxxx"


async def test_of_a_paper_that_could_not_be_made_nothing_is_kept_but_why(own_press: Press) -> None:
    facts = presswork.Facts()
    kept = weakref.ref(facts)
    for _ in range(2):
        with pytest.raises(press.Failed, match="more than the press can do"):
            await own_press.paper("a", presswork.break_down_over, facts)
    # By then the press's hand has let go of it too.
    await own_press.make(presswork.who)
    del facts
    gc.collect()
    assert kept() is None


async def test_one_organisation_has_a_share_of_the_queue_and_the_others_get_their_turn() -> None:
    shared = Press(most_waiting=3, most_of_one=2, longest_s=10.0)
    waiting = [asyncio.create_task(shared.make(presswork.shout, b"x", asked_by="greedy")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(press.Busy, match="2 papers of yours wait"):
        await shared.make(presswork.shout, b"one more", asked_by="greedy")
    assert await shared.make(presswork.shout, b"modest", asked_by="modest") == b"MODEST"
    assert await asyncio.gather(*waiting) == [b"X"] * 2
    assert await shared.make(presswork.shout, b"again", asked_by="greedy") == b"AGAIN"
    await shared.stop()


async def test_nobody_waits_for_all_that_another_wants(own_press: Press) -> None:
    own_press.most_waiting = 20
    made: list[str] = []

    async def ask(who: str) -> None:
        await own_press.make(presswork.take_a_while, asked_by=who)
        made.append(who)

    greedy = [asyncio.create_task(ask("greedy")) for _ in range(8)]
    await asyncio.sleep(0)
    await asyncio.gather(ask("modest"), ask("humble"))
    assert (made.index("modest"), made.index("humble")) == (2, 3)
    await asyncio.gather(*greedy)
    assert made[4:] == ["greedy"] * 6


async def test_what_waits_for_its_turn_is_refused_when_the_press_stops(own_press: Press) -> None:
    waiting = [asyncio.create_task(own_press.make(presswork.take_a_while, asked_by="one")) for _ in range(3)]
    await asyncio.sleep(0)
    await own_press.stop()
    refused = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in refused[1:]] == [press.Busy] * 2


async def test_a_stopped_press_has_no_process_and_takes_no_work(own_press: Press) -> None:
    pid = int(await own_press.make(presswork.who))
    await own_press.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(press.Busy):
        await own_press.make(presswork.who)
