"""What is sent and answered about returns, as short as a test wants to write it."""

from typing import Any

import httpx

from router.domain import Shipment
from tests.router.parcels import SHIPMENTS

RETURNS = "/ecommerce/v3/returns"

Headers = dict[str, str]

WAREHOUSE = {
    "name": "Supplier Oy, returns",
    "streetAddress": "Varastokatu 3",
    "postalCode": "33100",
    "postOffice": "Tampere",
    "country": "FI",
}
"""Where the supplier takes what comes back."""


async def deliver(client: httpx.AsyncClient, headers: Headers, shipment: Shipment, **parcel: Any) -> None:
    """The supplier has delivered a shipment whole, in a parcel like this."""
    change = {"status": {"value": "Delivered"}, "consignment": {"parcels": [{"parcelId": "1", **parcel}]}}
    answer = await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=change, headers=headers)
    assert answer.status_code == 200, answer.text


def registration(shipment: Shipment, *rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """That rows of a shipment come back; two pairs of boots unless told otherwise."""
    return {"shipmentId": str(shipment.shipment_id), "rows": list(rows or (entry("1", 2),)), **fields}


def entry(row_id: str, quantity: float, reason: str = "DoesNotFit", **fields: Any) -> dict[str, Any]:
    """A row that comes back."""
    return {"externalId": row_id, "quantity": quantity, "reason": reason, **fields}


async def register(
    client: httpx.AsyncClient, headers: Headers, shipment: Shipment, *rows: dict[str, Any], **fields: Any
) -> dict[str, Any]:
    """The return that was registered."""
    answer = await client.post(RETURNS, json=registration(shipment, *rows, **fields), headers=headers)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def receive(
    client: httpx.AsyncClient, headers: Headers, returned: dict[str, Any], *rows: dict[str, Any], **fields: Any
) -> httpx.Response:
    """The answer to the supplier who says what came."""
    return await client.post(
        f"{RETURNS}/{returned['returnId']}/receipt", json={"rows": list(rows), **fields}, headers=headers
    )
