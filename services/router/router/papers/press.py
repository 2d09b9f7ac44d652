"""Where papers are made: in one process beside the service, one after the other, off the event loop.

The process is started when the first paper is asked for, and replaced when it dies or takes too long. What was made is
kept for a while in memory: a paper that is gone is made again, to the last byte the same.
"""

import asyncio
import subprocess
import sys
import threading
import time
from collections import Counter as Tally
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVarTuple

import structlog
from prometheus_client import Counter, Histogram

from router.papers import worker
from shared.service import Service

log = structlog.get_logger()

SECONDS = Histogram("sluice_paper_seconds", "How long a paper took to be made, its wait aside", ["paper"])
KEPT = Counter("sluice_papers_kept", "Papers that were asked for again and had been kept")

MOST_WAITING = 100
LONGEST_S = 20.0
"""So many may wait for the press, and so long may one piece of work take."""
MOST_OF_ONE = 25
"""So many of those that wait may be one organisation's, so that there is room for others."""
NEXT_OF_ONE = 2
"""So many of an organisation stand in line with others: one is made, and the next is at hand. The rest waits behind
them, so that nobody waits for all papers of another."""
AGAIN_AFTER_S = 300.0
"""A paper that could not be made is not tried for so long: it would fail again, and hold up the others meanwhile."""
MOST_FAILED = 1_000
"""So many such papers are remembered."""
KEPT_BYTES = 32_000_000
TRIES = 2
"""How often a piece of work is begun; one that ends the process is not to end one after the other."""

Arguments = TypeVarTuple("Arguments")


class Busy(Exception):
    """Too many wait already; whoever asks again later may have more luck."""


class Failed(Exception):
    """The work could not be done, and nobody but us can help it."""


class Press:
    """A part of the service. Its process is started with the first paper that is asked for."""

    def __init__(
        self,
        *,
        most_waiting: int = MOST_WAITING,
        most_of_one: int = MOST_OF_ONE,
        longest_s: float = LONGEST_S,
        again_after_s: float = AGAIN_AFTER_S,
    ) -> None:
        self.most_waiting = most_waiting
        self.most_of_one = most_of_one
        self.longest_s = longest_s
        self.again_after_s = again_after_s
        self._hand: ThreadPoolExecutor | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: Tally[str] = Tally()
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._stopping = False
        self._failed: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0

    async def start(self, service: Service) -> None:
        """Be ready; nothing is started before it is needed."""
        self._stopping = False

    async def stop(self) -> None:
        """Finish the work in hand, refuse what waits, and end the process."""
        self._stopping = True
        hand, self._hand = self._hand, None
        if hand is not None:
            await asyncio.to_thread(hand.shutdown)
            await asyncio.to_thread(self._end)

    async def paper(
        self, name: str, function: Callable[[*Arguments], bytes], *args: *Arguments, asked_by: str = ""
    ) -> bytes:
        """The paper of this name: kept, or made by the function. Raises as `make` does.

        One that could not be made fails again at once for a while.
        """
        if (kept := self._kept.get(name)) is not None:
            self._kept.move_to_end(name)
            KEPT.inc()
            return kept
        if (why := self._failure(name)) is not None:
            raise Failed(why)
        try:
            made = await self.make(function, *args, asked_by=asked_by)
        except Failed as error:
            self._failed.pop(name, None)
            # The text alone: the exception would hold on to all that the paper was to be made of.
            self._failed[name] = (time.monotonic() + self.again_after_s, str(error))
            if len(self._failed) > MOST_FAILED:
                self._failed.popitem(last=False)
            raise
        if name not in self._kept and len(made) <= KEPT_BYTES:
            self._kept[name] = made
            self._kept_bytes += len(made)
        while self._kept_bytes > KEPT_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest)
        return made

    def _failure(self, name: str) -> str | None:
        """Why a paper could not be made, if that is not long ago; forgets those that are."""
        now = time.monotonic()
        while self._failed and next(iter(self._failed.values()))[0] <= now:
            self._failed.popitem(last=False)
        until, why = self._failed.get(name, (now, None))
        return why if now < until else None

    async def make(self, function: Callable[[*Arguments], bytes], *args: *Arguments, asked_by: str = "") -> bytes:
        """What a function at the top of a module makes, in the other process, for an organisation, "" for none.

        Raises Busy, Failed, or the ValueError that the function raised.
        """
        if self._waiting.total() >= self.most_waiting:
            raise Busy(f"{self._waiting.total()} papers wait to be made")
        if asked_by and self._waiting[asked_by] >= self.most_of_one:
            raise Busy(f"{self._waiting[asked_by]} papers of yours wait to be made")
        self._waiting[asked_by] += 1
        turn = self._turns.setdefault(asked_by, asyncio.Semaphore(NEXT_OF_ONE))
        try:
            async with turn:
                return await self._handed_over(function.__name__, worker.piece((function, args)))
        finally:
            self._waiting[asked_by] -= 1
            if not self._waiting[asked_by]:
                del self._waiting[asked_by], self._turns[asked_by]

    async def _handed_over(self, paper: str, work: bytes) -> bytes:
        if self._stopping:
            raise _about_to_stop()
        if self._hand is None:
            # One thread, so that the process has one piece of work at a time, also when somebody does not wait for it.
            self._hand = ThreadPoolExecutor(1, thread_name_prefix="press")
        return await asyncio.get_running_loop().run_in_executor(self._hand, self._made, paper, work)

    def _made(self, paper: str, work: bytes) -> bytes:
        if self._stopping:
            raise _about_to_stop()
        for _ in range(TRIES):
            try:
                with SECONDS.labels(paper).time():
                    answer = self._answer(work)
            except TimeoutError:
                self._end()
                raise Failed(f"it was not ready within {self.longest_s:g} s") from None
            except (OSError, EOFError) as error:
                log.warning("the press has died and is replaced", error=str(error))
                self._end()
                continue
            if isinstance(answer, ValueError):
                raise answer
            if not isinstance(answer, bytes):
                log.error("a paper cannot be made", paper=paper, error=str(answer))
                raise Failed("it is more than the press can do")
            return answer
        raise Failed("the press died of it again and again")

    def _answer(self, work: bytes) -> object:
        """What the process answers to a piece of work. Raises EOFError or OSError when it dies of it."""
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-m", worker.__name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        process = self._process
        to, back = process.stdin, process.stdout
        assert to is not None
        assert back is not None
        too_late = threading.Event()

        def give_up() -> None:
            too_late.set()
            process.kill()

        timer = threading.Timer(self.longest_s, give_up)
        timer.start()
        try:
            to.write(work)
            to.flush()
            return worker.heard(back)
        except (OSError, EOFError):
            if too_late.is_set():
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _about_to_stop() -> Busy:
    return Busy("the service is about to stop")


def of(service: Service) -> Press:
    """The press of a service."""
    return next(part for part in service.parts if isinstance(part, Press))
