"""A parcel that nShift books as the router's tests hand it over, and what its parties and the booker do with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from router.carriers.booker import Booker
from router.domain import Shipment
from router.store import bookings
from router.store.bookings import ClaimedBooking
from shared import sealing
from shared.postgres import Database
from shared.sealing import Sealer
from tests.router.examples import SUPPLIER
from tests.router.nshift_stand_in import StandIn
from tests.router.parcels import SHIPMENTS, confirmation, parcel

ACCOUNT = "/ecommerce/v3/tracking/accounts/W1"
GIVEN = {"user": "USER", "secret": "SECRET"}
KEY = sealing.new_key()
SEALER = Sealer([KEY])


@dataclass(frozen=True)
class Dispatch:
    """The one parcel of a shipment that goes through nShift. `supplier` and `retailer` are their headers."""

    client: httpx.AsyncClient
    database: Database
    booker: Booker
    nshift: StandIn
    supplier: dict[str, str]
    retailer: dict[str, str]
    shipment: Shipment

    @property
    def booking(self) -> str:
        """The address of the parcel's booking."""
        return f"{self._address}/parcels/1/booking"

    @property
    def key(self) -> str:
        """What the parcel is called at nShift."""
        return f"{self.shipment.shipment_id.hex}-1"

    @property
    def _address(self) -> str:
        return f"{SHIPMENTS}/{self.shipment.shipment_id}"

    async def account_is_given(self, **other: str) -> httpx.Response:
        """Let the retailer give the catalogue's account, or another."""
        return await self.client.put(ACCOUNT, json=GIVEN | other, headers=self.retailer)

    async def account_is_taken_away(self) -> httpx.Response:
        """Let the retailer take the catalogue's account away."""
        return await self.client.delete(ACCOUNT, headers=self.retailer)

    async def is_confirmed(self) -> None:
        """Let the supplier confirm the shipment."""
        sent = {"deliveryOperator": "Unifaun", "serviceCode": "PO2103"}
        change = confirmation(parcel("1", BOOTS=5, SOCKS=2) | sent)
        answer = await self.client.patch(self._address, json=change, headers=self.supplier)
        assert answer.status_code == 200, answer.text

    async def has_code_of_its_own(self, code: str = "OWN") -> None:
        """Let the supplier give the parcel a code of its own."""
        change = {"consignment": {"parcels": [{"parcelId": "1", "trackingCodes": [code]}]}}
        answer = await self.client.patch(self._address, json=change, headers=self.supplier)
        assert answer.status_code == 200, answer.text

    async def is_asked_for_again(self) -> httpx.Response:
        """Let the supplier ask for the booking once more."""
        return await self.client.post(self.booking, headers=self.supplier)

    async def is_given_up(self) -> httpx.Response:
        """Let the supplier give the booking up."""
        return await self.client.delete(self.booking, headers=self.supplier)

    async def is_claimed(self) -> ClaimedBooking:
        """Let a booker claim the booking, of which nothing is heard any more."""
        async with self.database.transaction() as tx:
            (claimed,) = await bookings.claim_bookings(tx, 8, 60)
        return claimed

    async def is_tried(self) -> int:
        """Let the booking be tried if it is due, and then the label that did not come along; how many were due."""
        return await book_due(self.booker, self.database)

    async def is_tried_later(self) -> int:
        """The same once what is to be tried later, or is leased, is due."""
        async with self.database.transaction() as tx:
            await tx.execute("UPDATE bookings SET next_at = now() - interval '1 second'")
        return await self.is_tried()

    async def shown(self) -> dict[str, Any]:
        """The booking as its supplier sees it."""
        answer = await self.client.get(self.booking, headers=self.supplier)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def stands(self) -> tuple[str, str | None]:
        """How the booking stands, and why."""
        shown = await self.shown()
        return shown["state"], shown.get("message")

    async def parcel(self) -> dict[str, Any]:
        """The parcel as its supplier sees it."""
        answer = await self.client.get(self._address, headers=self.supplier)
        shown: dict[str, Any] = answer.json()["consignment"]["parcels"][0]
        return shown

    async def codes(self) -> list[str]:
        """The codes the parcel is followed by."""
        codes: list[str] = (await self.parcel())["trackingCodes"]
        return codes

    async def label(self) -> bytes | None:
        """The label that is kept of the parcel."""
        async with self.database.transaction_of(SUPPLIER) as tx:
            label, _ = await bookings.label_of(tx, self.shipment.shipment_id, "1")
        return label

    async def label_is_asked_for(self) -> httpx.Response:
        """Let the supplier ask for the parcel's label."""
        return await self.client.get(f"{self._address}/parcels/1/label", headers=self.supplier)


@dataclass(frozen=True)
class Part:
    """As much of a service as a booker needs to run."""

    database: Database
    name: str = "router"


async def start(booker: Booker, database: Database) -> None:
    """Let a booker book what is due by itself."""
    await booker.start(Part(database))  # type: ignore[arg-type]


async def book_due(booker: Booker, database: Database) -> int:
    """Let what is due be tried, and then the labels that did not come along; how much was booked or given up."""
    tried = await booker.begin_due(database)
    await booker.finish()
    await booker.begin_due(database)
    await booker.finish()
    return tried


async def confirm_all(client: httpx.AsyncClient, supplier: dict[str, str], shipments: Sequence[Shipment]) -> None:
    """Confirm shipments of five boots each that go through nShift."""
    for shipment in shipments:
        change = confirmation(parcel("1", BOOTS=5) | {"deliveryOperator": "nShift"})
        await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=change, headers=supplier)
