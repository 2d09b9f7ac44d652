"""Bookings at nShift as the router's tests make them and look at them."""

from typing import Any

import httpx

from router.carriers.booker import Booker
from router.domain import Shipment
from shared import sealing
from shared.postgres import Database
from shared.sealing import Sealer
from tests.router.parcels import SHIPMENTS, confirmation, parcel

ACCOUNT = "/ecommerce/v3/tracking/accounts/W1"
GIVEN = {"user": "USER", "secret": "SECRET"}
KEY = sealing.new_key()
SEALER = Sealer([KEY])


async def confirm(client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment) -> str:
    """Confirm a shipment that goes through nShift; the address of its parcel's booking."""
    sent = {"deliveryOperator": "Unifaun", "serviceCode": "PO2103"}
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    packed = confirmation(parcel("1", BOOTS=5, SOCKS=2) | sent)
    answer = await client.patch(address, json=packed, headers=supplier)
    assert answer.status_code == 200, answer.text
    return f"{address}/parcels/1/booking"


async def packed(client: httpx.AsyncClient, supplier: dict[str, str], address: str) -> dict[str, Any]:
    """The parcel of a booking, as it is answered."""
    answer = await client.get(address.partition("/parcels")[0], headers=supplier)
    shown: dict[str, Any] = answer.json()["consignment"]["parcels"][0]
    return shown


async def state(client: httpx.AsyncClient, headers: dict[str, str], address: str) -> tuple[str, str | None]:
    """How a booking stands, and why."""
    answer = await client.get(address, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["state"], answer.json().get("message")


async def book_due(booker: Booker, database: Database) -> int:
    """Let what is due be tried, and then the labels that did not come along; how much was booked or given up."""
    tried = await booker.begin_due(database)
    await booker.finish()
    await booker.begin_due(database)
    await booker.finish()
    return tried


async def let_time_pass(database: Database) -> None:
    """Let what is to be tried later, or is leased, be due."""
    async with database.transaction() as tx:
        await tx.execute("UPDATE bookings SET next_at = now() - interval '1 second'")
