"""What a try at a carrier's system came to, noted: the booking, the codes on the parcel, and the news of it."""

from dataclasses import replace

from router import domain, store
from router.carriers import trying
from router.carriers.trying import Tried
from router.domain import Shipment, coding
from router.domain.booking import Verdict
from router.store import bookings
from router.store.bookings import ClaimedBooking
from shared import outbox
from shared.postgres import Transaction


async def note(tx: Transaction, claimed: ClaimedBooking, tried: Tried) -> str:
    """Note what became of a try, and put the codes on the parcel, the shipment being locked before its booking.

    Codes that the supplier has given meanwhile stay, and what was booked is given up. Returns what to count it as.
    """
    changed, verdict, booked = None, tried.verdict, tried.booked
    if booked is not None:
        now = await tx.now()
        (shipment,) = await store.named_for_update(tx, claimed.supplier_id, [claimed.shipment_id], [], [], now)
        parcel = trying.parcel_of(shipment, claimed.parcel_id)
        if parcel is None or parcel.tracking_codes:
            verdict = Verdict("cancelling", trying.OWN_CODES)
        else:
            coded = coding.coded(shipment, {claimed.parcel_id: (booked.codes, coding.NSHIFT)})
            changed = replace(coded, version=shipment.version + 1, updated_at=now)
    elif verdict.state == "cancelled":
        changed = await _without_codes(tx, claimed)
    carrier_id = None if booked is None else booked.carrier_id
    if not await bookings.note_booking(tx, claimed, verdict, carrier_id, tried.booked_with, tried.label):
        return "overtaken"
    if changed is not None:
        await store.save_codes(tx, [changed])
        await outbox.put(tx, domain.shipment_changed(changed))
    if claimed.state == "booked":
        return "unlabelled" if tried.label is None else "labelled"
    return verdict.state


async def _without_codes(tx: Transaction, claimed: ClaimedBooking) -> Shipment | None:
    """The shipment's next version without the codes of a booking that was given up; None if the parcel has others."""
    now = await tx.now()
    (shipment,) = await store.named_for_update(tx, claimed.supplier_id, [claimed.shipment_id], [], [], now)
    parcel = trying.parcel_of(shipment, claimed.parcel_id)
    if parcel is None or parcel.tracking_from != coding.NSHIFT:
        return None
    bare = coding.coded(shipment, {claimed.parcel_id: ((), None)})
    return replace(bare, version=shipment.version + 1, updated_at=now)
