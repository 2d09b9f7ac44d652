"""The running part that sends mails: it takes those that are due, hands them to the mail server, and notes its answer.

Any number of senders share the work: a claim is a row's lease on the database's clock. A mail is sent outside any
transaction, so that one that was accepted by the server but not noted, because the process died in between, is sent
again with the same Message-ID. Nothing else sends a mail twice.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import structlog
from prometheus_client import Counter

from notifier import bell, domain, letter, outgoing, store
from notifier.domain import Answer, Patience, Verdict
from notifier.settings import Settings
from shared import postgres
from shared.contracts import ShipmentCreated, ShipmentReminded
from shared.postgres import Database, Transaction
from shared.service import Service

log = structlog.get_logger()

MAILS = Counter("sluice_mails", "Tries to send a mail, by what became of it", ["outcome"])

LEASE_S = 3 * outgoing.SEND_S
RECONNECT = Patience(first_s=0.5, longest_s=30.0, whole_s=0.0)


class Sender:
    """Sends what is due until stopped, at most so many mails at a time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.outgoing = outgoing.Outgoing(settings)
        self._database: Database | None = None
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._unreachable = 0

    async def start(self, service: Service) -> None:
        """Begin to send, as a part of the service."""
        self.begin(service.database)

    def begin(self, database: Database) -> None:
        """Begin to send the mails in this database."""
        self._database = database
        self._stopping.clear()
        bell.listen(self._woken)
        self._task = asyncio.create_task(self._run(), name="sender")

    async def stop(self) -> None:
        """Take no more mails, finish those in hand, and take leave of the server."""
        self._stopping.set()
        self._woken.set()
        if self._task is not None:
            await self._task
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=self.settings.drain_seconds)
            for task in late:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self.outgoing.close()
        bell.leave(self._woken)
        self._task = self._database = None

    @property
    def database(self) -> Database:
        """The database whose mails are sent, once begun."""
        if self._database is None:
            raise RuntimeError("the sender is not started")
        return self._database

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
                log.warning("mails held up", **_fault(error))
                await _wait(self._stopping, domain.pause_after(trouble, RECONNECT))

    async def _take_due(self) -> int:
        free = self.settings.smtp_connections - len(self._sending)
        if self._unreachable:
            # One mail at a time finds out whether the server is back.
            await _wait(self._stopping, domain.pause_after(self._unreachable, RECONNECT))
            free = 0 if self._sending else 1
        if free == 0 or self._stopping.is_set():
            return 0
        async with self.database.transaction() as tx:
            mails = await store.claim_due(tx, free, LEASE_S)
        for mail in mails:
            task = asyncio.create_task(self._deliver(mail), name=f"mail-{mail.id}")
            self._sending.add(task)
            task.add_done_callback(self._delivered)
        return len(mails)

    def _delivered(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._woken.set()

    async def _deliver(self, mail: store.ClaimedMail) -> None:
        failed_before = self._unreachable
        with structlog.contextvars.bound_contextvars(service="notifier", shipment_id=str(mail.shipment_id)):
            try:
                subject, verdict = await self._try(mail)
            except outgoing.Unreachable as error:
                self._unreachable = failed_before + 1
                MAILS.labels("unreachable").inc()
                log.warning("mail server unreachable", error=str(error))
                await self._note(lambda tx: store.give_back(tx, mail, "the mail server cannot be reached"))
                return
            except Exception as error:
                # A fault in one mail holds up no other: it is tried again, and given up, like one that is refused.
                log.error("mail failed", **_fault(error))  # noqa: TRY400 - see _fault
                fault = {"": Answer(0, "the mail could not be written")}
                subject, verdict = None, self._judge(mail, fault)
            else:
                self._unreachable = 0
            MAILS.labels(verdict.state).inc()
            log.info("mail tried", outcome=verdict.state, attempt=mail.attempts)
            await self._note(lambda tx: store.note_verdict(tx, mail, subject, verdict))

    async def _try(self, mail: store.ClaimedMail) -> tuple[str | None, Verdict]:
        """Send a mail to those who have not got it; return its subject and what becomes of it."""
        wanted = domain.wish_of(mail.contact) == "pending"
        missing = [email for email in mail.contact.emails if wanted and email not in mail.reached]
        if not missing:
            return None, Verdict("sent" if mail.reached else "not wanted", mail.reached, "")
        written = self._write(mail)
        answers = await self.outgoing.send(missing, written.content)
        return written.subject, self._judge(mail, answers)

    def _write(self, mail: store.ClaimedMail) -> letter.Letter:
        if mail.kind == domain.REMINDER:
            reminded = ShipmentReminded.model_validate(mail.content)
            return letter.remind(reminded, self._envelope(mail, reminded.supplier_id, reminded.retailer_id))
        shipment = ShipmentCreated.model_validate(mail.content)
        vendor = shipment.delivery.vendor
        retailer_name = (vendor and vendor.name) or shipment.retailer_id
        return letter.announce(shipment, self._envelope(mail, shipment.supplier_id, retailer_name))

    def _envelope(self, mail: store.ClaimedMail, supplier_name: str, retailer_name: str) -> letter.Envelope:
        """What a mail needs besides what it tells; the names are for parties whose own are not known."""
        return letter.Envelope(
            sender=self.settings.sender,
            recipients=tuple(mail.contact.emails),
            message_id=mail.message_id,
            written_at=mail.created_at,
            language=mail.language,
            supplier_name=mail.supplier_name or supplier_name,
            retailer_name=mail.retailer_name or retailer_name,
            public_url=self.settings.public_url,
        )

    def _judge(self, mail: store.ClaimedMail, answers: Mapping[str, Answer]) -> Verdict:
        return domain.judge(answers, mail.reached, mail.attempts, mail.tried_s, self.settings.patience)

    async def _note(self, write: Callable[[Transaction], Awaitable[object]]) -> None:
        """Note what became of a mail, however long the database is away, as long as the mail is ours."""
        clock, tries = asyncio.get_running_loop().time, 0
        lost_at = clock() + LEASE_S - outgoing.SEND_S
        while clock() < lost_at:
            try:
                async with self.database.transaction() as tx:
                    await write(tx)
                return
            except postgres.TROUBLE as error:
                tries += 1
                log.warning("mail cannot be noted", **_fault(error))
                await asyncio.sleep(domain.pause_after(tries, RECONNECT))


def _fault(error: BaseException) -> dict[str, str]:
    """What may be logged of an error: its class and where it arose. Its words may quote a name or an address."""
    way = ((str(frame.f_globals.get("__name__")), line) for frame, line in traceback.walk_tb(error.__traceback__))
    return {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": " > ".join(f"{module}:{line}" for module, line in way if module.startswith("notifier.")),
    }


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, at most so long; return whether it came."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
