"""One try to book a parcel at a carrier's system, to give it up, or to fetch its label: what is asked, what it means.

Nothing here touches the database: what it comes to is noted by `router.carriers.noting`.
"""

import asyncio
from dataclasses import dataclass

from router import domain
from router.carriers import accounts, system
from router.carriers.system import Account, Booked, ParcelToBook, System
from router.domain import Parcel, Shipment, booking
from router.domain.booking import Verdict
from router.papers.letterhead import Letterhead
from router.store.bookings import ClaimedBooking
from shared import sealing
from shared.contracts import Party
from shared.sealing import Sealer

WHOLE_S = 90.0
"""The longest a try may take with all its questions."""

OWN_CODES = "the parcel has codes of its supplier's own by now"
NO_ACCOUNT = "the catalogue has no nShift account"
ACCOUNT_GONE = "the catalogue has no nShift account any more"


@dataclass(frozen=True)
class Tried:
    """What a try came to: what becomes of the booking, what was booked and with which account, the label that came."""

    verdict: Verdict
    booked: Booked | None = None
    booked_with: str | None = None
    label: bytes | None = None


async def tried(
    at: System, sealer: Sealer, claimed: ClaimedBooking, shipment: Shipment | None, head: Letterhead
) -> Tried:
    """Try what is due of a booking, whose shipment is as it stands now, and whose retailer has this letterhead.

    Raises nothing that a system may say.
    """
    parcel = parcel_of(shipment, claimed.parcel_id)
    has_own = parcel is None or bool(parcel.tracking_codes)
    before = claimed.unsure and claimed.state == "pending"
    if claimed.state == "pending" and has_own and not before:
        return Tried(Verdict("not wanted", OWN_CODES))
    if claimed.account is None:
        return Tried(_without_account(claimed, has_own=has_own))
    try:
        account = accounts.opened(sealer, claimed.account)
    except (sealing.NoKey, sealing.NotOpened) as error:
        return Tried(_later(claimed, str(error), unsure=before))
    mark = accounts.mark(claimed.account, account)
    try:
        async with asyncio.timeout(WHOLE_S):
            if claimed.state == "cancelling":
                return Tried(await _cancelled(at, claimed, account, same=mark == claimed.booked_with))
            if claimed.state == "booked":
                return Tried(Verdict("booked"), label=await at.label(str(claimed.carrier_id), account))
            if shipment is None or parcel is None or has_own:
                return Tried(await _withdrawn(at, claimed, account))
            booked = await at.book(to_book(shipment, parcel, head), account, maybe_booked=claimed.unsure)
    except system.Lost as error:
        # Whoever asks for the booking once more was told to look.
        return Tried(Verdict("refused", str(error)))
    except system.Refused as error:
        return Tried(_refused(claimed, str(error)))
    except system.NotNow as error:
        return Tried(_later(claimed, str(error), unsure=before))
    except (system.Unanswered, TimeoutError) as error:
        said = str(error) or "nShift did not answer in time"
        return Tried(_later(claimed, said, unsure=claimed.state == "pending"))
    return Tried(Verdict("booked", label_wanted=booked.label is None), booked, mark, booked.label)


async def _cancelled(at: System, claimed: ClaimedBooking, account: Account, *, same: bool) -> Verdict:
    """A booking that is gone already is given up, if it is the account that booked it which says so."""
    try:
        await at.cancel(str(claimed.carrier_id), account)
    except system.Gone as error:
        if not same:
            told = f"{error}, which is another than booked it: give that one again, or look at nShift"
            return Verdict("booked", told, label_wanted=claimed.label_wanted)
    return Verdict("cancelled")


async def _withdrawn(at: System, claimed: ClaimedBooking, account: Account) -> Verdict:
    """A parcel that has codes by now, and may be booked all the same, is booked no more; or a person has to look."""
    try:
        await at.withdraw(_key(claimed), account)
    except system.Lost as error:
        return Verdict("not wanted", f"{OWN_CODES}; {error}")
    return Verdict("not wanted", OWN_CODES)


def _refused(claimed: ClaimedBooking, said: str) -> Verdict:
    """What is refused is not booked; what cannot be given up stays booked, as its label says, or without label."""
    if claimed.state == "pending":
        return Verdict("refused", said)
    return Verdict("booked", said, label_wanted=claimed.label_wanted and claimed.state == "cancelling")


def _without_account(claimed: ClaimedBooking, *, has_own: bool) -> Verdict:
    """Without an account nothing can be asked: what may be booked may still be, and what is booked stays so."""
    if claimed.state == "cancelling":
        told = f"{ACCOUNT_GONE}: give it again, and then give the booking up"
        return Verdict("booked", told, label_wanted=claimed.label_wanted)
    if claimed.state == "booked":
        return Verdict("booked", f"{ACCOUNT_GONE}, so its label cannot be fetched")
    if not claimed.unsure:
        return Verdict("refused", NO_ACCOUNT)
    told = f"{ACCOUNT_GONE}; {_maybe(claimed)}"
    return Verdict("not wanted" if has_own else "refused", told, unsure=True)


def _later(claimed: ClaimedBooking, said: str, *, unsure: bool) -> Verdict:
    if unsure:
        said = f"{said}; {_maybe(claimed)}"
    return booking.put_off(
        claimed.state,
        said,
        claimed.attempts,
        claimed.tried_s,
        unsure=unsure,
        label_wanted=claimed.label_wanted,
    )


def _maybe(claimed: ClaimedBooking) -> str:
    return f"it may be booked at nShift as order number {_key(claimed)}"


def _key(claimed: ClaimedBooking) -> str:
    return key(claimed.shipment_id.hex, claimed.parcel_id)


def key(shipment: str, parcel_id: str) -> str:
    """What a parcel is called at a carrier's system."""
    return f"{shipment}-{parcel_id}"


def to_book(shipment: Shipment, parcel: Parcel, head: Letterhead) -> ParcelToBook:
    """A parcel as a carrier's system must know it, with the sender that our own label would have.

    Who receives it is told by its client's telephone and address of mail when its own are not known.
    """
    delivery = shipment.delivery
    names = {(row.row_id, row.product_id): row.description or row.product_id for row in shipment.rows}
    contents = dict.fromkeys(names[packed.row_id, packed.product_id] for packed in parcel.rows if packed.delivered)
    return ParcelToBook(
        key=key(shipment.shipment_id.hex, parcel.parcel_id),
        reference=shipment.order_external_id,
        service_code=parcel.service_code or "",
        sender=delivery.sender or head.sender or delivery.vendor,
        receiver=_reached(delivery.delivery_address, delivery.client),
        additional_services=parcel.additional_services,
        pickup_point_id=parcel.pickup_point_id,
        package_type=parcel.package_type,
        weight=parcel.weight,
        contents=", ".join(contents),
    )


def _reached(receiver: Party, client: Party | None) -> Party:
    if client is None:
        return receiver
    known = {"telephone": receiver.telephone or client.telephone, "email": receiver.email or client.email}
    return receiver.model_copy(update=known)


def parcel_of(shipment: Shipment | None, parcel_id: str) -> Parcel | None:
    """The parcel of this id, if there is one."""
    parcels = () if shipment is None else domain.packing(shipment)
    return next((parcel for parcel in parcels if parcel.parcel_id == parcel_id), None)
