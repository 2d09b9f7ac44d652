"""Whoever calls inventory in a test: a supplier, two retailers, and what they send and ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import httpx

from inventory import handlers, store
from shared.contracts import AllocateOrder, Message, OrderAllocated
from shared.inbox import Handler, Inbox
from shared.postgres import Database
from tests import builders
from tests.builders import Signer
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER

AnyMessage = TypeVar("AnyMessage", bound=Message)

ROLES = {SUPPLIER: ("supplier",), SHOP: ("retailer",), OTHER_SHOP: ("retailer",)}

INVENTORY = "/ecommerce/v3/inventory"
BALANCES = "/ecommerce/v3/inventory/balances"
CATALOGUES = "/ecommerce/v3/catalogs"


@dataclass(frozen=True)
class Parties:
    """Callers of one inventory, and its database."""

    client: httpx.AsyncClient
    signer: Signer
    stock: Database

    async def call(self, organisation: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """A request of an organisation, in the role it has in these tests (both roles if it is unknown)."""
        roles = ROLES.get(organisation, ("supplier", "retailer"))
        headers = self.signer.headers(organisation, *roles)
        return await self.client.request(method, path, headers=headers, **({} if body is None else {"json": body}))

    async def get(self, organisation: str, path: str) -> Any:
        """What an organisation reads."""
        answer = await self.call(organisation, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def put(self, organisation: str, path: str, body: Any) -> Any:
        """What an organisation is answered when it puts something."""
        answer = await self.call(organisation, "PUT", path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def open_catalogue(self, name: str, *, retailer: str = SHOP, supplier: str = SUPPLIER, **more: Any) -> None:
        """Let a retailer open a catalogue for a supplier."""
        await self.put(retailer, f"{CATALOGUES}/{name}", {"supplierId": supplier, **more})

    async def publish(self, stocked: Mapping[str, Mapping[str, float]], *, retailer: str = SHOP) -> None:
        """Open catalogues of a retailer and publish products into them: quantities by catalogue and product."""
        for name in stocked:
            await self.open_catalogue(name, retailer=retailer)
        products = {product: None for shelf in stocked.values() for product in shelf}
        assert await self.put(SUPPLIER, INVENTORY, [{"product": {"externalId": product}} for product in products]) == []
        changes = [
            {"productExternalId": product, "retailerId": retailer, "catalogExternalId": name, "quantity": quantity}
            for name, shelf in stocked.items()
            for product, quantity in shelf.items()
        ]
        assert await self.put(SUPPLIER, BALANCES, changes) == []

    async def balance(self, place: str, *, retailer: str = SHOP) -> tuple[float, float | None]:
        """What is available and what is allocated of a `catalogue/product`."""
        catalogue, product = place.split("/")
        page = await self.get(retailer, f"{CATALOGUES}/{catalogue}/balances?productExternalId={product}")
        (only,) = page["content"]
        return only["quantity"], only.get("allocated")

    async def take(self, handler: Handler, *messages: Message, message_id: UUID | None = None) -> None:
        """Let a handler take messages as they come from Kafka."""
        inbox = Inbox("inventory", self.stock, type(messages[0]), handler)
        await inbox.take([builders.record(one, message_id=message_id, offset=n) for n, one in enumerate(messages)])

    async def take_once(self, handler: Handler, *messages: Message) -> None:
        """Let a handler take messages in a transaction that is not tried again: a deadlock fails the test."""
        async with self.stock.transaction() as tx:
            await handler(messages, tx)

    async def allocate(self, *orders: AllocateOrder) -> list[OrderAllocated]:
        """Let inventory take requests for stock in one batch; its answers."""
        await self.said(OrderAllocated)
        await self.take(handlers.allocate_orders, *orders)
        return await self.said(OrderAllocated)

    async def said(self, kind: type[AnyMessage]) -> list[AnyMessage]:
        """The messages of one type that were put since the last time."""
        async with self.stock.transaction() as tx:
            rows = await tx.fetch(
                "WITH gone AS (DELETE FROM outbox WHERE topic = $1 RETURNING id, value)"
                " SELECT value FROM gone ORDER BY id",
                kind.topic,
            )
        return [kind.model_validate_json(row["value"]) for row in rows]

    async def somebody_waits(self) -> None:
        """Return once a transaction waits for another one's lock."""

        async def how_many_wait() -> int:
            async with self.stock.transaction() as tx:
                count: int = await tx.fetch_value(
                    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                    " WHERE NOT granted AND datname = current_database()"
                )
                return count

        await builders.eventually(how_many_wait, bool)

    async def the_books_add_up(self) -> bool:
        """Whether every balance is what its promises say."""
        async with self.stock.transaction() as tx:
            return await store.books(tx) == []
