"""The mails that are to have papers attached, until these are here: in a line of their own, so that a router that is
slow or away holds up no other mail.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from notifier import faults, fetching, papers
from notifier.domain import Patience, Verdict
from notifier.fetching import Fetching
from notifier.papers import Paper, Papers
from notifier.store import ClaimedMail

log = structlog.get_logger()

AT_ONCE = 8
"""The papers of so many mails are asked for at the same time."""
HELD = 100
"""So many mails may wait until they are; what is more comes again."""
AGAIN_S = 2.0
"""After so many seconds."""

WAITS = "waits for its papers"


@dataclass(frozen=True)
class Asked:
    """A mail whose papers are to be asked for before a moment of the loop's clock."""

    mail: ClaimedMail
    until: float


class Enclosing:
    """Fetches papers for mails, and hands these on with what came of it.

    `links_of` says where a mail's papers are. `ready` gets the mail with its papers, and until when its sending may
    begin; `put_off` gets one that is to wait, or was not asked for, and what is to be noted of it. As long as
    `patience` lasts a mail waits for papers that cannot be had now. Nothing more is asked for without `room` for it.
    """

    def __init__(
        self,
        fetcher: Fetching,
        patience: Patience,
        links_of: Callable[[ClaimedMail], Mapping[Paper, str]],
        ready: Callable[[ClaimedMail, Papers, float], None],
        put_off: Callable[[ClaimedMail, Verdict], None],
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

    def take(self, mail: ClaimedMail, until: float) -> None:
        """Take a mail, to be handed on or put off."""
        if len(self._waiting) >= HELD:
            self._come_again(mail)
            return
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
                self._come_again(asked.mail)
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
        try:
            found = await self._fetcher.fetch(self._links_of(mail))
        except fetching.NotNow as error:
            why = str(error)
        except Exception as error:
            log.error("papers failed", **faults.of(error))  # noqa: TRY400 - see faults
            why = "they cannot be fetched"
        self._asking.pop(mail.id)
        pause_s = papers.asked_again_s(mail.attempts, mail.tried_s, self._patience) if why else None
        if pause_s is not None:
            self._put_off(mail, Verdict("pending", mail.reached, f"{WAITS}: {why}", pause_s))
            return
        self._ready(mail, found, asked.until + fetching.FETCH_S)

    def _come_again(self, mail: ClaimedMail) -> None:
        self._put_off(mail, Verdict("pending", mail.reached, WAITS, AGAIN_S, tried=False))
