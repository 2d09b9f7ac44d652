"""The running part that books parcels at nShift: it takes those that are due, asks nShift, and notes its answer.

Any number of bookers share the work: a claim is a row's lease on the database's clock. nShift is asked outside any
transaction. A try whose answer was never noted, because the process died or nShift did not answer, leaves its booking
unsure, and the next one looks for it at nShift before it books anything: no parcel is booked twice.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace

import structlog
from prometheus_client import Counter

from router import domain, store
from router.carriers import accounts, carrier
from router.carriers.carrier import Account, Booked, Carrier, ParcelToBook
from router.domain import Parcel, Shipment, booking, coding
from router.domain.booking import Verdict
from router.store import bookings
from router.store.bookings import ClaimedBooking
from shared import failpoints, failures, outbox, postgres, sealing
from shared.postgres import Database, Transaction
from shared.sealing import Sealer
from shared.service import Service

log = structlog.get_logger()

BOOKINGS = Counter(
    "sluice_bookings", "Tries to book a parcel at a carrier or to give it up, by the outcome", ["outcome"]
)

AT_ONCE = 8
"""How many bookings of one process may be under way."""
WHOLE_S = 90.0
LEASE_S = 2 * WHOLE_S
"""The longest a try may take with all its questions, and how long it is nobody else's."""
LOOK_S = 1.0


class Booker:
    """Books what is due until stopped."""

    def __init__(self, at: Carrier, sealer: Sealer) -> None:
        self.carrier = at
        self.sealer = sealer
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, service: Service) -> None:
        """Begin to book, as a part of the service, and bring the accounts under the newest key."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(service.database), name=f"{service.name}-booker")

    async def stop(self) -> None:
        """Take no more, and finish what is in hand."""
        self._stopping.set()
        if self._task is not None:
            await self._task
            self._task = None
        await self.carrier.close()

    async def _run(self, database: Database) -> None:
        await self._seal_anew(database)
        while not self._stopping.is_set():
            try:
                if await self.book_due(database):
                    continue
            except Exception as error:
                # Whatever it was: a booker that ended would hold up every parcel from now on.
                known = isinstance(error, postgres.TROUBLE)
                log.warning(
                    "bookings held up",
                    error=failures.describe(error),
                    trace=None if known else failures.trace(error),
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_S)

    async def _seal_anew(self, database: Database) -> None:
        if not self.sealer.can_seal:
            return
        try:
            if count := await accounts.seal_anew(database, self.sealer):
                log.info("carrier accounts sealed anew", count=count)
        except postgres.TROUBLE as error:
            log.warning("carrier accounts not sealed anew", error=failures.describe(error))

    async def book_due(self, database: Database) -> int:
        """Try what is due, some at a time; returns how many were tried."""
        async with database.transaction() as tx:
            claimed = await bookings.claim_bookings(tx, AT_ONCE, LEASE_S)
        await asyncio.gather(*(self._try(database, one) for one in claimed))
        return len(claimed)

    async def _try(self, database: Database, claimed: ClaimedBooking) -> None:
        async with database.transaction() as tx:
            shipment = await store.shipment(tx, claimed.shipment_id)
        parcel = _parcel_of(shipment, claimed.parcel_id)
        with structlog.contextvars.bound_contextvars(service="router", shipment_id=str(claimed.shipment_id)):
            booked, verdict = None, Verdict("not wanted", "the parcel has codes of its supplier's own by now")
            if claimed.state == "cancelling" or (shipment and parcel and not parcel.tracking_codes):
                booked, verdict = await self._asked(claimed, shipment, parcel)
            failpoints.reach("booker.before-note")
            async with database.transaction() as tx:
                outcome = await note(tx, claimed, booked, verdict)
            BOOKINGS.labels(outcome).inc()
            log.info("booking tried", outcome=outcome, attempt=claimed.attempts, parcel=claimed.parcel_id)

    async def _asked(
        self, claimed: ClaimedBooking, shipment: Shipment | None, parcel: Parcel | None
    ) -> tuple[Booked | None, Verdict]:
        """What nShift made of it, and what becomes of the booking."""
        if claimed.account is None:
            return None, Verdict("refused", "the catalogue has no nShift account")
        before = claimed.unsure and claimed.state == "pending"
        try:
            account = accounts.opened(self.sealer, claimed.account)
            async with asyncio.timeout(WHOLE_S):
                if claimed.state == "cancelling":
                    await self.carrier.cancel(str(claimed.carrier_id), account)
                    return None, Verdict("cancelled")
                assert shipment is not None
                assert parcel is not None
                wanted = to_book(shipment, parcel)
                booked = await self.carrier.book(wanted, account, maybe_booked=claimed.unsure)
                return await self._labelled(booked, account), Verdict("booked")
        except (carrier.Refused, carrier.Lost) as error:
            # What cannot be given up stays booked, as its label says.
            return None, Verdict("refused" if claimed.state == "pending" else "booked", str(error))
        except (carrier.NotNow, sealing.NoKey, sealing.NotOpened) as error:
            return None, self._put_off(claimed, str(error), unsure=before)
        except (carrier.Unanswered, TimeoutError) as error:
            said = str(error) or "nShift did not answer in time"
            return None, self._put_off(claimed, said, unsure=claimed.state == "pending")

    async def _labelled(self, booked: Booked, account: Account) -> Booked:
        """With its label. Without one it is booked all the same: the label is missing, the parcel is not."""
        if booked.label is None:
            with suppress(carrier.Refused, carrier.NotNow, carrier.Unanswered):
                return replace(booked, label=await self.carrier.label(booked.carrier_id, account))
        return booked

    def _put_off(self, claimed: ClaimedBooking, said: str, *, unsure: bool) -> Verdict:
        return booking.put_off(claimed.state, said, claimed.attempts, claimed.tried_s, unsure=unsure)


def to_book(shipment: Shipment, parcel: Parcel) -> ParcelToBook:
    """A parcel as a carrier must know it."""
    delivery = shipment.delivery
    names = {(row.row_id, row.product_id): row.description or row.product_id for row in shipment.rows}
    contents = dict.fromkeys(names[packed.row_id, packed.product_id] for packed in parcel.rows if packed.delivered)
    return ParcelToBook(
        key=f"{shipment.shipment_id.hex}-{parcel.parcel_id}",
        reference=shipment.order_external_id,
        service_code=parcel.service_code or "",
        sender=delivery.sender or delivery.vendor,
        receiver=delivery.delivery_address,
        additional_services=parcel.additional_services,
        pickup_point_id=parcel.pickup_point_id,
        package_type=parcel.package_type,
        weight=parcel.weight,
        contents=", ".join(contents),
    )


def _parcel_of(shipment: Shipment | None, parcel_id: str) -> Parcel | None:
    parcels = () if shipment is None else domain.packing(shipment)
    return next((parcel for parcel in parcels if parcel.parcel_id == parcel_id), None)


async def note(tx: Transaction, claimed: ClaimedBooking, booked: Booked | None, verdict: Verdict) -> str:
    """Note what became of a try, and put the codes on the parcel, the shipment being locked before its booking.

    Codes that the supplier has given meanwhile stay, and what was booked is given up.
    """
    changed = None
    if booked is not None:
        now = await tx.now()
        (shipment,) = await store.named_for_update(tx, claimed.supplier_id, [claimed.shipment_id], [], [], now)
        parcel = _parcel_of(shipment, claimed.parcel_id)
        if parcel is None or parcel.tracking_codes:
            verdict = Verdict("cancelling", "the parcel has codes of its supplier's own by now")
        else:
            coded = coding.coded(shipment, {claimed.parcel_id: (booked.codes, coding.NSHIFT)})
            changed = replace(coded, version=shipment.version + 1, updated_at=now)
    elif verdict.state == "cancelled":
        changed = await _without_codes(tx, claimed)
    carrier_id, label = (None, None) if booked is None else (booked.carrier_id, booked.label)
    if not await bookings.note_booking(tx, claimed, verdict, carrier_id, label):
        return "overtaken"
    if changed is not None:
        await store.save_codes(tx, [changed])
        await outbox.put(tx, domain.shipment_changed(changed))
    return verdict.state


async def _without_codes(tx: Transaction, claimed: ClaimedBooking) -> Shipment | None:
    """The shipment's next version without the codes of a booking that was given up; None if the parcel has others."""
    now = await tx.now()
    (shipment,) = await store.named_for_update(tx, claimed.supplier_id, [claimed.shipment_id], [], [], now)
    parcel = _parcel_of(shipment, claimed.parcel_id)
    if parcel is None or parcel.tracking_from != coding.NSHIFT:
        return None
    bare = coding.coded(shipment, {claimed.parcel_id: ((), None)})
    return replace(bare, version=shipment.version + 1, updated_at=now)
