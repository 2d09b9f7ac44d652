"""What a carrier's own system is asked over the network, whichever it is, by the booker and outside any transaction.

One more of them is one more class with these methods, behind a `router.carriers.carrier.Carrier`.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from shared.contracts import AdditionalService, Party


@dataclass(frozen=True)
class Account:
    """The account that books, and the sender as the carrier's system knows it, if it does."""

    user: str
    secret: str
    sender_quick_id: str | None = None

    def __repr__(self) -> str:
        """Without the secret: a trace or a log line must not have it."""
        return f"Account({self.user!r})"


@dataclass(frozen=True)
class ParcelToBook:
    """A parcel as a carrier must know it. `key` is the same whenever this parcel is meant, and no other's.

    `reference` is the order's number; `weight` is in kg, None when nobody said.
    """

    key: str
    reference: str
    service_code: str
    sender: Party | None
    receiver: Party
    additional_services: tuple[AdditionalService, ...] = ()
    pickup_point_id: str | None = None
    package_type: str = "PC"
    weight: Decimal | None = None
    contents: str = ""


@dataclass(frozen=True)
class Booked:
    """A parcel that is booked: its id at the carrier, the codes it is followed by, the label (PDF) if it came along."""

    carrier_id: str
    codes: tuple[str, ...]
    label: bytes | None = None


class System(Protocol):
    """A carrier's system. Every method raises `Refused`, `NotNow` or `Unanswered` when it does not do as asked."""

    async def book(self, parcel: ParcelToBook, account: Account, *, maybe_booked: bool) -> Booked:
        """Book a parcel. With `maybe_booked` it may have been booked before without our hearing of it: it is looked for
        first, and never booked a second time. Raises `Lost` when that cannot be told."""

    async def label(self, carrier_id: str, account: Account) -> bytes:
        """The label (PDF) of a parcel that is booked."""

    async def cancel(self, carrier_id: str, account: Account) -> None:
        """Give up a booking. Raises `Gone` when this account has none of that id, or none any more."""

    async def withdraw(self, key: str, account: Account) -> None:
        """After a try to book that was not answered, see to it that nothing is booked under the parcel's key. Raises
        `Lost` when that cannot be told."""

    async def close(self) -> None:
        """Close what is open; it may be asked again afterwards."""


class Refused(Exception):
    """The carrier says no, and will say so again; the text is for people."""


class Gone(Refused):
    """The carrier has not, or no longer, what it is asked about, as far as the account sees."""


class NotNow(Exception):
    """The carrier did nothing, and may do it later."""


class Unanswered(Exception):
    """The carrier was asked and did not answer: it may have done it."""


class Lost(Exception):
    """A parcel may be booked, and the carrier cannot say whether it is: a person has to look."""
