"""Pickup points: finding the nearest, and replacing those of a carrier."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace as changed

from router.delivery import services
from router.domain import delivery_service, pickup_point
from router.domain.pickup_point import Address, PickupPoint, Place, Sought, Words
from router.store import pickup_points
from router.store.pickup_points import Wanted
from shared.postgres import Transaction

AT_ONCE = 2_000
"""Points are written so many at a time, so that progress can be told."""


async def found(
    tx: Transaction, sought: Sought, wanted: Wanted, service_codes: Collection[str] = (), *, limit: int
) -> list[PickupPoint]:
    """The points that are asked for, nearest first; `service_codes` leaves those that one of the services delivers to.

    Nothing is found near a place that nobody knows. When no place is asked for they come by country and postal code.
    """
    if service_codes:
        wanted = changed(wanted, reach=delivery_service.within_reach(await services.offered(tx), service_codes))
    match sought:
        case Words(words):
            return await pickup_points.points_with(tx, wanted, words, limit) if words else []
        case Place():
            return await pickup_points.nearest_points(tx, wanted, sought, limit)
        case Address():
            place = await _place_of(tx, sought, wanted.country)
            return [] if place is None else await pickup_points.nearest_points(tx, wanted, place, limit)
        case None:
            return await pickup_points.points(tx, wanted, limit)


async def _place_of(tx: Transaction, address: Address, country: str) -> Place | None:
    """Where an address is, as far as points tell: in the middle of those with its postal code, else of those whose code
    begins like it for longest, else of those in its city. None when they tell nothing.
    """
    if address.postal_key:
        neighbours = await pickup_points.neighbouring_codes(tx, address.postal_key, country)
        if start := pickup_point.common_start(address.postal_key, neighbours):
            return await pickup_points.middle_of_codes(tx, start, country)
    return await pickup_points.middle_of_city(tx, address.city_key, country) if address.city_key else None


async def replace(
    tx: Transaction,
    points: Sequence[PickupPoint],
    providers: Collection[str],
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Put these points in the place of all that these providers had. `progress` is told how many more are written.

    Whoever reads meanwhile sees the old ones until the transaction commits.
    """
    await pickup_points.lock_points(tx)
    await pickup_points.delete_points(tx, providers)
    for first in range(0, len(points), AT_ONCE):
        written = points[first : first + AT_ONCE]
        await pickup_points.save_points(tx, written)
        progress(len(written))
    await pickup_points.analyse_points(tx)
