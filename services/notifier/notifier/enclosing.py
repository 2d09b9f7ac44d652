"""The mails that are to have papers attached, until these are here: in a line of their own, so that a router that is
slow or away holds up no other mail.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from notifier import faults, fetching, papers
from notifier.domain import Patience
from notifier.fetching import Fetching
from notifier.papers import Paper, Papers
from notifier.store import ClaimedMail, PutOff

log = structlog.get_logger()

AT_ONCE = 8
"""The papers of so many mails are asked for at the same time."""
HELD = 100
"""While so many mails wait until they are, the line is full."""
AGAIN_S = 2.0
"""What was not asked for in time comes again after so many seconds."""

WAITS = "waits for its papers"


@dataclass(frozen=True)
class Asked:
    """A mail whose papers are to be asked for before a moment of the loop's clock."""

    mail: ClaimedMail
    until: float


class Enclosing:
    """Fetches papers for mails, and hands these on with what came of it.

    `links_of` says where a mail's papers are. `ready` gets the mail with its papers, and until when its sending may
    begin; `put_off` gets one that is to wait, or was not asked for. As long as `patience` lasts a mail waits for papers
    that cannot be had now, and then it asks a last time. Nothing more is asked for without `room` for it.
    """

    def __init__(
        self,
        fetcher: Fetching,
        patience: Patience,
        links_of: Callable[[ClaimedMail], Mapping[Paper, str]],
        ready: Callable[[ClaimedMail, Papers, float], None],
        put_off: Callable[[PutOff], None],
        room: Callable[[], bool],
    ) -> None:
        self._fetcher = fetcher
        self._patience = patience
        self._links_of = links_of
        self._ready = ready
        self._put_off = put_off
        self._room = room
        self._waiting: deque[Asked] = deque()
        self._asking: dict[int, ClaimedMail] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether there is any mail here."""
        return bool(self._waiting or self._asking)

    @property
    def full(self) -> bool:
        """Whether there are mails enough here, so that no more are to be claimed."""
        return len(self._waiting) >= HELD

    def take(self, mail: ClaimedMail, until: float) -> None:
        """Take a mail, to be handed on or put off."""
        self._waiting.append(Asked(mail, until))
        self.go_on()

    async def stop(self) -> list[ClaimedMail]:
        """Ask for nothing more, and give back the mails that were here."""
        held = [*(asked.mail for asked in self._waiting), *self._asking.values()]
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._asking.clear()
        await self._fetcher.close()
        return held

    def go_on(self) -> None:
        """Ask for the papers of the mails whose turn it is."""
        clock = asyncio.get_running_loop().time
        while self._waiting and len(self._tasks) < AT_ONCE and self._room():
            asked = self._waiting.popleft()
            if asked.until < clock():
                self._put_off(PutOff(asked.mail, WAITS, AGAIN_S))
                continue
            self._asking[asked.mail.id] = asked.mail
            task = asyncio.create_task(self._ask(asked), name=f"papers-{asked.mail.id}")
            self._tasks.add(task)
            task.add_done_callback(self._asked)

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.go_on()

    async def _ask(self, asked: Asked) -> None:
        mail, found, why = asked.mail, papers.MISSING, ""
        pause_s = papers.asked_again_s(mail.waited_s, self._patience)
        try:
            found = await self._fetcher.fetch(self._links_of(mail), last=pause_s is None)
        except fetching.NotNow as error:
            why = str(error)
        except Exception as error:
            log.error("papers failed", **faults.of(error))  # noqa: TRY400 - see faults
            why = "they cannot be fetched"
        self._asking.pop(mail.id)
        if why and pause_s is not None:
            log.info("mail waits for its papers", shipment_id=str(mail.shipment_id), why=why)
            self._put_off(PutOff(mail, f"{WAITS}: {why}", pause_s))
            return
        self._ready(mail, found, asked.until + fetching.FETCH_S)
