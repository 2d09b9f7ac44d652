"""How a retailer changes its mind about an order: cancelled for good, released once, and sent elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from router.domain import bundling
from router.domain.record import Happening, Route, with_history
from shared.contracts import Delivery, OrderAmended

BY_RETAILER = "cancelled by the retailer"
RELEASED = "released"


@dataclass(frozen=True)
class Amendment:
    """What has been said of an order after it was placed, in one: its newest version, and what it never goes back on.

    `delivery` is None when nothing was said of it. Rows in `no_waiting` are not to wait for stock any more.
    """

    order_id: UUID
    version: int = 0
    held: bool = True
    delivery: Delivery | None = None
    cancelled: Happening | None = None
    no_waiting: tuple[str, ...] = ()

    def merged(self, other: "Amendment") -> "Amendment":
        """Both in one, whichever was said first: cancelled stays cancelled, released stays released."""
        older, newer = sorted((self, other), key=lambda amendment: amendment.version)
        cancellations = [amendment.cancelled for amendment in (self, other) if amendment.cancelled is not None]
        return Amendment(
            order_id=self.order_id,
            version=newer.version,
            held=older.held and newer.held,
            delivery=newer.delivery or older.delivery,
            cancelled=min(cancellations, key=lambda cancelled: cancelled.at, default=None),
            no_waiting=tuple(dict.fromkeys((*older.no_waiting, *newer.no_waiting))),
        )


def amendment(said: OrderAmended) -> Amendment:
    """What an event says."""
    cancelled = Happening(at=said.amended_at, cause=BY_RETAILER) if said.cancelled else None
    return Amendment(said.order_id, said.version, said.held, said.delivery, cancelled, said.no_waiting)


def replacement(replaced: UUID, by: UUID, at: datetime) -> Amendment:
    """What it means for an order that another one takes its place."""
    return Amendment(replaced, cancelled=Happening(at=at, cause=f"replaced by {by}"))


def merged(amendments: Iterable[Amendment]) -> dict[UUID, Amendment]:
    """One amendment for each order."""
    found: dict[UUID, Amendment] = {}
    for said in amendments:
        known = found.get(said.order_id)
        found[said.order_id] = said if known is None else known.merged(said)
    return found


def amend(route: Route, said: Amendment) -> Route:
    """The order with a change of mind: of deliveries the highest version wins, a cancelled order is never wanted again.

    Of a cancelled order nothing else is heard. A released one is not held again, and rows that were not to wait any
    more never do, whatever comes late; of a bundle then no row waits.
    """
    if route.cancelled is not None:
        return route
    newer = said.version > route.amended
    changed = replace(
        route,
        held=route.held and said.held,
        amended=max(route.amended, said.version),
        amended_delivery=said.delivery if newer and said.delivery is not None else route.amended_delivery,
        cancelled=said.cancelled,
        no_waiting=tuple(bundling.with_mates(route.order, (*route.no_waiting, *said.no_waiting))),
    )
    if said.cancelled is None or route.record is None:
        return changed
    return replace(changed, record=with_history(route.record, said.cancelled))
