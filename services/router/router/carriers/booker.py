"""The running part that books parcels at nShift: it takes those that are due, asks nShift, and notes its answer.

Any number of bookers share the work: a claim is a row's lease on the database's clock. nShift is asked outside any
transaction. A try whose answer was never noted, because the process died or nShift did not answer, leaves its booking
unsure, and the next one looks for it at nShift before it books anything: no parcel is booked twice.
"""

import asyncio
from contextlib import suppress

import structlog
from prometheus_client import Counter

from router import store
from router.carriers import accounts, noting, trying
from router.carriers.system import System
from router.carriers.trying import Tried
from router.store import bookings, letterheads
from router.store.bookings import ClaimedBooking
from shared import failpoints, failures, postgres
from shared.postgres import Database
from shared.sealing import Sealer
from shared.service import Service

log = structlog.get_logger()

BOOKINGS = Counter(
    "sluice_bookings", "Tries to book a parcel at a carrier or to give it up, by the outcome", ["outcome"]
)

AT_ONCE = 8
"""How many bookings of one process may be under way."""
LEASE_S = 2 * trying.WHOLE_S
"""How long a try is nobody else's."""
NOTE_S = trying.WHOLE_S / 2
AGAIN_S = 1.0
"""How long the answer to a try is kept for a database that cannot take it yet, and how often that is asked, all
within the lease."""
LOOK_S = 1.0


class Booker:
    """Books what is due until stopped, and then waits `drain_s` seconds for the tries in hand."""

    def __init__(self, at: System, sealer: Sealer, drain_s: float) -> None:
        self.system = at
        self.sealer = sealer
        self.drain_s = drain_s
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._tries: set[asyncio.Task[None]] = set()

    async def start(self, service: Service) -> None:
        """Begin to book, as a part of the service, and bring the accounts under the newest key."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(service.database), name=f"{service.name}-booker")

    async def stop(self) -> None:
        """Take no more, finish what is in hand, and cut off what takes too long: it is unsure, and looked for later."""
        self._stopping.set()
        if self._task is not None:
            await self._task
            self._task = None
        if self._tries:
            _, late = await asyncio.wait(self._tries, timeout=self.drain_s)
            for one in late:
                one.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.system.close()

    async def finish(self) -> None:
        """Wait until every try that was begun is noted."""
        if self._tries:
            await asyncio.wait(self._tries)

    async def _run(self, database: Database) -> None:
        stopping = asyncio.create_task(self._stopping.wait())
        await self._seal_anew(database)
        while not stopping.done():
            try:
                begun = await self.begin_due(database)
            except Exception as error:
                # Whatever it was: a booker that ended would hold up every parcel from now on.
                begun = 0
                log.warning("bookings held up", **_of(error))
            if not begun or len(self._tries) == AT_ONCE:
                # Every try that ends makes room for the next, whichever are still under way.
                await asyncio.wait({stopping, *self._tries}, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)

    async def _seal_anew(self, database: Database) -> None:
        if not self.sealer.can_seal:
            return
        try:
            if count := await accounts.seal_anew(database, self.sealer):
                log.info("carrier accounts sealed anew", count=count)
        except postgres.TROUBLE as error:
            log.warning("carrier accounts not sealed anew", error=failures.describe(error))

    async def begin_due(self, database: Database) -> int:
        """Begin to try what is due, as far as there is room; returns how many that were."""
        room = AT_ONCE - len(self._tries)
        if not room:
            return 0
        async with database.transaction() as tx:
            claimed = await bookings.claim_bookings(tx, room, LEASE_S)
        for one in claimed:
            task = asyncio.create_task(self._try(database, one), name=f"booking-{one.shipment_id}-{one.parcel_id}")
            self._tries.add(task)
            task.add_done_callback(self._tries.discard)
        return len(claimed)

    async def _try(self, database: Database, claimed: ClaimedBooking) -> None:
        with structlog.contextvars.bound_contextvars(service="router", shipment_id=str(claimed.shipment_id)):
            try:
                async with database.transaction() as tx:
                    shipment = await store.shipment(tx, claimed.shipment_id)
                    head, _ = await letterheads.letterhead(tx, claimed.retailer_id)
                tried = await trying.tried(self.system, self.sealer, claimed, shipment, head)
                failpoints.reach("booker.before-note")
                outcome = await self._noted(database, claimed, tried)
            except asyncio.CancelledError:
                log.warning("booking cut off", parcel=claimed.parcel_id)
                raise
            except Exception as error:
                # It is tried again when its lease ends, and holds up no other until then.
                log.warning("booking held up", parcel=claimed.parcel_id, **_of(error))
                return
            BOOKINGS.labels(outcome).inc()
            log.info("booking tried", outcome=outcome, attempt=claimed.attempts, parcel=claimed.parcel_id)

    async def _noted(self, database: Database, claimed: ClaimedBooking, tried: Tried) -> str:
        """Note what a try came to, also if the database cannot take it at once: nShift does not say it twice."""
        clock = asyncio.get_running_loop().time
        until = clock() + NOTE_S
        while True:
            last = self._stopping.is_set() or clock() >= until
            try:
                async with database.transaction() as tx:
                    return await noting.note(tx, claimed, tried)
            except postgres.TROUBLE as error:
                if last or not (postgres.is_away(error) or postgres.is_passing(error)):
                    raise
                log.warning("booking not noted yet", parcel=claimed.parcel_id, error=failures.describe(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), AGAIN_S)


def _of(error: Exception) -> dict[str, str | None]:
    """What to log of an error: with a trace, unless it is the database or the way to it."""
    known = isinstance(error, postgres.TROUBLE)
    return {"error": failures.describe(error), "trace": None if known else failures.trace(error)}
