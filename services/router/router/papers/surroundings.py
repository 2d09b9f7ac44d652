"""What the papers of a parcel say beside what is stored of its shipment."""

from router.delivery import services
from router.domain import Parcel, Shipment
from router.papers import gathering
from router.papers.gathering import Surroundings
from router.papers.letterhead import Printed
from router.store import pickup_points
from shared.postgres import Transaction


async def of(tx: Transaction, shipment: Shipment, parcel: Parcel, printed: Printed) -> Surroundings:
    """The carriers' services, the pickup point that a parcel is sent to, and what its retailer has printed."""
    offered = await services.offered(tx)
    called = await pickup_points.points_called(tx, parcel.pickup_point_id) if parcel.pickup_point_id else []
    return Surroundings(
        services=offered,
        point=gathering.point_meant(parcel, offered, called),
        printed=printed,
    )
