"""What suppliers send of their parcels, and what they are answered."""

from typing import Any

SHIPMENTS = "/ecommerce/v3/shipments"


def confirmation(*parcels: dict[str, Any]) -> dict[str, Any]:
    """A confirmation of what is delivered."""
    return {"status": {"value": "Delivered"}, "consignment": {"parcels": list(parcels)}}


def parcel(parcel_id: str, **delivered: int) -> dict[str, Any]:
    """A parcel of W1 as a supplier sends it, which repeats what was ordered."""
    rows = [
        {"externalWarehouseId": "W1", "itemId": item, "deliveredQuantity": quantity, "quantity": 5.0}
        for item, quantity in delivered.items()
    ]
    return {"parcelId": parcel_id, "packageType": "PC", "ready": True, "rows": rows}


def delivered(body: dict[str, Any]) -> dict[str, int]:
    """How much of each product an answered shipment delivered."""
    return {shown["itemId"]: shown["deliveredQuantity"] for shown in body["consignment"]["rows"]}
