"""What becomes of a promise once its shipment moves on, or it is not wanted any more."""

from dataclasses import dataclass, replace
from decimal import Decimal

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Promise:
    """A taking as it stands: delivered + returned is at most its quantity. `version`: the shipment's, as last seen.

    `withdrawn` turned out not to be there and is not in the quantity any more. `released` is what was let go of in
    parts, of which no shipment was made.
    """

    quantity: Decimal
    delivered: Decimal
    returned: Decimal
    version: int
    withdrawn: Decimal = NOTHING
    released: Decimal = NOTHING

    @property
    def open(self) -> Decimal:
        """What is neither delivered nor returned."""
        return self.quantity - self.delivered - self.returned


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of a taking a shipment says was delivered so far, of how much that is in it.

    Once closed, the rest is not coming.
    """

    delivered: Decimal
    closed: bool
    version: int
    quantity: Decimal


def settle(promise: Promise, progress: Progress) -> Promise | None:
    """The promise after the news, or None when the news is old.

    Delivered counts up to what was promised and not returned, and never falls. What was withdrawn and is delivered in
    spite of it was there: it is promised again. What the shipment does not have any more is returned, and so is the
    undelivered rest of a closed one. Once all is delivered or returned, news changes nothing more.
    """
    if progress.version <= promise.version:
        return None
    found = min(max(NOTHING, progress.delivered - (promise.quantity - promise.returned)), promise.withdrawn)
    quantity = promise.quantity + found
    delivered = max(promise.delivered, min(progress.delivered, quantity - promise.returned))
    gone = quantity if progress.closed else quantity - progress.quantity
    return Promise(
        quantity,
        delivered,
        max(promise.returned, min(gone, quantity - delivered)),
        progress.version,
        promise.withdrawn - found,
        promise.released,
    )


def let_go(promise: Promise, delivered: Decimal) -> Promise:
    """The promise of an order that is not wanted any more: what is not delivered is returned.

    Delivered is what is known, or what is said if that is more. Let go again, it is the same.
    """
    kept = max(promise.delivered, min(delivered, promise.quantity - promise.returned))
    return replace(promise, delivered=kept, returned=promise.quantity - kept)


def give_back(promise: Promise, quantity: Decimal) -> Promise:
    """The promise when so much of it is not wanted any more: that is returned, as far as it is open.

    A shipment that was made of the rest may have said already how little it is: nothing is returned twice.
    """
    released = promise.released + quantity
    returned = max(promise.returned, min(released, promise.quantity - promise.delivered))
    return replace(promise, returned=returned, released=released)
