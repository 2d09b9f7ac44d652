"""The router's database, and what happens around it in one line each."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pytest

from router import domain, handlers, store
from router.domain import Route
from shared.contracts import AllocateOrder, BalanceChanged, CatalogueChanged, Message, OrderAllocated, OrderPlaced
from shared.postgres import Database
from tests.router import examples

AnyMessage = TypeVar("AnyMessage", bound=Message)


@dataclass(frozen=True)
class Router:
    """A router without Kafka: messages are handed to its handlers, and what it says is read from its outbox."""

    database: Database

    async def knows(self, catalogues: Sequence[CatalogueChanged], balances: Sequence[BalanceChanged]) -> None:
        """Let it hear of catalogues and balances."""
        async with self.database.transaction() as tx:
            await handlers.keep_catalogues(catalogues, tx)
            await handlers.keep_balances(balances, tx)

    async def hears(self, *orders: OrderPlaced) -> None:
        """Let it hear of orders, in one batch."""
        async with self.database.transaction() as tx:
            await handlers.route_orders(orders, tx, examples.SETTINGS)

    async def is_answered(self, *allocated: OrderAllocated) -> None:
        """Let inventory answer, in one batch."""
        async with self.database.transaction() as tx:
            await handlers.ship_orders(allocated, tx, examples.SETTINGS)

    async def said(self, kind: type[AnyMessage]) -> list[AnyMessage]:
        """The messages of one kind it has said so far."""
        async with self.database.transaction() as tx:
            rows = await tx.fetch("SELECT value FROM outbox WHERE topic = $1 ORDER BY id", kind.topic)
        return [kind.model_validate_json(row["value"]) for row in rows]

    async def ships(self, placed: OrderPlaced, stock: dict[tuple[str, str], int]) -> list[domain.Shipment]:
        """Let it hear of an order and of inventory's answer from the stock; the shipments that come of it."""
        await self.hears(placed)
        request = next(asked for asked in await self.said(AllocateOrder) if asked.order_id == placed.order_id)
        await self.is_answered(examples.allocate(request, dict(stock)))
        return await self.shipments()

    async def shipments(self) -> list[domain.Shipment]:
        """All shipments, oldest first."""
        async with self.database.transaction() as tx:
            ids = await tx.fetch("SELECT id FROM shipments ORDER BY created_at, id")
            found = [await store.shipment(tx, row["id"]) for row in ids]
        return [shipment for shipment in found if shipment is not None]

    async def route(self, placed: OrderPlaced) -> Route:
        """What it knows of an order."""
        async with self.database.transaction() as tx:
            return (await store.routes_of(tx, [placed.order_id]))[placed.order_id]


@pytest.fixture
async def router(database: str) -> AsyncIterator[Router]:
    """A router with an empty database."""
    opened = await Database.connect(database, "router", size=4)
    yield Router(opened)
    await opened.close()
