"""The running part that sends events to webhooks: each gets its events in their order, and none waits for another.

Any number of couriers share the work: a claim is a webhook's lease on the database's clock. An event is sent outside
any transaction; those that were taken but not noted, because the process died in between, are sent again under the
same `webhook-id`: at most `UNNOTED` of each webhook.
"""

import asyncio
import random
from contextlib import suppress

import structlog
from prometheus_client import Counter

from notifier import domain, faults
from notifier.domain import Patience
from notifier.feed import news
from notifier.feed import store as feed
from notifier.feed.store import Standing, Told
from notifier.message_ids import MessageIds
from notifier.settings import Settings
from notifier.webhooks import judging, notices, posting, resealing, store
from notifier.webhooks.judging import Reply, Verdict
from notifier.webhooks.store import Sent, Webhook
from shared import failpoints, sealing
from shared.postgres import Database
from shared.service import Service

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
            claimed = await store.claim_due(tx, free, self._lease_s)
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
        ids = self._settings.message_ids
        return Turn(webhook, self.database, self._posting, self._sealer, self._patience, ids, self._stopping)


class Turn:
    """A while in which a webhook that was claimed gets its events, one after the other."""

    def __init__(
        self,
        webhook: Webhook,
        database: Database,
        posting: posting.Posting,
        sealer: sealing.Sealer,
        patience: Patience,
        ids: MessageIds,
        stopping: asyncio.Event,
    ) -> None:
        self._webhook = webhook
        self._database = database
        self._posting = posting
        self._sealer = sealer
        self._patience = patience
        self._ids = ids
        self._stopping = stopping
        self._position = webhook.position
        self._attempts, self._failing_s = webhook.attempts, webhook.failing_s
        self._sent: list[Sent] = []

    async def run(self) -> None:
        """Send until there is nothing more, something is refused, or the turn is over."""
        clock = asyncio.get_running_loop().time
        ends = clock() + TURN_S
        while True:
            events, until, standing = await self._next()
            if standing.pruned > self._position:
                await self._note(Verdict("paused", why=TOO_FAR_BEHIND), done=True)
                return
            noted = clock()
            for event in events:
                verdict = await self._send(event)
                over = self._stopping.is_set() or clock() >= ends
                if verdict.state != "taken" or over:
                    await self._note(verdict, done=True)
                    return
                if len(self._sent) >= UNNOTED or clock() - noted >= NOTE_S:
                    if not await self._note(verdict, done=False):
                        return
                    noted = clock()
            self._position = until
            done = until >= standing.position or self._stopping.is_set() or clock() >= ends
            if not await self._note(Verdict("taken"), done=done) or done:
                return

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

    async def _send(self, event: Told) -> Verdict:
        webhook = self._webhook
        failpoints.reach("courier.before-send")
        try:
            keys = tuple(
                self._sealer.open(sealed, secret_name(webhook.organisation, webhook.name)) for sealed in webhook.secrets
            )
        except (sealing.NoKey, sealing.NotOpened) as error:
            log.error("secret of a webhook cannot be opened", error=str(error))  # noqa: TRY400 - it is no surprise
            async with self._database.transaction() as tx:
                sent_at, reply = await tx.now(), Reply(None, "not sent: our key to your secret is missing", 0)
        else:
            sent_at, reply = await self._posting.send(posting.Outgoing(webhook.url, keys, event.id, event.content))
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
        """Write the log, and how far the webhook is; False when somebody else has changed it, or has it by now."""
        webhook, sent = self._webhook, self._sent
        self._sent = []
        async with self._database.transaction() as tx:
            failpoints.reach("courier.before-note")
            ours = await store.note_progress(tx, webhook, self._position, self._attempts, verdict, done=done)
            if sent:
                await store.log_sent(tx, webhook.id, webhook.organisation, webhook.url, sent)
            if ours and verdict.why is not None:
                await notices.tell_of_pause(tx, webhook, self._position, verdict.why, self._ids)
        failpoints.reach("courier.after-note")
        if ours and verdict.why is not None:
            PAUSES.inc()
            log.warning("webhook paused", why=verdict.why)
        return ours


def secret_name(organisation: str, name: str) -> str:
    """For what a webhook's secret is sealed."""
    return f"webhook {organisation}/{name}"
