"""Parcels that are booked at a carrier's own system: asked for by suppliers, done by whichever booker claims them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from router.domain import Shipment
from router.domain.booking import State, Verdict
from router.store.carrier_accounts import SealedAccount
from shared.postgres import Record, Transaction


@dataclass(frozen=True)
class Booking:
    """How the booking of a parcel stands. `next_at` is when it is tried next, None when it is not."""

    state: State
    attempts: int
    answer: str | None
    next_at: datetime | None
    changed_at: datetime


@dataclass(frozen=True)
class ClaimedBooking:
    """A booking, its cancellation or the fetching of its label, that this booker alone may try until its lease ends.

    `state` says which: pending, cancelling or booked. `attempts` counts this try, and proves the claim with
    `leased_until`. `unsure`: an earlier try may have succeeded. `booked_with` tells the account that booked.
    """

    shipment_id: UUID
    parcel_id: str
    retailer_id: str
    supplier_id: str
    state: State
    attempts: int
    leased_until: datetime
    tried_s: float
    unsure: bool
    carrier_id: str | None
    booked_with: str | None
    label_wanted: bool
    account: SealedAccount | None


async def ask_for_bookings(tx: Transaction, shipment: Shipment, parcel_ids: Collection[str]) -> None:
    """Let parcels be booked, also such as were refused or cancelled before. What is under way or booked stays so.

    What may be booked already is looked for before it is booked, however often it is asked for.
    """
    await tx.execute(
        "INSERT INTO bookings AS b (shipment_id, parcel_id, retailer_id, supplier_id, catalogue_id)"
        " SELECT $1, parcel_id, $2, $3, $4 FROM unnest($5::text[]) AS parcel_id"
        " ON CONFLICT (shipment_id, parcel_id) DO UPDATE SET state = 'pending', attempts = 0, first_tried_at = NULL,"
        " next_at = now(), answer = NULL, changed_at = now()"
        " WHERE b.state IN ('refused', 'cancelled', 'not wanted')",
        shipment.shipment_id,
        shipment.retailer_id,
        shipment.supplier_id,
        shipment.catalogue_id,
        list(parcel_ids),
    )


async def booking_of(tx: Transaction, shipment_id: UUID, parcel_id: str) -> Booking | None:
    """How the booking of a parcel stands; None when none was asked for."""
    row = await tx.fetch_one(
        "SELECT state, attempts, answer, changed_at,"
        " CASE WHEN state IN ('pending', 'cancelling') OR label_wanted THEN next_at END AS next_at"
        " FROM bookings WHERE shipment_id = $1 AND parcel_id = $2",
        shipment_id,
        parcel_id,
    )
    if row is None:
        return None
    return Booking(row["state"], row["attempts"], row["answer"], row["next_at"], row["changed_at"])


async def label_of(tx: Transaction, shipment_id: UUID, parcel_id: str) -> tuple[bytes | None, bool]:
    """The label (PDF) that a carrier made of a parcel it has booked, None when there is none, and whether it is yet to
    come.
    """
    row = await tx.fetch_one(
        "SELECT label, label IS NULL AND label_wanted AS is_to_come FROM bookings"
        " WHERE shipment_id = $1 AND parcel_id = $2 AND state = 'booked'",
        shipment_id,
        parcel_id,
    )
    return (None, False) if row is None else (row["label"], row["is_to_come"])


async def ask_for_label(tx: Transaction, shipment_id: UUID, parcel_id: str) -> bool:
    """Let a missing label of a parcel that is booked be fetched, if it is not under way. False when none is missing."""
    asked = await tx.execute(
        "UPDATE bookings SET label_wanted = true,"
        " next_at = CASE WHEN label_wanted THEN next_at ELSE now() END,"
        " first_tried_at = CASE WHEN label_wanted THEN first_tried_at END, changed_at = now()"
        " WHERE shipment_id = $1 AND parcel_id = $2 AND state = 'booked' AND label IS NULL",
        shipment_id,
        parcel_id,
    )
    return asked > 0


async def claim_bookings(tx: Transaction, limit: int, lease_s: float) -> Sequence[ClaimedBooking]:
    """Take up to `limit` bookings that are due for `lease_s` seconds, also from a booker whose own lease has ended."""
    rows = await tx.fetch(
        "WITH due AS (SELECT shipment_id, parcel_id, unsure FROM bookings"
        " WHERE (state IN ('pending', 'cancelling') OR label_wanted) AND next_at <= now()"
        " ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED),"
        " claimed AS (UPDATE bookings b SET attempts = attempts + 1, first_tried_at = coalesce(first_tried_at, now()),"
        "  next_at = now() + make_interval(secs => $2), unsure = b.state = 'pending' FROM due"
        "  WHERE b.shipment_id = due.shipment_id AND b.parcel_id = due.parcel_id"
        "  RETURNING b.shipment_id, b.parcel_id, b.retailer_id, b.supplier_id, b.catalogue_id, b.state, b.attempts,"
        "  b.next_at, b.first_tried_at, b.carrier_id, b.booked_with, b.label_wanted, due.unsure AS was_unsure)"
        " SELECT c.*, extract(epoch FROM now() - c.first_tried_at)::float8 AS tried_s, a.sealed, a.sender_quick_id,"
        "  a.changed_at FROM claimed c LEFT JOIN carrier_accounts a"
        "  ON a.retailer_id = c.retailer_id AND a.catalogue_id = c.catalogue_id ORDER BY c.shipment_id, c.parcel_id",
        limit,
        lease_s,
    )
    return [_claimed(row) for row in rows]


async def note_booking(
    tx: Transaction,
    claimed: ClaimedBooking,
    verdict: Verdict,
    carrier_id: str | None,
    booked_with: str | None,
    label: bytes | None,
) -> bool:
    """Note what became of a try; False, and nothing is noted, when another has the claim by now.

    `carrier_id` and `booked_with` are of what was booked in this try; a label may also come later.
    """
    noted = await tx.execute(
        "UPDATE bookings SET state = $5, answer = $6, next_at = now() + make_interval(secs => $7), unsure = $8,"
        " carrier_id = coalesce($9, carrier_id),"
        " label = CASE WHEN $9::text IS NULL THEN coalesce($11, label) ELSE $11 END,"
        " booked_with = CASE WHEN $9::text IS NULL THEN booked_with ELSE $10 END, label_wanted = $12,"
        " first_tried_at = CASE WHEN $9::text IS NULL THEN first_tried_at END, changed_at = now()"
        " WHERE shipment_id = $1 AND parcel_id = $2 AND attempts = $3 AND next_at = $4",
        claimed.shipment_id,
        claimed.parcel_id,
        claimed.attempts,
        claimed.leased_until,
        verdict.state,
        verdict.answer,
        verdict.pause_s,
        verdict.unsure,
        carrier_id,
        booked_with,
        label,
        verdict.label_wanted,
    )
    return noted > 0


async def cancel_booking(tx: Transaction, shipment_id: UUID, parcel_id: str) -> bool:
    """Let the carrier give a booking up that it has made. False when it has made none."""
    cancelled = await tx.execute(
        "UPDATE bookings SET state = 'cancelling', attempts = 0, first_tried_at = NULL, next_at = now(), answer = NULL,"
        " changed_at = now() WHERE shipment_id = $1 AND parcel_id = $2 AND state = 'booked'",
        shipment_id,
        parcel_id,
    )
    return cancelled > 0


def _claimed(row: Record) -> ClaimedBooking:
    account = None
    if row["sealed"] is not None:
        account = SealedAccount(
            row["retailer_id"], row["catalogue_id"], row["sealed"], row["sender_quick_id"], row["changed_at"]
        )
    return ClaimedBooking(
        shipment_id=row["shipment_id"],
        parcel_id=row["parcel_id"],
        retailer_id=row["retailer_id"],
        supplier_id=row["supplier_id"],
        state=row["state"],
        attempts=row["attempts"],
        leased_until=row["next_at"],
        tried_s=row["tried_s"],
        unsure=row["was_unsure"],
        carrier_id=row["carrier_id"],
        booked_with=row["booked_with"],
        label_wanted=row["label_wanted"],
        account=account,
    )
