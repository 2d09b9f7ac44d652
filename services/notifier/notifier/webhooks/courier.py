"""The running part that sends events to webhooks: each gets its events in their order, and none waits for another.

Any number of couriers share the work: a claim is a webhook's lease on the database's clock, and looked at before each
event is sent. An event is sent outside any transaction; those that were taken but not noted, because the process died
in between, are sent again under the same `webhook-id`: at most `UNNOTED` of each webhook.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import structlog
from prometheus_client import Counter

from notifier import domain, faults
from notifier.domain import Patience
from notifier.feed import news
from notifier.feed import store as feed
from notifier.feed.store import Standing, Told
from notifier.settings import Settings
from notifier.webhooks import claims, judging, notices, posting, resealing, store
from notifier.webhooks.judging import Verdict
from notifier.webhooks.store import Sent, Webhook
from shared import failpoints, postgres, sealing
from shared.postgres import Database
from shared.service import Service

Answer = TypeVar("Answer")

log = structlog.get_logger()

DELIVERIES = Counter("sluice_webhook_deliveries", "Events sent to webhooks, by what became of them", ["outcome"])
PAUSES = Counter("sluice_webhook_pauses", "Webhooks that were paused because nobody took their events")

UNNOTED = 20
"""So many events may have been sent to a webhook and not be noted yet."""
NOTE_S = 2.0
"""So long an event that was taken may be not noted yet."""
TURN_S = 20.0
"""After so long a webhook with more to come lets others have a turn."""
SCANNED = 2_000
"""So many events of a feed are looked through at once for the types that a webhook wants."""
NOTING_S = 15.0
BREATH_S = 0.1
TOO_FAR_BEHIND = "it is so far behind that the events it needs next are not kept any more; resume it with a cursor"
RECONNECT = Patience(first_s=0.5, longest_s=30.0, whole_s=0.0)


class Courier:
    """Sends what is due until stopped, to at most so many webhooks at a time."""

    def __init__(self, settings: Settings, posting: posting.Posting) -> None:
        self._settings = settings
        self._posting = posting
        self._patience = settings.webhook_patience
        self._sealer = sealing.sealer_of(settings)
        self._lease_s = TURN_S + settings.webhook_timeout_seconds + NOTING_S
        self._database: Database | None = None
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._turns: set[asyncio.Task[None]] = set()

    async def start(self, service: Service) -> None:
        """Begin to send, as a part of the service. Secrets under an older key come under the newest one first."""
        anew = await resealing.seal_anew(service.database, self._sealer)
        if anew:
            log.info("webhook secrets sealed anew", webhooks=anew)
        self.begin(service.database)

    def begin(self, database: Database) -> None:
        """Begin to send the events in this database."""
        self._database = database
        self._stopping.clear()
        news.listen(self._woken)
        self._task = asyncio.create_task(self._run(), name="courier")

    async def stop(self) -> None:
        """Begin no more turns, finish the requests in hand, note them, and hang up."""
        self._stopping.set()
        self._woken.set()
        if self._task is not None:
            await self._task
        if self._turns:
            await asyncio.wait(self._turns, timeout=self._settings.drain_seconds)
        for turn in list(self._turns):
            turn.cancel()
            with suppress(asyncio.CancelledError):
                await turn
        await self._posting.close()
        news.leave(self._woken)
        self._task = self._database = None

    @property
    def database(self) -> Database:
        """The database whose events are sent, once begun."""
        if self._database is None:
            raise RuntimeError("the courier is not started")
        return self._database

    async def _run(self) -> None:
        trouble = 0
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                begun = await self._begin_turns()
                trouble = 0
                if not begun and await self._waits(self._settings.poll_seconds):
                    # Every batch of messages rings: to look after each of them would be work for all orders.
                    await self._waits(min(BREATH_S, self._settings.poll_seconds), self._stopping)
            except Exception as error:
                # Whatever it was: a courier that ended would hold up every event from now on.
                trouble += 1
                log.warning("webhooks held up", **faults.of(error))
                await self._waits(domain.pause_after(trouble, RECONNECT), self._stopping)

    async def _waits(self, seconds: float, event: asyncio.Event | None = None) -> bool:
        """Wait so long, or until there may be something to send; return whether there may be."""
        try:
            await asyncio.wait_for((event or self._woken).wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _begin_turns(self) -> int:
        free = self._settings.webhook_receivers - len(self._turns)
        if free <= 0:
            return 0
        async with self.database.transaction() as tx:
            claimed = await claims.claim_due(tx, free, self._lease_s)
        for webhook in claimed:
            turn = asyncio.create_task(self._serve(webhook), name=f"webhook-{webhook.id}")
            self._turns.add(turn)
            turn.add_done_callback(self._served)
        return len(claimed)

    def _served(self, turn: asyncio.Task[None]) -> None:
        self._turns.discard(turn)
        self._woken.set()

    async def _serve(self, webhook: Webhook) -> None:
        with structlog.contextvars.bound_contextvars(service="notifier", webhook=webhook.id):
            try:
                await self._turn_of(webhook).run()
            except Exception as error:
                # It comes again when its lease ends; the others are not to wait for that.
                log.error("webhook failed", **faults.of(error))  # noqa: TRY400 - see faults

    def _turn_of(self, webhook: Webhook) -> "Turn":
        return Turn(webhook, self.database, self._posting, self._sealer, self._settings, self._lease_s, self._stopping)


class Turn:
    """A while in which a webhook that was claimed gets its events, one after the other."""

    def __init__(
        self,
        webhook: Webhook,
        database: Database,
        posting: posting.Posting,
        sealer: sealing.Sealer,
        settings: Settings,
        lease_s: float,
        stopping: asyncio.Event,
    ) -> None:
        self._webhook = webhook
        self._database = database
        self._posting = posting
        self._sealer = sealer
        self._patience = settings.webhook_patience
        self._timeout_s = settings.webhook_timeout_seconds
        self._ids = settings.message_ids
        self._stopping = stopping
        self._clock = asyncio.get_running_loop().time
        self._ends, self._lost_at = self._clock() + TURN_S, self._clock() + lease_s
        self._position = webhook.position
        self._attempts, self._failing_s = webhook.attempts, webhook.failing_s
        self._sent: list[Sent] = []

    async def run(self) -> None:
        """Send until there is nothing more, something is refused, the owner changes something, or the turn is over."""
        keys = self._keys()
        if keys is None:
            # It is our fault, not the receiver's: nothing counts as refused, and another process may have the key.
            async with self._database.transaction() as tx:
                await claims.give_back(tx, self._webhook, self._patience.first_s)
            return
        while True:
            events, until, standing = await self._insist(self._next)
            if standing.pruned > self._position:
                await self._note(Verdict("paused", why=TOO_FAR_BEHIND), done=True)
                return
            noted = self._clock()
            for event in events:
                if not await self._insist(self._holds):
                    await self._note(Verdict("taken"), done=True)
                    return
                verdict = await self._send(event, keys)
                if verdict.state != "taken" or self._is_over():
                    await self._note(verdict, done=True)
                    return
                if len(self._sent) >= UNNOTED or self._clock() - noted >= NOTE_S:
                    if not await self._note(verdict, done=False):
                        return
                    noted = self._clock()
            self._position = until
            done = until >= standing.position or self._is_over()
            if not await self._note(Verdict("taken"), done=done) or done:
                return

    def _is_over(self) -> bool:
        return self._stopping.is_set() or self._clock() >= self._ends

    def _keys(self) -> tuple[str, ...] | None:
        """The secrets to sign with; None when we lack the key to one of them."""
        webhook = self._webhook
        name = secret_name(webhook.organisation, webhook.name)
        try:
            return tuple(self._sealer.open(sealed, name) for sealed in webhook.secrets)
        except (sealing.NoKey, sealing.NotOpened) as error:
            log.error("secret of a webhook cannot be opened", error=str(error))  # noqa: TRY400 - it is no surprise
            return None

    async def _insist(self, act: Callable[[], Awaitable[Answer]]) -> Answer:
        """Act, again and again while the database is in trouble, as long as the webhook is ours. Raises the trouble."""
        tries = 0
        while True:
            try:
                return await act()
            except postgres.TROUBLE as error:
                tries += 1
                pause = domain.pause_after(tries, RECONNECT)
                if self._clock() + pause >= self._lost_at:
                    raise
                log.warning("webhook held up", **faults.of(error))
                await asyncio.sleep(pause)

    async def _holds(self) -> bool:
        """Whether one more event may be sent: nobody else can have the webhook before its answer is here."""
        async with self._database.transaction() as tx:
            return await claims.holds(tx, self._webhook, self._timeout_s)

    async def _next(self) -> tuple[list[Told], int, Standing]:
        """The next events that are wanted, the position up to which that is all, and where the feed is."""
        webhook = self._webhook
        async with self._database.transaction() as tx:
            standing = await feed.standing(tx, webhook.organisation)
            until = min(standing.position, self._position + SCANNED)
            events = await store.wanted_events(
                tx, webhook.organisation, webhook.types, self._position, until, 5 * UNNOTED
            )
        return events, events[-1].position if len(events) == 5 * UNNOTED else until, standing

    async def _send(self, event: Told, keys: tuple[str, ...]) -> Verdict:
        failpoints.reach("courier.before-send")
        sent_at, reply = await self._posting.send(posting.Outgoing(self._webhook.url, keys, event.id, event.content))
        attempt = self._attempts + 1
        verdict = judging.judge(reply, attempt, self._failing_s, self._patience, random.random())  # noqa: S311 - spreads
        DELIVERIES.labels(verdict.state).inc()
        self._sent.append(Sent("event", event.position, event.id, event.type, attempt, sent_at, reply))
        if verdict.state == "taken":
            self._position, self._attempts, self._failing_s = event.position, 0, 0.0
        else:
            self._attempts = attempt
        return verdict

    async def _note(self, verdict: Verdict, *, done: bool) -> bool:
        """Write the log, and how far the webhook is; False when its owner has changed it, or somebody else has it."""
        webhook, sent = self._webhook, self._sent
        ours = False
        logged: list[int] = []

        async def write() -> None:
            nonlocal ours, logged
            async with self._database.transaction() as tx:
                failpoints.reach("courier.before-note")
                held = await claims.note_progress(tx, webhook, self._position, self._attempts, verdict, done=done)
                if logged and await store.delivery(tx, webhook.id, logged[0]) is not None:
                    # The last try was committed and only its answer lost: what it found counts.
                    return
                ours = held
                if sent:
                    logged = await store.log_sent(tx, webhook.id, webhook.organisation, webhook.url, sent)
                if ours and verdict.why is not None:
                    await notices.tell_of_pause(tx, webhook, self._position, verdict.why, self._ids)
            failpoints.reach("courier.after-note")

        await self._insist(write)
        self._sent = []
        if ours and verdict.why is not None:
            PAUSES.inc()
            log.warning("webhook paused", why=verdict.why)
        return ours


def secret_name(organisation: str, name: str) -> str:
    """For what a webhook's secret is sealed."""
    return f"webhook {organisation}/{name}"
