"""The carriers that nShift books, as the router asks them: what nShift itself is asked, the booker asks later."""

from collections.abc import Mapping

from router.carriers.carrier import Booked, LabelLater, NoLabel
from router.domain import Parcel, Shipment, tracking_link
from router.domain.delivery_service import DeliveryService
from router.domain.tracking_link import TrackingLink
from router.papers.facts import LabelFacts
from router.store import bookings
from shared import problems
from shared.postgres import Transaction


class ThroughNShift:
    """Whoever carries what nShift books; see `Carrier`."""

    async def book(self, tx: Transaction, shipment: Shipment, parcels: Mapping[str, str]) -> Booked:
        """All later."""
        return Booked(later=tuple(parcels))

    async def label(self, tx: Transaction, shipment: Shipment, parcel: Parcel) -> LabelFacts | bytes:
        """The label that nShift made, whose layout is the carrier's own."""
        made, is_to_come = await bookings.label_of(tx, shipment.shipment_id, parcel.parcel_id)
        if is_to_come:
            raise LabelLater("nShift has not given it yet")
        if made is None:
            raise NoLabel("nShift has given none")
        return made

    async def cancel(self, tx: Transaction, shipment: Shipment, parcel: Parcel) -> str | None:
        """The booker tells nShift."""
        if await bookings.cancel_booking(tx, shipment.shipment_id, parcel.parcel_id):
            return None
        stands = await bookings.booking_of(tx, shipment.shipment_id, parcel.parcel_id)
        if stands is None:
            raise problems.not_found(f"booking of parcel {parcel.parcel_id}")
        return f"The booking is {stands.state}, so there is nothing to give up"

    def track(
        self, parcel: Parcel, called: str | None, service: DeliveryService | None, links: Mapping[str, TrackingLink]
    ) -> tuple[str, ...]:
        """Who carries what nShift books, only the service says."""
        return tracking_link.links_of(parcel, called if service is None else service.delivery_operator, links)
