"""What becomes of claimed mails, written into the database by and by: all that came meanwhile in one transaction."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from notifier import carrying, domain, faults, refusals, store
from notifier.domain import Patience
from notifier.feed import store as feed
from notifier.store import ClaimedMail, PutOff, Tried
from shared import failpoints, postgres
from shared.postgres import Database

log = structlog.get_logger()

UNREACHABLE = "the mail server cannot be reached"
RETRY = Patience(first_s=0.5, longest_s=30.0, whole_s=0.0)


class Notebook:
    """Notes tries and gives back mails, one transaction after the other without a pause, `noted` called after each.

    It goes on however long the database is away, as long as the mails are ours: `lease_s` from when it was told.
    """

    def __init__(self, database: Database, lease_s: float, noted: Callable[[], None]) -> None:
        self._database = database
        self._lease_s = lease_s
        self._noted = noted
        self._tried: list[Tried] = []
        self._being_noted = 0
        self._put_off: list[PutOff] = []
        self._returned: list[ClaimedMail] = []
        self._untouched: list[ClaimedMail] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def open(self) -> int:
        """How many tries are not noted yet. What was only put off may be taken again as often as one likes."""
        return len(self._tried) + self._being_noted

    def note(self, tried: Tried) -> None:
        """Note what became of a try."""
        self._tried.append(tried)
        self._write()

    def put_off(self, wait: PutOff) -> None:
        """Note that a mail is to wait for its papers."""
        self._put_off.append(wait)
        self._write()

    def give_back(self, mails: Sequence[ClaimedMail], *, unreachable: bool) -> None:
        """Give back mails that were not tried: because the server cannot be reached, or for lack of time."""
        (self._returned if unreachable else self._untouched).extend(mails)
        self._write()

    async def close(self) -> None:
        """Return once all is written."""
        if self._task is not None:
            await self._task

    def _write(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all(), name="notebook")

    async def _write_all(self) -> None:
        while self._tried or self._put_off or self._returned or self._untouched:
            tried, waits, returned, untouched = self._tried, self._put_off, self._returned, self._untouched
            self._tried, self._put_off, self._returned, self._untouched = [], [], [], []
            self._being_noted = len(tried)
            try:
                await self._write_down(tried, waits, returned, untouched)
            except Exception as error:
                # They come again when their leases end; those that follow are not to wait for that.
                log.error("mails not noted", mails=len(tried), **faults.of(error))  # noqa: TRY400 - see faults
            finally:
                self._being_noted = 0
            self._noted()

    async def _write_down(
        self,
        tried: Sequence[Tried],
        waits: Sequence[PutOff],
        returned: Sequence[ClaimedMail],
        untouched: Sequence[ClaimedMail],
    ) -> None:
        clock, tries = asyncio.get_running_loop().time, 0
        lost_at = clock() + self._lease_s
        while clock() < lost_at:
            try:
                async with self._database.transaction() as tx:
                    noted: set[int] = set()
                    if tried:
                        failpoints.reach("sender.before-note")
                        noted = await store.note_tries(tx, tried)
                        if carried := [
                            one for told in tried if told.mail.id in noted for one in carrying.settled(told)
                        ]:
                            await store.note_carried(tx, carried)
                    if waits:
                        await store.put_off(tx, waits)
                    if returned:
                        await store.give_back(tx, returned, UNREACHABLE)
                    if untouched:
                        await store.give_back(tx, untouched, None)
                    # Of a mail whose lease had ended another sender tells.
                    if refused := [one for one in tried if one.mail.id in noted and refusals.is_refused(one)]:
                        await feed.save_events(tx, refusals.told_of(refused, await tx.now()))
                if tried:
                    failpoints.reach("sender.after-note")
                return
            except postgres.TROUBLE as error:
                tries += 1
                log.warning("mails cannot be noted", **faults.of(error))
                await asyncio.sleep(domain.pause_after(tries, RETRY))
