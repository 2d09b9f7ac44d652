"""A shop that was built for the public interface, as plugins are: it mirrors stock, orders, follows, changes its mind.

Knows nothing of Sluice but the interface, its quirks included: the second `?` in the addresses of further pages, the
bodies that are an empty text, the offsets in its dates. By hand:

    python -m tests.plugins.shop http://127.0.0.1:8080 demo-retailer demo-secret-for-this-machine
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

Json = dict[str, Any]

FOLLOW_S, LOOK_EVERY_S = 60.0, 0.2


class Shop:
    """One shop with its key."""

    def __init__(self, client: httpx.AsyncClient, account: str, secret: str) -> None:
        self.client = client
        self._key = httpx.BasicAuth(account, secret)
        self._headers: Mapping[str, str] = {}

    async def log_in(self) -> Json:
        """Fetch a token for all that follows."""
        answer = await self.client.get("/auth/token", auth=self._key, headers={"Accept": "application/json"})
        token = _object(answer)
        self._headers = {"Authorization": f"Bearer {token['access_token']}", "User-Agent": "shop-plugin/1.0"}
        return token

    async def catalogues(self) -> list[Json]:
        """The shop's catalogues. Only the first page is ever read."""
        return list((await self._get("/ecommerce/v3/catalogs?role=RETAILER"))["content"])

    async def products(self, catalogue: Mapping[str, Any], size: int) -> list[Json]:
        """All products of a catalogue with their balances, over addresses with one `?` too many."""
        address = (
            f"/ecommerce/v3/inventory?retailerId={catalogue['retailerId']}&catalogExternalId={catalogue['externalId']}"
        )
        found: list[Json] = []
        number, pages = 0, 1
        while number < pages:
            page = await self._get(f"{address}?size={size}" + (f"?size={size}&page={number}" if number else ""))
            found += page["content"]
            number, pages = number + 1, page["page"]["totalPages"]
        return found

    async def stock_changes(self, since: datetime, size: int = 100) -> list[Json]:
        """The balances that changed in any catalogue since then."""
        moment = quote(since.astimezone(UTC).isoformat(timespec="milliseconds"), safe="")
        return await self._pages(f"/ecommerce/v3/catalogs/balances?modifiedFromDate={moment}&size={size}")

    async def changed_orders(self, since: datetime, size: int = 30) -> list[Json]:
        """The orders that changed since then."""
        moment = quote(since.astimezone(UTC).isoformat(timespec="milliseconds"), safe="")
        return await self._pages(f"/ecommerce/v3/orders?modifiedFromDate={moment}&size={size}")

    async def place(self, order: Mapping[str, Any]) -> Json:
        """Place an order. Only 200 counts as placed; after 502 and 503 it is tried again, three times in all."""
        for _ in range(3):
            answer = await self.client.post("/ecommerce/v3/orders", json=order, headers=self._headers)
            if answer.status_code == 200:
                return _object(answer)
            assert answer.status_code in (502, 503), answer.text
            await asyncio.sleep(1)
        raise AssertionError("an order was not taken in three tries")

    async def order(self, number: str) -> Json:
        """An order as it is now."""
        return await self._get(f"/ecommerce/v3/orders/{quote(number, safe='')}")

    async def follow(self, number: str, *statuses: str) -> Json:
        """An order once it has one of these statuses."""
        async with asyncio.timeout(FOLLOW_S):
            while (order := await self.order(number))["status"]["value"] not in statuses:
                await asyncio.sleep(LOOK_EVERY_S)
        return order

    async def cancel(self, number: str) -> Json:
        """Cancel an order: a status, and nothing else."""
        return await self._send("PUT", number, b'{"status":{"value":"Cancelled"}}')

    async def reopen(self, number: str) -> Json:
        """Open a cancelled or delivered order again: an empty text, and nothing else."""
        return await self._send("POST", number, b'""')

    async def _send(self, method: str, number: str, body: bytes) -> Json:
        address = f"/ecommerce/v3/orders/{quote(number, safe='')}"
        headers = {**self._headers, "Content-Type": "application/json"}
        answer = await self.client.request(method, address, content=body, headers=headers)
        assert answer.content, "an empty answer shows as a technical error in the shop"
        return _object(answer)

    async def _pages(self, address: str) -> list[Json]:
        found: list[Json] = []
        number, pages = 0, 1
        while number < pages:
            page = await self._get(f"{address}&page={number}")
            found += page["content"]
            number, pages = number + 1, page["page"]["totalPages"]
        return found

    async def _get(self, address: str) -> Json:
        return _object(await self.client.get(address, headers=self._headers))


def new_order(number: str, rows: Sequence[Mapping[str, Any]]) -> Json:
    """An order as shops send it; each row says product, catalogue and quantity."""
    buyer = {
        "externalId": "100060",
        "name": "Liisa Ostaja",
        "streetAddress": "Rantatie 3",
        "postalCode": "33100",
        "postOffice": "Tampere",
        "country": "FI",
        "telephone": "+358501234567",
        "email": "liisa@example.com",
    }
    seller = {
        "name": "Webshop Oy",
        "streetAddress": "Kauppakatu 7",
        "postalCode": "00230",
        "postOffice": "Helsinki",
        "country": "FI",
        "email": "shop@example.com",
    }
    return {
        "externalId": number,
        "orderDate": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "metadata": {"documentType": "SalesOrder", "client": "shop-plugin/1.0"},
        "vendor": seller,
        "sender": seller,
        "client": buyer,
        "recipient": buyer,
        "deliveryAddress": buyer,
        "currency": "EUR",
        "serviceCode": "2103",
        "routingServiceCode": "3200",
        "pickupPointId": "",
        "totalPrice": 20.1,
        "totalTax": 5.3,
        "totalWholeSalePrice": 25.4,
        "rows": [
            {
                "externalId": str(position),
                "externalProductId": row["product"],
                "productEANCode": "",
                "productUnitOfMeasure": "KPL",
                "productDescription": f"{row['product']} as the shop calls it",
                "externalWarehouseId": row["catalogue"],
                "quantity": row["quantity"],
            }
            for position, row in enumerate(rows, 1)
        ],
        "additionalServices": [{"serviceCode": "3376"}],
        "comments": [{"type": "pickingNote", "value": "ring the bell"}],
        "preferences": {"autoSubmit": True},
    }


def _told(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


def _object(answer: httpx.Response) -> Json:
    told = _told(answer)
    assert isinstance(told, dict), f"{answer.request.url} answered {type(told).__name__}"
    return told


async def _visit(address: str, account: str, secret: str) -> None:
    """Look around, order one piece of the first product in stock, and take the order back."""
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
        shop = Shop(client, account, secret)
        await shop.log_in()
        began = datetime.now(UTC)
        catalogues = await shop.catalogues()
        print(f"{len(catalogues)} catalogues")
        catalogue = catalogues[0]
        products = await shop.products(catalogue, 2_000)
        print(f"{len(products)} products in {catalogue['externalId']}")
        product = next(item for item in products if any(balance["quantity"] >= 1 for balance in item["balances"]))
        row = {"product": product["product"]["externalId"], "catalogue": catalogue["externalId"], "quantity": 1}
        placed = await shop.place(new_order(f"VISIT-{began:%Y%m%d-%H%M%S}", [row]))
        number = placed["externalId"]
        print(f"order {number}: {(await shop.follow(number, 'Created', 'Viewed'))['status']['value']}")
        print(f"{len(await shop.stock_changes(began))} balances changed since")
        print(f"order {number}: {(await shop.cancel(number))['status']['value']}")


if __name__ == "__main__":
    asyncio.run(_visit(*sys.argv[1:4]))
