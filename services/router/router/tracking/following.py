"""Where the parcels of shipments are followed: their carriers, and the carriers' addresses."""

from collections.abc import Mapping
from dataclasses import dataclass

from router.carriers import choosing
from router.delivery import services
from router.domain import coding
from router.domain.delivery_service import DeliveryService
from router.domain.shipment import Parcel, Shipment
from router.domain.tracking_link import TrackingLink
from router.tracking import links
from shared.postgres import Transaction


@dataclass(frozen=True)
class Following:
    """The addresses by carrier, and the services by id, by which a parcel that names no carrier has one."""

    links: Mapping[str, TrackingLink]
    services: Mapping[str, DeliveryService]

    def links_of(self, parcel: Parcel) -> tuple[str, ...]:
        """Where each code of a parcel is followed; nothing when its carrier has no address or is not known."""
        if not parcel.tracking_codes:
            return ()
        carrier = coding.carrier_of(parcel, self.services)
        service = self.services.get(parcel.service_code or "")
        return choosing.called(carrier).track(parcel, carrier, service, self.links)


NOTHING = Following({}, {})
"""For shipments that have no codes."""


async def following_of(tx: Transaction, shipment: Shipment) -> Following:
    """Where the parcels of a shipment are followed. Nothing is asked for one without codes."""
    return await following(tx) if any(parcel.tracking_codes for parcel in shipment.parcels) else NOTHING


async def following(tx: Transaction) -> Following:
    """Where parcels are followed, as an operator has set it."""
    by_id = {service.id: service for service in await services.offered(tx)}
    return Following(await links.offered(tx), by_id)
