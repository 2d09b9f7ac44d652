"""A world of a journey's own, so that journeys do not disturb each other: a retailer, suppliers, warehouses with stock.

Everything in it is made, asked and done the way its people do it, over HTTP; only organisations are registered by
the function behind `sluice organisation add`.
"""

import email
import email.policy
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import httpx

from deploy.local import demo, demo_world
from deploy.local.demo_world import Party
from portal import organisations
from tests import builders
from tests.journeys.running import Running

CONSUMER = {
    "name": "Maija Meikäläinen",
    "streetAddress": "Kotikatu 1",
    "postalCode": "90900",
    "postOffice": "Kiiminki",
    "country": "FI",
}


@dataclass(frozen=True)
class Caller:
    """An organisation that speaks to the system with a token of its own."""

    party: Party
    client: httpx.AsyncClient
    headers: Mapping[str, str]

    @property
    def id(self) -> str:
        """Its business id."""
        return self.party.business_id

    async def ask(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        """Whatever the system answers. A body of bytes goes as it is."""
        content = {"content": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        headers = {**self.headers, "Content-Type": "application/json"}
        return await self.client.request(method, path, headers=headers, params=query, **content)

    async def get(self, path: str, **query: str) -> Any:
        """What it reads."""
        return _read(await self.ask("GET", path, **query))

    async def put(self, path: str, body: Any) -> Any:
        """What it is answered when it puts something."""
        return _read(await self.ask("PUT", path, body))

    async def shipments(self) -> list[dict[str, Any]]:
        """Its shipments, oldest first."""
        listed: list[dict[str, Any]] = (await self.get("/ecommerce/v3/shipments"))["content"]
        return listed

    async def change_shipment(self, shipment: Mapping[str, Any], **change: Any) -> dict[str, Any]:
        """The shipment after a change."""
        path = f"/ecommerce/v3/shipments/{shipment['shipmentId']}"
        changed: dict[str, Any] = _read(await self.ask("PATCH", path, change))
        return changed

    async def move(self, shipment: Mapping[str, Any], status: str) -> dict[str, Any]:
        """The shipment with a new status."""
        return await self.change_shipment(shipment, status={"value": status})


class World:
    """A retailer with its suppliers and their warehouses; `supplier` is the one who keeps a warehouse by default."""

    def __init__(self, running: Running, client: httpx.AsyncClient) -> None:
        self.running = running
        self.client = client
        self.retailer: Caller
        self.supplier: Caller
        self._priorities = itertools.count(1)
        self._numbers = itertools.count(1)

    async def made(self) -> "World":
        """The world with the two it cannot do without."""
        self.retailer = await self.party("retailer", "Shop")
        self.supplier = await self.party("supplier", "Supplier")
        return self

    async def party(self, role: str, name: str, *, mail: bool = True) -> Caller:
        """A new organisation with one role and a key, and with an e-mail address unless it wants no mail."""
        business_id = next(_BUSINESS_IDS)
        email_address = f"orders@{business_id}.example" if mail else None
        party = Party(business_id, name, f"key-of-{business_id}", (role,), email_address)
        key = await organisations.new_key(party.account, demo_world.SECRET)
        async with self.running.databases["portal"].transaction() as tx:
            await organisations.add_organisation(tx, business_id, name, party.roles, party.email)
            await organisations.add_key(tx, business_id, key)
        return Caller(party, self.client, await demo.token(self.client, party))

    async def warehouse(
        self,
        name: str,
        stock: Mapping[str, float],
        *,
        supplier: Caller | None = None,
        eans: Mapping[str, str] | None = None,
        **catalogue: Any,
    ) -> None:
        """A catalogue of the retailer with these quantities of a supplier's products, known to all services.

        It comes after those made before it, unless it has another priority.
        """
        keeper = supplier or self.supplier
        terms = {"supplierId": keeper.id, "priority": next(self._priorities), **catalogue}
        await self.retailer.put(f"/ecommerce/v3/catalogs/{name}", terms)
        known = eans or {}
        items = [
            {
                "product": {"externalId": product, **({"eanCode": known[product]} if product in known else {})},
                "balances": [{"retailerId": self.retailer.id, "catalogExternalId": name, "quantity": quantity}],
            }
            for product, quantity in stock.items()
        ]
        assert await keeper.put("/ecommerce/v3/inventory", items) == []
        await self.running.settled()

    async def stock_at(self, warehouse: str) -> dict[str, tuple[float, float]]:
        """What is available and what is allocated of each product in a warehouse."""
        listed = await self.retailer.get(f"/ecommerce/v3/catalogs/{warehouse}/balances")
        return {
            balance["productExternalId"]: (balance["quantity"], balance.get("allocated", 0))
            for balance in listed["content"]
        }

    def document(self, *rows: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
        """An order with a number of its own; its rows are called `1`, `2`, …"""
        return {
            "externalId": f"ORDER-{next(self._numbers)}",
            "orderDate": "2026-01-02T08:00:00.000+02:00",
            "metadata": {"sourceOrganization": "Shop", "receiverOrganization": "any"},
            "client": CONSUMER,
            "rows": [{"externalId": str(number), **row} for number, row in enumerate(rows, 1)],
            **fields,
        }

    async def place(self, *rows: Mapping[str, Any], **fields: Any) -> str:
        """The number of a new order."""
        order = self.document(*rows, **fields)
        await self.retailer.put("/v2/orders", order)
        return str(order["externalId"])

    async def order(self, number: str, *statuses: str) -> dict[str, Any]:
        """An order once it has one of these statuses; without any, once it is routed or cannot be."""
        return await builders.eventually(
            lambda: self.retailer.get(f"/v2/orders/order/{number}"),
            lambda order: status_of(order) in (statuses or ("orderRouted", "Unroutable")),
        )

    async def routing(self, number: str) -> dict[str, Any]:
        """Why a routed order went where it went."""
        record: dict[str, Any] = await self.retailer.get(f"/ecommerce/v3/orders/{number}/routing")
        return record

    async def mails_to(self, supplier: Caller, least: int = 0) -> list[str]:
        """The texts of the mails a supplier got, the newest first, once there are as many."""
        bodies = [message.get_body(("plain",)) for message in await self.messages_to(supplier, least)]
        return [body.get_content() for body in bodies if body is not None]

    async def messages_to(self, supplier: Caller, least: int = 0) -> list[EmailMessage]:
        """The mails a supplier got, the newest first, once there are as many."""
        ids = await builders.eventually(lambda: self._mails_to(supplier), lambda found: len(found) >= least)
        raw = [(await self.client.get(f"/mail/{mail_id}/raw")).content for mail_id in ids]
        return [email.message_from_bytes(one, policy=email.policy.default) for one in raw]

    async def _mails_to(self, supplier: Caller) -> list[str]:
        # The newest are enough, and a list of all is slow to make.
        listed = _read(await self.client.get("/mail.json", params={"limit": 20}))
        return [mail["id"] for mail in listed if supplier.party.email in mail["to"]]


def row(product: str, quantity: float, **more: Any) -> dict[str, Any]:
    """A row of an order."""
    return {"externalProductId": product, "quantity": quantity, **more}


def status_of(order: Mapping[str, Any]) -> str:
    """The status an order, or a row, has now."""
    return str(order["statuses"][-1]["value"])


def routed(order: Mapping[str, Any]) -> list[dict[str, float]]:
    """How much of each row went to which warehouse."""
    return [
        {part["externalWarehouseId"]: part["requestedQuantity"] for part in row["routedWarehouses"]}
        for row in order["rows"]
    ]


def verdicts(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the decision record says of each candidate of each row."""
    return [{c["externalWarehouseId"]: c["verdict"] for c in row["candidates"]} for row in record["rows"]]


def _business_ids() -> Iterator[str]:
    for number in itertools.count(1_000_000):
        try:
            yield demo_world.business_id(number)
        except ValueError:
            continue


_BUSINESS_IDS = _business_ids()


def _read(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()
