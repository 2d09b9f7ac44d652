"""What the router asks of whoever gives parcels their codes and labels, whichever it is: book, label, cancel, track.

All of it is asked in the transaction of a request, where nothing but PostgreSQL is waited for. A carrier with a system
of its own says what is to be done there later, which the booker does (`router.carriers.system`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from router.domain import Parcel, Shipment
from router.domain.coding import Codes
from router.domain.delivery_service import DeliveryService
from router.domain.tracking_link import TrackingLink
from router.papers.facts import LabelFacts
from shared.postgres import Transaction


@dataclass(frozen=True)
class Booked:
    """The codes of parcels (by id), each with whom they are from, and the parcels that are to be booked later."""

    codes: Mapping[str, tuple[Codes, str]] = field(default_factory=dict)
    later: tuple[str, ...] = ()


class NoLabel(Exception):
    """There is no label; the text says why."""


class LabelLater(Exception):
    """The label is yet to come; the text says from whom."""


class Carrier(Protocol):
    """One more of them is one more class with these methods, and a line in `router.carriers.choosing`."""

    async def book(self, tx: Transaction, shipment: Shipment, parcels: Mapping[str, str]) -> Booked:
        """Codes for parcels of a shipment that is being confirmed, which are given by id with what their carriers are
        called. A parcel may stay without. Raises problems.Refused with 409 when it must not be confirmed so."""

    async def label(self, tx: Transaction, shipment: Shipment, parcel: Parcel) -> LabelFacts | bytes:
        """The label of a parcel that has codes: what Sluice prints on it, or the PDF that the carrier made. Raises
        `NoLabel`, or `LabelLater` as long as the carrier is asked for it."""

    async def cancel(self, tx: Transaction, shipment: Shipment, parcel: Parcel) -> str | None:
        """Let the booking of a parcel be given up. Why there is nothing to give up, as a sentence; None if there is.
        Raises problems.Refused with 404 when it was never to be booked."""

    def track(
        self, parcel: Parcel, called: str | None, service: DeliveryService | None, links: Mapping[str, TrackingLink]
    ) -> tuple[str, ...]:
        """Where each code of a parcel is followed, by the links (by `key_of` their carriers) that are known. `called`
        is what its carrier is called, `service` what it is sent by, None when nobody knows."""
