"""What becomes of a promise once its shipment moves on."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Promise:
    """A taking as it stands: delivered + returned is at most its quantity. `version`: the shipment's, as last seen."""

    quantity: Decimal
    delivered: Decimal
    returned: Decimal
    version: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of a taking a shipment says was delivered so far; once closed, the rest is not coming."""

    delivered: Decimal
    closed: bool
    version: int


def settle(promise: Promise, progress: Progress) -> Promise | None:
    """The promise after the news, or None when the news is old.

    Delivered counts up to what was promised and not returned, and never falls; the undelivered rest of a closed
    shipment is returned. Once all is delivered or returned, news changes nothing more.
    """
    if progress.version <= promise.version:
        return None
    delivered = max(promise.delivered, min(progress.delivered, promise.quantity - promise.returned))
    returned = promise.quantity - delivered if progress.closed else promise.returned
    return Promise(promise.quantity, delivered, returned, progress.version)


def let_go(promise: Promise, delivered: Decimal) -> Promise:
    """The promise of an order that is not wanted any more: what is not delivered is returned.

    Delivered is what is known, or what is said if that is more. Let go again, it is the same.
    """
    kept = max(promise.delivered, min(delivered, promise.quantity - promise.returned))
    return Promise(promise.quantity, kept, promise.quantity - kept, promise.version)
