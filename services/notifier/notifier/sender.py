"""The running part that sends mails: it takes those that are due, hands them to the mail server, and notes its answer.

Any number of senders share the work: a claim is a row's lease on the database's clock. A mail is sent outside any
transaction, so that those that were accepted by the server but not noted, because the process died in between, are
sent again with the same Message-ID: at most `IN_HAND` for each connection, each to those who have it, which are
several where each recipient gets a mail of its own. A stop that the server does not answer in time repeats one for
each connection, to one recipient. Nothing else sends a mail twice.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from math import inf

import structlog
from prometheus_client import Counter

from notifier import bell, choosing, domain, faults, fetching, outgoing, store
from notifier.domain import Answer, Patience, Verdict
from notifier.enclosing import Enclosing
from notifier.fetching import Fetching
from notifier.letter import Letter
from notifier.notebook import Notebook
from notifier.papers import NOTHING, Papers
from notifier.settings import Settings
from notifier.store import Told
from notifier.writing import Writer
from shared import failpoints, links
from shared.postgres import Database
from shared.service import Service

log = structlog.get_logger()

MAILS = Counter("sluice_mails", "Tries to send a mail, by what became of it", ["outcome"])

IN_HAND = 8
"""How many mails for each connection may be on their way to the server or not noted yet."""
CLAIMED = 25
"""How many mails for each connection may wait for their turn."""

ENCLOSED = 20
"""So many mails with their papers may wait for their turn; each holds some megabytes at worst."""

QUIET = "waits until your quiet hours end"
NOTHING_TO_PRINT = "there are no papers of the parcel any more"

NOT_TRIED = Answer(0, "not tried yet")
UNWRITTEN = Answer(0, "the mail could not be written")

WAIT_S = 30.0
LEASE_S = WAIT_S + fetching.FETCH_S + outgoing.CONNECT_S + 3 * outgoing.SEND_S
LAST_NOTES_S = 2.0
"""How long a stop waits for the database to note what was held when its time was over."""
RECONNECT = Patience(first_s=0.5, longest_s=30.0, whole_s=0.0)


@dataclass(frozen=True)
class Waiting:
    """A claimed mail that may be begun until a moment of the loop's clock: later its lease might end on the way.

    `told` is what a digest tells, `papers` what came of those that are to be attached.
    """

    mail: store.ClaimedMail
    told: Sequence[Told]
    until: float
    papers: Papers = NOTHING


class Sender:
    """Sends what is due until stopped, at most so many mails at a time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.outgoing = outgoing.Outgoing(settings)
        self._writer = Writer(settings, links.signer_of(settings))
        self._patience = settings.patience
        self._enclosing = Enclosing(
            Fetching(settings.router_url or "", min(settings.retry_first_seconds, fetching.FETCH_S)),
            settings.patience_with_papers,
            self._writer.papers_of,
            self._enclosed,
            self._put_off,
            lambda: sum(bool(waiting.papers.attached) for waiting in self._waiting) < ENCLOSED,
        )
        self._database: Database | None = None
        self._notebook: Notebook | None = None
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[Waiting] = deque()
        self._passed_over = False
        self._sending: set[asyncio.Task[None]] = set()
        self._unreachable = 0

    async def start(self, service: Service) -> None:
        """Begin to send, as a part of the service."""
        self.begin(service.database)

    def begin(self, database: Database) -> None:
        """Begin to send the mails in this database."""
        self._database = database
        ours_s = LEASE_S - WAIT_S - fetching.FETCH_S - outgoing.SEND_S
        self._notebook = Notebook(database, ours_s, self._begin_next)
        self._stopping.clear()
        bell.listen(self._woken)
        self._task = asyncio.create_task(self._run(), name="sender")

    async def stop(self) -> None:
        """Take no more mails, give back those not begun, finish those in hand, and take leave of the server."""
        self._stopping.set()
        self._woken.set()
        if self._task is not None:
            await self._task
        if held := await self._enclosing.stop():
            self.notebook.give_back(held, unreachable=False)
        self._give_back_waiting(unreachable=False)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.drain_seconds):
                await self._finish()
        for task in list(self._sending):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(LAST_NOTES_S):
                await self._finish()
        await self.outgoing.close()
        bell.leave(self._woken)
        self._task = self._database = self._notebook = None

    async def _finish(self) -> None:
        if self._sending:
            await asyncio.wait(self._sending)
        if self._notebook is not None:
            await self._notebook.close()

    @property
    def database(self) -> Database:
        """The database whose mails are sent, once begun."""
        if self._database is None:
            raise RuntimeError("the sender is not started")
        return self._database

    @property
    def notebook(self) -> Notebook:
        """Where it is noted what becomes of mails, once begun."""
        if self._notebook is None:
            raise RuntimeError("the sender is not started")
        return self._notebook

    async def _run(self) -> None:
        trouble = 0
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                taken = await self._take_due()
                trouble = 0
                if not taken and not await _wait(self._woken, self.settings.poll_seconds) and not self._sending:
                    await self.outgoing.close()
            except Exception as error:
                # Whatever it was: a sender that ended would hold up every mail from now on.
                trouble += 1
                log.warning("mails held up", **faults.of(error))
                await _wait(self._stopping, domain.pause_after(trouble, RECONNECT))

    async def _take_due(self) -> int:
        most = CLAIMED * self.settings.smtp_connections
        free = most - len(self._waiting)
        if self._unreachable:
            # One mail at a time finds out whether the server is back.
            await _wait(self._stopping, domain.pause_after(self._unreachable, RECONNECT))
            free = 0 if self._sending or self._waiting or self._enclosing.busy else 1
        elif free < most // 2:
            free = 0
        if free == 0 or self._stopping.is_set():
            return 0
        until = asyncio.get_running_loop().time() + WAIT_S
        async with self.database.transaction() as tx:
            self._passed_over = self._enclosing.full
            mails = await store.claim_due(tx, free, LEASE_S, with_papers=not self._passed_over)
            digests = [mail.id for mail in mails if mail.is_digest]
            told = await store.told_by(tx, digests) if digests else {}
        for mail in mails:
            if self._writer.attaches(mail) and not _quiet_s(mail):
                self._enclosing.take(mail, until)
                continue
            carried = told.get(mail.id, ())
            kinds = tuple(dict.fromkeys(one.kind for one in carried))
            self._waiting.append(Waiting(replace(mail, carries=kinds) if kinds else mail, carried, until))
        self._begin_next()
        return len(mails)

    def _enclosed(self, mail: store.ClaimedMail, papers: Papers, until: float) -> None:
        """Let a mail take its turn, with what came of its papers."""
        self._waiting.append(Waiting(mail, (), until, papers))
        self._begin_next()
        self._claim_those_passed_over()

    def _put_off(self, wait: store.PutOff) -> None:
        """Note of a mail that it waits for its papers."""
        self.notebook.put_off(wait)
        self._claim_those_passed_over()

    def _claim_those_passed_over(self) -> None:
        """Ask for more once there is room for mails with papers, if such were left because there was none."""
        if self._passed_over and not self._enclosing.full:
            self._passed_over = False
            self._woken.set()

    def _begin_next(self) -> None:
        """Begin as many mails as may be on their way, and ask for more while half of those claimed are gone."""
        connections, clock = self.settings.smtp_connections, asyncio.get_running_loop().time
        while (
            self._waiting
            and not self._stopping.is_set()
            and len(self._sending) < connections
            and len(self._sending) + self.notebook.open < IN_HAND * connections
        ):
            if self._waiting[0].until < clock():
                self._give_back_waiting(unreachable=False)
                break
            waiting = self._waiting.popleft()
            task = asyncio.create_task(self._deliver(waiting), name=f"mail-{waiting.mail.id}")
            self._sending.add(task)
            task.add_done_callback(self._delivered)
            if len(self._waiting) == CLAIMED * connections // 2:
                self._woken.set()
        if not self._stopping.is_set():
            self._enclosing.go_on()

    def _give_back_waiting(self, *, unreachable: bool) -> None:
        if self._waiting:
            self.notebook.give_back([waiting.mail for waiting in self._waiting], unreachable=unreachable)
            self._waiting.clear()

    def _delivered(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if self._database is not None:
            self._begin_next()
        if not self._sending:
            self._woken.set()

    async def _deliver(self, waiting: Waiting) -> None:
        mail = waiting.mail
        failed_before = self._unreachable
        failpoints.reach("sender.before-send")
        with structlog.contextvars.bound_contextvars(service="notifier", shipment_id=str(mail.shipment_id)):
            try:
                subject, verdict = await self._try(mail, waiting.told, waiting.papers)
            except outgoing.Unreachable as error:
                self._unreachable = failed_before + 1
                MAILS.labels("unreachable").inc()
                log.warning("mail server unreachable", error=str(error))
                self.notebook.give_back([mail], unreachable=True)
                self._give_back_waiting(unreachable=True)
                return
            except Exception as error:
                # A fault in one mail holds up no other: it is tried again, and given up, like one that is refused.
                log.error("mail failed", **faults.of(error))  # noqa: TRY400 - see faults
                subject, verdict = None, self._judge(mail, {"": UNWRITTEN})
            else:
                self._unreachable = 0
            MAILS.labels(verdict.state).inc()
            if verdict.state != "sent" or mail.attempts > 1:
                log.info("mail tried", outcome=verdict.state, attempt=mail.attempts)
            self.notebook.note(store.Tried(mail, subject, verdict))

    async def _try(self, mail: store.ClaimedMail, told: Sequence[Told], papers: Papers) -> tuple[str | None, Verdict]:
        """Send a mail to those who have not got it; return its subject and what becomes of it."""
        missing = [email for email in mail.recipients if email not in mail.reached]
        if not missing or (mail.is_digest and not told):
            return None, Verdict("sent" if mail.reached else "not wanted", mail.reached, "")
        if papers.are_none and choosing.kind_of(mail.kind) == domain.PAPERS:
            return None, Verdict("sent" if mail.reached else "not wanted", mail.reached, NOTHING_TO_PRINT)
        if quiet_s := _quiet_s(mail):
            return None, Verdict("pending", mail.reached, QUIET, quiet_s, tried=False)
        if not self._writer.singly(mail, told):
            written = await self._written(mail, told, mail.recipients, papers, singly=False)
            return written.subject, self._judge(mail, await self.outgoing.send(missing, written.content))
        return await self._try_singly(mail, told, missing, papers)

    async def _written(
        self, mail: store.ClaimedMail, told: Sequence[Told], recipients: Sequence[str], papers: Papers, *, singly: bool
    ) -> Letter:
        """The letter: with papers it is made in a thread, because large ones would hold up everybody else meanwhile."""
        if not papers.attached:
            return self._writer.write(mail, told, recipients, papers, singly=singly)
        return await asyncio.to_thread(self._writer.write, mail, told, recipients, papers, singly=singly)

    async def _try_singly(
        self, mail: store.ClaimedMail, told: Sequence[Told], missing: Sequence[str], papers: Papers
    ) -> tuple[str | None, Verdict]:
        """Send each of them a mail of its own. Who has got it is noted, whatever becomes of the others."""
        answers: dict[str, Answer] = {}
        subject: str | None = None
        clock = asyncio.get_running_loop().time
        until = clock() + outgoing.SEND_S
        for email in missing:
            if answers and (self._stopping.is_set() or clock() > until):
                # The lease is to last until the end, and a stop is not to wait: for the others it is tried again.
                answers[email] = NOT_TRIED
                continue
            try:
                written = await self._written(mail, told, [email], papers, singly=True)
                subject = written.subject
                answers |= await self.outgoing.send([email], written.content)
            except outgoing.Unreachable as error:
                if not answers:
                    raise
                answers[email] = Answer(0, str(error))
            except asyncio.CancelledError:
                # The time of a stop is over; it cancels nothing twice.
                if not answers:
                    raise
                answers[email] = Answer(0, "not answered: the sender was stopped")
            except Exception as error:
                log.error("mail failed", **faults.of(error))  # noqa: TRY400 - see faults
                answers[email] = UNWRITTEN
        # At a stop nobody is given up who was not asked.
        patience = replace(self._patience, whole_s=inf) if self._stopping.is_set() else self._patience
        return subject, domain.judge(answers, mail.reached, mail.attempts, mail.tried_s, patience)

    def _judge(self, mail: store.ClaimedMail, answers: Mapping[str, Answer]) -> Verdict:
        return domain.judge(answers, mail.reached, mail.attempts, mail.tried_s, self._patience)


def _quiet_s(mail: store.ClaimedMail) -> float:
    """For how many seconds from when it was claimed on the mail is not to be sent."""
    return choosing.quiet_s(mail.contact, mail.leased_until - timedelta(seconds=LEASE_S))


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, at most so long; return whether it came."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
