"""Keeping what became of orders: how they stand, their shipments, what is asked next, and word of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from router import domain, store
from router.domain import Ask, NewShipment, Route, Shipment
from shared import outbox
from shared.contracts import PartRelease, ReleaseParts
from shared.postgres import Transaction


@dataclass(frozen=True)
class Kept:
    """An order as it was and as it is now, and all that follows.

    `smaller` are shipments that shrank or were called off. `asked_at` is when inventory was asked for what it has just
    answered, None for the first round. What changes nothing but the reasons is not told.
    """

    before: Route
    after: Route
    shipments: tuple[NewShipment, ...] = ()
    smaller: tuple[Shipment, ...] = ()
    releases: tuple[PartRelease, ...] = ()
    ask: Ask | None = None
    asked_at: datetime | None = None

    @property
    def told(self) -> bool:
        """Whether the order book is told: whenever there is a new round, and of each first decision."""
        return self.before.record is None or self.before.round != self.after.round

    @property
    def replanned(self) -> bool:
        """Whether more is known of its candidates."""
        return self.before.plan is not self.after.plan or self.before.later is not self.after.later


async def keep(tx: Transaction, kept: Sequence[Kept]) -> None:
    """Write what became of orders, whose routes and shipments are locked, and say it."""
    if not kept:
        return
    await store.save_decided(tx, [one.after for one in kept])
    replanned = [one.after for one in kept if one.replanned]
    if replanned:
        await store.save_candidates(tx, replanned)
    shipments = [shipment for one in kept for shipment in one.shipments]
    if shipments:
        await store.save_shipments(tx, shipments)
        await store.save_shipment_rows(tx, shipments)
    smaller = [shipment for one in kept for shipment in one.smaller]
    if smaller:
        await store.save_amended_shipments(tx, smaller)
        await store.save_shrunk(tx, smaller)
    asks = [one.ask for one in kept if one.ask is not None]
    if asks:
        await store.save_asks(tx, asks)
    await _keep_unserved(tx, kept)
    await outbox.put(
        tx,
        *(shipment.created for shipment in shipments),
        *(domain.shipment_changed(shipment) for shipment in smaller),
        *(release for one in kept for release in releases(one.after, one.releases)),
        *(ask.request for ask in asks),
        *(domain.order_routed(one.after) for one in kept if one.told),
    )


def releases(route: Route, parts: Sequence[PartRelease]) -> Iterable[ReleaseParts]:
    """The command to let go of parts of an order; none when there are no parts."""
    if parts:
        yield ReleaseParts(order_id=route.order.order_id, retailer_id=route.order.retailer_id, parts=tuple(parts))


async def _keep_unserved(tx: Transaction, kept: Sequence[Kept]) -> None:
    """Keep the list of what nobody could serve true."""
    gone: list[tuple[UUID, str]] = []
    news: list[tuple[Route, datetime | None]] = []
    for one in kept:
        before = domain.unserved(one.before.standing)
        after = domain.unserved(one.after.standing)
        gone.extend((one.after.order.order_id, row) for row in before.keys() - after.keys())
        if after and (after, domain.barred(one.after.standing)) != (before, domain.barred(one.before.standing)):
            news.append((one.after, one.asked_at))
    if gone:
        await store.forget_unserved(tx, sorted(gone))
    if news:
        await store.save_unserved(tx, news)
