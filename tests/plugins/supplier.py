"""A supplier's back office that was built for the public interface: it polls for shipments, packs, splits and confirms.

Knows nothing of Sluice but the interface, and keeps what it is answered, as the interface demands. By hand:

    python -m tests.plugins.supplier http://127.0.0.1:8080 demo-supplier demo-secret-for-this-machine
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

Json = dict[str, Any]


class Supplier:
    """One supplier with its key. `known` are the shipments as it was answered last, by their ids."""

    def __init__(self, client: httpx.AsyncClient, account: str, secret: str) -> None:
        self.client = client
        self.known: dict[str, Json] = {}
        self._key = httpx.BasicAuth(account, secret)
        self._headers: Mapping[str, str] = {}

    async def log_in(self) -> Json:
        """Fetch a token for all that follows."""
        token: Json = _told(await self.client.get("/auth/token", auth=self._key))
        self._headers = {"Authorization": f"Bearer {token['access_token']}"}
        return token

    async def publish(self, products: Sequence[Mapping[str, Any]]) -> list[Json]:
        """Publish products with their balances; the errors are those of single items."""
        told = _told(await self.client.put("/ecommerce/v3/inventory", json=products, headers=self._headers))
        assert isinstance(told, list)
        return told

    async def poll(self, since: datetime) -> list[Json]:
        """The shipments made since then that it has to do something about, page by page of the usual size."""
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        found: list[Json] = []
        number, pages = 0, 1
        while number < pages:
            query = f"from={moment}&status=Created,Viewed&page={number}"
            page = _told(await self.client.get(f"/ecommerce/v3/shipments?{query}", headers=self._headers))
            found += page["content"]
            number, pages = number + 1, page["page"]["totalPages"]
        self.known.update({shipment["shipmentId"]: shipment for shipment in found})
        return found

    async def view(self, shipment_id: str) -> Json:
        """Tell that somebody has seen the shipment."""
        return await self._change("PATCH", shipment_id, {"status": {"value": "Viewed"}})

    async def split(self, shipment_id: str, first: Mapping[str, float]) -> Json:
        """Pack so much of each product into the first parcel, the rest into a second one, and hand both over."""
        rows = self.known[shipment_id]["consignment"]["rows"]
        second = {row["itemId"]: row["quantity"] - first.get(row["itemId"], 0) for row in rows}
        one = {"parcelId": "1", "packageType": "PC", "ready": True, "rows": _packed(rows, first)}
        other = {
            "parcelId": "2",
            "packageType": "PC",
            "serviceCode": "2103",
            "pickupPointId": "002303200",
            "routingServiceCode": "3200",
            "ready": True,
            "rows": _packed(rows, second),
        }
        return await self._change("PUT", shipment_id, _confirmation(one, other))

    async def deliver(self, shipment_id: str, quantities: Mapping[str, float], *codes: str) -> Json:
        """Hand over these quantities in one parcel; what is left out is listed with 0. `codes` are a carrier's own."""
        rows = self.known[shipment_id]["consignment"]["rows"]
        parcel: Json = {"parcelId": "1", "packageType": "PC", "ready": True, "rows": _packed(rows, quantities)}
        if codes:
            parcel["trackingCodes"] = list(codes)
        return await self._change("PATCH", shipment_id, _confirmation(parcel))

    async def deliver_all(self, shipment_id: str) -> Json:
        """Hand over all of it, without a word about parcels."""
        return await self._change("POST", f"{shipment_id}/delivered", None)

    async def _change(self, method: str, path: str, body: Json | None) -> Json:
        address = f"/ecommerce/v3/shipments/{path}"
        changed: Json = _told(await self.client.request(method, address, headers=self._headers, json=body))
        self.known[changed["shipmentId"]] = changed
        return changed


def _packed(rows: Sequence[Mapping[str, Any]], quantities: Mapping[str, float]) -> list[Json]:
    return [
        {
            "externalWarehouseId": row["externalWarehouseId"],
            "itemId": row["itemId"],
            "deliveredQuantity": quantities.get(row["itemId"], 0),
            "quantity": row["quantity"],
        }
        for row in rows
    ]


def _confirmation(*parcels: Json) -> Json:
    return {"status": {"value": "Delivered"}, "consignment": {"parcels": list(parcels)}}


def _told(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


async def _work(address: str, account: str, secret: str) -> None:
    """See all shipments of the last day, and hand over the first."""
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
        supplier = Supplier(client, account, secret)
        await supplier.log_in()
        shipments = await supplier.poll(datetime.now(UTC) - timedelta(days=1))
        print(f"{len(shipments)} shipments to send")
        for shipment in shipments[:1]:
            await supplier.view(shipment["shipmentId"])
            delivered = await supplier.deliver_all(shipment["shipmentId"])
            print(f"shipment {delivered['shipmentId']}: {delivered['status']['value']}")


if __name__ == "__main__":
    asyncio.run(_work(*sys.argv[1:4]))
