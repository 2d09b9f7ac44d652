"""How long a supplier may leave a shipment unopened: at half of its time it is reminded, at the end it has declined."""

from datetime import datetime

from router.domain.shipment import Shipment
from shared.contracts import ShipmentReminded

NOT_ACCEPTED = "not accepted in time"
"""What a supplier that answers too late is told."""


def shipment_reminded(shipment: Shipment, accept_by: datetime, at: datetime) -> ShipmentReminded:
    """The event that tells of a reminder, and until when its supplier has time now."""
    return ShipmentReminded(
        shipment_id=shipment.shipment_id,
        order_id=shipment.order_id,
        order_external_id=shipment.order_external_id,
        retailer_id=shipment.retailer_id,
        supplier_id=shipment.supplier_id,
        catalogue_id=shipment.catalogue_id,
        accept_by=accept_by,
        reminded_at=at,
    )
